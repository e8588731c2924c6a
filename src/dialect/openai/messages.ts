import type { Image, Message, ToolCall } from "../../core/chat.ts";
import { ProxyError } from "../../core/error.ts";
import { field, isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { unknownInList } from "../fields.ts";
import { imageOfDataUrl } from "../images.ts";
import { textOf } from "../values.ts";

const known = new Set(
  "role content name reasoning reasoning_content reasoning_details tool_calls tool_call_id".split(" "),
);

/** Fields of messages that are not understood, each once. */
export const unknownInMessages = (messages: Json | undefined): string[] =>
  unknownInList(messages, known, "messages[].");

/** Decodes the messages of `/v1/chat/completions`. Throws ProxyError for a part that cannot be understood. */
export function decodeMessages(messages: Json | undefined): Message[] {
  if (!Array.isArray(messages)) return [];
  const names = new Map<string, string>();
  return messages.filter(isObject).map((message) => {
    const content = field(message, "content");
    const role = textOf(field(message, "role")).toLowerCase();
    const toolCalls = callsOf(field(message, "tool_calls"));
    for (const { id, name } of toolCalls ?? []) if (id !== undefined) names.set(id, name);
    const toolCallId = saidIn(message, "tool_call_id");
    return {
      role: role === "developer" ? "system" : role,
      text: contentText(content),
      thinking: saidIn(message, "reasoning") ?? saidIn(message, "reasoning_content"),
      images: imagesOf(content),
      toolCalls,
      toolCallId,
      toolName: names.get(toolCallId ?? "") ?? (role === "tool" ? saidIn(message, "name") : undefined),
    };
  });
}

/** The text of a content field: a string, or the text parts of a list, each on lines of its own as llama-server puts them. */
export function contentText(content: Json | undefined): string {
  if (!Array.isArray(content)) return textOf(content);
  return content
    .filter(isObject)
    .map((part) => textOf(part["text"]))
    .filter((text) => text !== "")
    .join("\n");
}

function saidIn(message: JsonObject, name: string): string | undefined {
  const text = textOf(field(message, name));
  return text === "" ? undefined : text;
}

function imagesOf(content: Json | undefined): Image[] | undefined {
  if (!Array.isArray(content)) return undefined;
  const images = content.filter(isObject).flatMap((part) => imageOfPart(part) ?? []);
  return images.length === 0 ? undefined : images;
}

/** Parts that are not text, in Ollama's words for what it does not take. */
function imageOfPart(part: JsonObject): Image | undefined {
  const type = textOf(part["type"]);
  if (type === "text" || type === "input_text") return undefined;
  if (type !== "image_url" && type !== "input_image")
    throw new ProxyError("invalid_request", "invalid message format");
  const source = part["image_url"];
  const url = textOf(isObject(source) ? source["url"] : source);
  if (/^https?:/i.test(url)) {
    const text = "image URLs are not currently supported, please use base64 encoded data instead";
    throw new ProxyError("invalid_request", text);
  }
  const image = imageOfDataUrl(url);
  if (image === undefined) throw new ProxyError("invalid_request", "invalid image input");
  return image;
}

/** Tool calls as OpenAI writes them, their arguments a text. */
function callsOf(calls: Json | undefined): ToolCall[] | undefined {
  if (!Array.isArray(calls) || calls.length === 0) return undefined;
  return calls.filter(isObject).map((call) => {
    const called = field(call, "function");
    const described = isObject(called) ? called : {};
    const written = field(described, "arguments");
    const id = textOf(field(call, "id"));
    return {
      id: id === "" ? undefined : id,
      name: textOf(field(described, "name")),
      arguments: typeof written === "string" ? written : JSON.stringify(written ?? {}),
    };
  });
}

/** Whether any message holds a content part of `type`. */
export function hasPart(wire: JsonObject, type: string): boolean {
  const messages = field(wire, "messages");
  if (!Array.isArray(messages)) return false;
  return messages.filter(isObject).some((message) => {
    const content = field(message, "content");
    return Array.isArray(content) && content.some((part) => isObject(part) && part["type"] === type);
  });
}
