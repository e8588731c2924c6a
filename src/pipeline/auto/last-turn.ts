import type { Call } from "../../core/call.ts";
import { field, isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { withField } from "../fit/wire-edit.ts";

/**
 * The call with a text added to the last thing its user said; undefined where there is no such thing. The call it is
 * made of stays as it is.
 */
export function withAddedText(call: Call, text: string): Call | undefined {
  const wire = editedWire(call, text);
  return wire === undefined ? undefined : { ...call, wire, raw: Buffer.from(JSON.stringify(wire)) };
}

/** Whether there is a place for web results in what a call says: not in what goes to its model as it stands. */
export const takesText = (call: Call): boolean => editedWire(call, "") !== undefined;

function editedWire(call: Call, text: string): JsonObject | undefined {
  const { wire, operation } = call;
  if (operation === "generate" || operation === "completions") return withPrompt(wire, text);
  const name = operation === "responses" ? "input" : "messages";
  const turns = field(wire, name);
  if (name === "input" && typeof turns === "string") return withField(wire, name, joined(turns, text));
  const edited = Array.isArray(turns) ? withTurn(turns, text, partType(operation)) : undefined;
  return edited === undefined ? undefined : withField(wire, name, edited);
}

function withPrompt(wire: JsonObject, text: string): JsonObject | undefined {
  const prompt = field(wire, "prompt");
  const isVerbatim = field(wire, "raw") === true || Boolean(field(wire, "suffix"));
  return typeof prompt === "string" && !isVerbatim
    ? withField(wire, "prompt", joined(prompt, text))
    : undefined;
}

function withTurn(turns: readonly Json[], text: string, type: string): Json[] | undefined {
  const at = turns.findLastIndex((turn) => isObject(turn) && isUser(field(turn, "role")));
  const turn = turns[at];
  if (!isObject(turn)) return undefined;
  const content = contentWith(field(turn, "content"), text, type);
  return content === undefined ? undefined : turns.with(at, withField(turn, "content", content));
}

const isUser = (role: Json | undefined): boolean => typeof role === "string" && role.toLowerCase() === "user";

const joined = (said: string, text: string): string => `${said}\n\n${text}`;

const partType = (operation: Call["operation"]): string =>
  operation === "responses" ? "input_text" : "text";

function contentWith(content: Json | undefined, text: string, type: string): Json | undefined {
  if (typeof content === "string") return joined(content, text);
  return Array.isArray(content) ? [...content, { type, text }] : undefined;
}
