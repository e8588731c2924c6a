import type { Call } from "../../core/call.ts";
import { field, isObject, type Json, type JsonObject } from "../../lib/json.ts";

/** What is to be changed of a call. */
export interface Edits {
  /** Undefined to leave the context as it is. */
  readonly contextTokens: number | undefined;
  /** Undefined to leave all turns. */
  readonly messages: readonly Json[] | undefined;
}

/** A call that says something else, in its fields and in its bytes; the one it is made of stays as it is. */
export function editedCall(call: Call, { contextTokens, messages }: Edits): Call {
  const options = field(call.wire, "options");
  const trimmed = messages === undefined ? call.wire : withField(call.wire, "messages", [...messages]);
  const wire =
    contextTokens === undefined
      ? trimmed
      : withField(trimmed, "options", { ...(isObject(options) ? options : {}), num_ctx: contextTokens });
  return { ...call, wire, raw: Buffer.from(JSON.stringify(wire)) };
}

/** A shallow copy with one value under `name`, whatever the case its key was written in. */
export function withField(object: JsonObject, name: string, value: Json): JsonObject {
  const others = Object.entries(object).filter(([key]) => key.toLowerCase() !== name);
  return Object.fromEntries([...others, [name, value]]);
}
