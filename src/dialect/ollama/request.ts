import type { Operation } from "../../core/call.ts";
import type { ChatRequest, Effort, Format, Image, Message, Need, ToolCall } from "../../core/chat.ts";
import { field, isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { unknownFields, unknownInList } from "../fields.ts";
import { imageOf } from "../images.ts";
import { functionTools } from "../tools.ts";
import { limitOf, stringsOf, textOf } from "../values.ts";

/** Fields whose meaning is in the decoded request, or that only say what happens here. */
const known = new Set(
  "model messages prompt suffix system stream raw format images options think tools logprobs top_logprobs truncate shift".split(
    " ",
  ),
);
const knownInMessage = new Set("role content thinking images tool_calls tool_name tool_call_id".split(" "));

/** Decodes `/api/generate` and `/api/chat`. */
export function decodeRequest(wire: JsonObject, operation: Operation): ChatRequest {
  const options = field(wire, "options");
  const { num_predict: limit, stop, ...sampling } = withoutNulls(isObject(options) ? options : {});
  const isChat = operation === "chat";
  const messages = field(wire, "messages");
  const suffix = textOf(field(wire, "suffix"));
  return {
    model: textOf(field(wire, "model")),
    messages: isChat ? decodeMessages(messages) : decodePrompt(wire),
    stream: field(wire, "stream") !== false,
    sampling: { outputTokensMax: limitOf(limit), stop: stringsOf(stop) },
    options: sampling,
    tools: functionTools(field(wire, "tools")),
    toolChoice: undefined,
    parallelTools: undefined,
    format: formatOf(field(wire, "format")),
    think: thinkOf(field(wire, "think")),
    logprobs: logprobsOf(wire),
    suffix: isChat || suffix === "" ? undefined : suffix,
    raw: !isChat && field(wire, "raw") === true,
    needs: needsOf(wire, operation),
    streamUsage: true,
    dropped: [...unknownFields(wire, known), ...unknownInList(messages, knownInMessage, "messages[].")],
  };
}

/** Ollama skips options that are null. */
const withoutNulls = (options: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null));

function decodeMessages(messages: Json | undefined): Message[] {
  if (!Array.isArray(messages)) return [];
  return messages.filter(isObject).map((message) => ({
    role: textOf(field(message, "role")).toLowerCase(),
    text: textOf(field(message, "content")),
    thinking: saidIn(message, "thinking"),
    images: imagesOf(field(message, "images")),
    toolCalls: callsOf(field(message, "tool_calls")),
    toolCallId: saidIn(message, "tool_call_id"),
    toolName: saidIn(message, "tool_name"),
  }));
}

function saidIn(message: JsonObject, name: string): string | undefined {
  const text = textOf(field(message, name));
  return text === "" ? undefined : text;
}

function imagesOf(images: Json | undefined): Image[] | undefined {
  const texts = stringsOf(images);
  return texts.length === 0 ? undefined : texts.map(imageOf);
}

function callsOf(calls: Json | undefined): ToolCall[] | undefined {
  if (!hasItems(calls)) return undefined;
  return calls.filter(isObject).map((call) => {
    const called = field(call, "function");
    const described = isObject(called) ? called : {};
    const id = textOf(field(call, "id"));
    return {
      id: id === "" ? undefined : id,
      name: textOf(field(described, "name")),
      arguments: JSON.stringify(field(described, "arguments") ?? {}),
    };
  });
}

function decodePrompt(wire: JsonObject): Message[] {
  const prompt = textOf(field(wire, "prompt"));
  const system = textOf(field(wire, "system"));
  if (prompt === "") return [];
  const user = { role: "user", text: prompt, images: imagesOf(field(wire, "images")) };
  return system === "" ? [user] : [{ role: "system", text: system }, user];
}

function formatOf(format: Json | undefined): Format | undefined {
  if (format === "json") return "json";
  return isObject(format) ? { schema: format } : undefined;
}

const efforts: Readonly<Record<string, Effort>> = { low: "low", medium: "medium", high: "high", max: "max" };

const thinkOf = (think: Json | undefined): boolean | Effort | undefined =>
  typeof think === "boolean" ? think : efforts[textOf(think)];

/** Alternatives that are asked for; without `logprobs` the number alone asks for nothing. */
function logprobsOf(wire: JsonObject): number | undefined {
  const top = field(wire, "top_logprobs");
  if (field(wire, "logprobs") !== true) return undefined;
  return typeof top === "number" ? top : 0;
}

function needsOf(wire: JsonObject, operation: Operation): Need[] {
  const needs: Need[] = [];
  const think = field(wire, "think");
  const format = field(wire, "format");
  if (hasItems(field(wire, "tools"))) needs.push("tools");
  if (think !== undefined && think !== false) needs.push("thinking");
  if (format !== undefined && format !== "") needs.push("format");
  if (textOf(field(wire, "suffix")) !== "") needs.push("insert");
  if (field(wire, "logprobs") === true) needs.push("logprobs");
  if (hasImages(wire, operation)) needs.push("images");
  return needs;
}

function hasImages(wire: JsonObject, operation: Operation): boolean {
  if (operation !== "chat") return hasItems(field(wire, "images"));
  const messages = field(wire, "messages");
  return (
    Array.isArray(messages) &&
    messages.some((message) => isObject(message) && hasItems(field(message, "images")))
  );
}

const hasItems = (value: Json | undefined): value is Json[] => Array.isArray(value) && value.length > 0;

/**
 * Whether the request only loads or unloads a model: an empty prompt or conversation; `keep_alive` 0 then unloads.
 * Undefined when it is to generate.
 */
export function loadReason(wire: JsonObject, operation: Operation): "load" | "unload" | undefined {
  const content = operation === "chat" ? field(wire, "messages") : field(wire, "prompt");
  const empty = content === undefined || content === "" || (Array.isArray(content) && content.length === 0);
  if (!empty) return undefined;
  const keepAlive = field(wire, "keep_alive");
  const zero =
    keepAlive === 0 || (typeof keepAlive === "string" && /^0+(?:ns|us|µs|ms|s|m|h)?$/.test(keepAlive));
  return zero ? "unload" : "load";
}
