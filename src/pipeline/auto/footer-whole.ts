import type { Call } from "../../core/call.ts";
import { textOf } from "../../dialect/values.ts";
import { isObject, type Json, type JsonObject } from "../../lib/json.ts";

/** A copy of a whole answer that says `text` after its own; undefined where that has no place. */
export function wholeWith(
  answer: JsonObject,
  { dialect, operation }: Pick<Call, "dialect" | "operation">,
  text: string,
): JsonObject | undefined {
  // OpenAI's responses carry an `error` that is null when nothing is wrong.
  if (!isAbsent(answer["error"])) return undefined;
  if (dialect === "ollama") return ollamaWith(answer, operation, text);
  if (dialect === "anthropic") return messageWith(answer, text);
  return operation === "responses" ? responseWith(answer, text) : completionWith(answer, operation, text);
}

/** Whether a list or object, e.g. of tool calls, says nothing. */
export const isAbsent = (value: Json | undefined): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0);

/** Whether an answer ended of itself. Old servers give no reason; a cut answer has always been given one. */
export const isStop = (reason: Json | undefined): boolean => isAbsent(reason) || reason === "stop";

/** A holder of text, under `name`, that says more; undefined when it says nothing, or calls tools. */
export function saidMore(holder: Json | undefined, name: string, text: string): JsonObject | undefined {
  if (!isObject(holder) || callsTools(holder)) return undefined;
  const said = textOf(holder[name]);
  return said === "" ? undefined : { ...holder, [name]: said + text };
}

/** Whether a message of Ollama or OpenAI, or a piece of one, calls tools. */
export const callsTools = (message: JsonObject): boolean =>
  !isAbsent(message["tool_calls"]) || !isAbsent(message["function_call"]);

/** A whole answer of Ollama, or a line of its streams, that says more. */
export function ollamaWith(line: JsonObject, operation: Call["operation"], text: string) {
  if (!isStop(line["done_reason"])) return undefined;
  if (operation === "generate") return saidMore(line, "response", text);
  const message = saidMore(line["message"], "content", text);
  return message === undefined ? undefined : { ...line, message };
}

/** A client that wants several answers chooses among them; none of those is the one that is read. */
function completionWith(answer: JsonObject, operation: Call["operation"], text: string) {
  const choices = listIn(answer, "choices");
  const [choice] = choices;
  if (choices.length !== 1 || !isObject(choice) || !isStop(choice["finish_reason"])) return undefined;
  if (operation === "completions") {
    const said = saidMore(choice, "text", text);
    return said === undefined ? undefined : { ...answer, choices: [said] };
  }
  const message = saidMore(choice["message"], "content", text);
  return message === undefined ? undefined : { ...answer, choices: [{ ...choice, message }] };
}

function messageWith(answer: JsonObject, text: string): JsonObject | undefined {
  if (answer["stop_reason"] !== "end_turn") return undefined;
  const content = partsWith(listIn(answer, "content"), "text", text);
  return content === undefined ? undefined : { ...answer, content };
}

function responseWith(answer: JsonObject, text: string): JsonObject | undefined {
  const { status, output_text: joined } = answer;
  const output = listIn(answer, "output");
  if (status !== "completed" || output.some((item) => typeOf(item).endsWith("_call"))) return undefined;
  const at = output.findLastIndex((item) => typeOf(item) === "message");
  const item = output[at];
  const content = isObject(item) ? partsWith(listIn(item, "content"), "output_text", text) : undefined;
  if (!isObject(item) || content === undefined) return undefined;
  const more = typeof joined === "string" ? { output_text: joined + text } : {};
  return { ...answer, output: output.with(at, { ...item, content }), ...more };
}

/** The last part of a type says more; undefined when it says nothing, or a tool is called. */
function partsWith(parts: readonly Json[], type: string, text: string): Json[] | undefined {
  if (parts.some((part) => typeOf(part).endsWith("tool_use"))) return undefined;
  const at = parts.findLastIndex((part) => typeOf(part) === type);
  const part = saidMore(parts[at], "text", text);
  return part === undefined ? undefined : parts.with(at, part);
}

const typeOf = (item: Json): string => (isObject(item) ? textOf(item["type"]) : "");

const listIn = (object: JsonObject, name: string): readonly Json[] => {
  const value = object[name];
  return Array.isArray(value) ? value : [];
};
