import { hash } from "node:crypto";
import type { Json, JsonObject } from "../lib/json.ts";
import type { ReplyNames } from "./dialect.ts";

/** Whether an object holds no other fields than these. */
export const hasOnly = (object: JsonObject, fields: ReadonlySet<string>): boolean =>
  Object.keys(object).every((name) => fields.has(name));

/** 24 hexadecimal digits, the same for the same text. */
export const hexId = (text: string): string => hash("sha256", text, "hex").slice(0, 24);

/** An id for a tool call that no other reply has. */
export const freshId = (prefix: string, reply: ReplyNames, index: number): string =>
  prefix + hexId(`${reply.id} ${reply.createdMs} ${index}`);

/** A duration in nanoseconds as milliseconds; undefined for what is none. */
export const nsToMs = (value: Json | undefined): number | undefined =>
  typeof value === "number" && value > 0 ? value / 1e6 : undefined;
