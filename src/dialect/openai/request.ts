import type { Operation } from "../../core/call.ts";
import type { ChatRequest, Message, Need } from "../../core/chat.ts";
import { field, isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { limitOf, stringsOf, textOf } from "../values.ts";

const samplingKeys = ["temperature", "top_p", "seed", "frequency_penalty", "presence_penalty"];

/** Decodes `/v1/chat/completions` and `/v1/completions`. */
export function decodeRequest(wire: JsonObject, operation: Operation): ChatRequest {
  const outputTokensMax = field(wire, "max_tokens") ?? field(wire, "max_completion_tokens");
  const streamOptions = field(wire, "stream_options");
  return {
    model: textOf(field(wire, "model")),
    messages:
      operation === "chat" ? decodeMessages(field(wire, "messages")) : decodePrompt(field(wire, "prompt")),
    stream: field(wire, "stream") === true,
    sampling: {
      outputTokensMax: limitOf(outputTokensMax),
      stop: stringsOf(field(wire, "stop")),
    },
    options: samplingOptions(wire),
    needs: needsOf(wire),
    streamUsage: isObject(streamOptions) && field(streamOptions, "include_usage") === true,
  };
}

function samplingOptions(wire: JsonObject): Record<string, Json> {
  const options: Record<string, Json> = {};
  for (const key of samplingKeys) {
    const value = field(wire, key);
    if (value !== undefined) options[key] = value;
  }
  return options;
}

function decodePrompt(prompt: Json | undefined): Message[] {
  const text = textOf(prompt);
  return text === "" ? [] : [{ role: "user", text }];
}

function decodeMessages(messages: Json | undefined): Message[] {
  if (!Array.isArray(messages)) return [];
  return messages.filter(isObject).map((message) => ({
    role: textOf(field(message, "role")),
    text: contentText(field(message, "content")),
  }));
}

/** The text of a content field: a string, or the text parts of a list. */
export function contentText(content: Json | undefined): string {
  if (!Array.isArray(content)) return textOf(content);
  return content
    .filter(isObject)
    .map((part) => textOf(part.text))
    .join("");
}

function needsOf(wire: JsonObject): Need[] {
  const needs: Need[] = [];
  const tools = field(wire, "tools");
  const format = field(wire, "response_format");
  if (Array.isArray(tools) && tools.length > 0) needs.push("tools");
  if (isObject(format) && format.type !== "text") needs.push("format");
  if (textOf(field(wire, "suffix")) !== "") needs.push("insert");
  if (field(wire, "logprobs") === true) needs.push("logprobs");
  if (hasPart(wire, "image_url")) needs.push("images");
  return needs;
}

/** Whether any message holds a content part of `type`. */
export function hasPart(wire: JsonObject, type: string): boolean {
  const messages = field(wire, "messages");
  if (!Array.isArray(messages)) return false;
  return messages.filter(isObject).some((message) => {
    const content = field(message, "content");
    return Array.isArray(content) && content.some((part) => isObject(part) && part.type === type);
  });
}
