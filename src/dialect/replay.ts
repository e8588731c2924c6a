import { createHash } from "node:crypto";
import type { Json, JsonObject } from "../lib/json.ts";
import type { ReplyNames } from "./dialect.ts";

/** Whether an object holds no other fields than these. */
export const hasOnly = (object: JsonObject, fields: ReadonlySet<string>): boolean =>
  Object.keys(object).every((name) => fields.has(name));

/** An id for a tool call that no other reply has. */
export const freshId = (prefix: string, reply: ReplyNames, index: number): string =>
  prefix + createHash("sha256").update(`${reply.id} ${reply.createdMs} ${index}`).digest("hex").slice(0, 24);

/** A duration in nanoseconds as milliseconds; undefined for what is none. */
export const nsToMs = (value: Json | undefined): number | undefined =>
  typeof value === "number" && value > 0 ? value / 1e6 : undefined;
