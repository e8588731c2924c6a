import { field, isObject, type Json, type JsonObject } from "../../lib/json.ts";

/** One item of `messages`, in any dialect, as far as it matters for leaving it out. */
export interface Turn {
  /** A `result` holds nothing but the results of tools. */
  readonly kind: "system" | "user" | "result" | "other";
  /** The place of the first turn whose calls it answers; undefined when it answers none. */
  readonly caller: number | undefined;
}

/** The turns of a conversation, each with the place of the call that it answers. */
export function turnsOf(messages: readonly Json[]): Turn[] {
  const places = new Map<string, number>();
  let caller: number | undefined;
  let wasCaller = false;
  return messages.map((message, index) => {
    const results = resultIdsOf(message);
    const calls = callIdsOf(message);
    // Ollama's results need no id: they answer the calls before them, which may be spread over several turns.
    const callers = results.flatMap((id) => places.get(id) ?? caller ?? []);
    if (calls.length > 0 && !wasCaller) caller = index;
    wasCaller = calls.length > 0;
    for (const id of calls) if (id !== "") places.set(id, index);
    return {
      kind: kindOf(message, results.length),
      caller: callers.sort((a, b) => a - b)[0],
    };
  });
}

function kindOf(message: Json, results: number): Turn["kind"] {
  const role = isObject(message) ? roleOf(message) : "";
  if (role === "system" || role === "developer") return "system";
  if (role === "tool") return "result";
  if (role !== "user") return "other";
  return results > 0 && results === contentOf(message).length ? "result" : "user";
}

/** Ids of the calls that a turn answers; empty where it names none. */
function resultIdsOf(message: Json): string[] {
  if (isObject(message) && roleOf(message) === "tool") return [idOf(message, "tool_call_id")];
  return blocksOf(message, "tool_result").map((block) => idOf(block, "tool_use_id"));
}

/** Ids of the calls that a turn makes; empty where it names none. */
function callIdsOf(message: Json): string[] {
  const calls = isObject(message) ? field(message, "tool_calls") : undefined;
  const listed = Array.isArray(calls) ? calls.filter(isObject) : [];
  return [...listed, ...blocksOf(message, "tool_use")].map((call) => idOf(call, "id"));
}

const blocksOf = (message: Json, type: string): JsonObject[] =>
  contentOf(message)
    .filter(isObject)
    .filter((block) => block["type"] === type);

function contentOf(message: Json): readonly Json[] {
  const content = isObject(message) ? field(message, "content") : undefined;
  return Array.isArray(content) ? content : [];
}

const roleOf = (message: JsonObject): string => idOf(message, "role").toLowerCase();

function idOf(object: JsonObject, name: string): string {
  const id = field(object, name);
  return typeof id === "string" ? id : "";
}
