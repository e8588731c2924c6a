import type { Image, Message, ToolCall } from "../../core/chat.ts";
import { ProxyError } from "../../core/error.ts";
import { field, isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { unknownInList } from "../fields.ts";
import { imageOf } from "../images.ts";
import { contentText } from "../openai/messages.ts";
import { textOf } from "../values.ts";

const known = new Set(["role", "content"]);

/** What a block may be; other kinds are left out and said to be. */
const knownBlocks = new Set(["text", "image", "tool_use", "tool_result", "thinking"]);

/** Fields and kinds of blocks that are not understood, each once. */
export function unknownInMessages(messages: Json | undefined): string[] {
  const blocks = (Array.isArray(messages) ? messages : [])
    .filter(isObject)
    .flatMap((message) => blocksOf(message));
  const kinds = blocks.map((block) => textOf(block["type"])).filter((type) => !knownBlocks.has(type));
  return [
    ...unknownInList(messages, known, "messages[]."),
    ...[...new Set(kinds)].map((type) => `messages[].content[].${type}`),
  ];
}

/**
 * Decodes the messages of `/v1/messages`. The results of tools come before what the user says beside them, each as a
 * message of its own, as Ollama places them. Throws ProxyError for a block that cannot be understood.
 */
export function decodeMessages(messages: Json | undefined): Message[] {
  if (!Array.isArray(messages)) return [];
  const names = new Map<string, string>();
  return messages.filter(isObject).flatMap((message) => {
    const role = textOf(field(message, "role")).toLowerCase();
    const blocks = blocksOf(message);
    const toolCalls = callsOf(blocks);
    for (const { id, name } of toolCalls ?? []) names.set(id ?? "", name);
    const results = blocks.filter((block) => block["type"] === "tool_result");
    const text = textIn(field(message, "content"), blocks);
    const images = imagesOf(blocks);
    const turn = { role, text, images, toolCalls, thinking: thinkingOf(blocks) };
    const isBare = text === "" && images === undefined && toolCalls === undefined;
    const answers = results.map((block) => resultOf(block, names));
    return isBare && results.length > 0 ? answers : answers.concat(turn);
  });
}

function blocksOf(message: JsonObject): JsonObject[] {
  const content = field(message, "content");
  return Array.isArray(content) ? content.filter(isObject) : [];
}

const textIn = (content: Json | undefined, blocks: readonly JsonObject[]): string =>
  typeof content === "string" ? content : contentText(blocks.filter((block) => block["type"] === "text"));

function thinkingOf(blocks: readonly JsonObject[]): string | undefined {
  const text = blocks.map((block) => textOf(block["thinking"])).join("");
  return text === "" ? undefined : text;
}

function callsOf(blocks: readonly JsonObject[]): ToolCall[] | undefined {
  const calls = blocks
    .filter((block) => block["type"] === "tool_use")
    .map((block) => ({
      id: textOf(block["id"]),
      name: textOf(block["name"]),
      arguments: JSON.stringify(block["input"] ?? {}),
    }));
  return calls.length === 0 ? undefined : calls;
}

function resultOf(block: JsonObject, names: ReadonlyMap<string, string>): Message {
  const toolCallId = textOf(block["tool_use_id"]);
  const content = block["content"];
  const blocks = Array.isArray(content) ? content.filter(isObject) : [];
  return {
    role: "tool",
    text: textIn(content, blocks),
    images: imagesOf(blocks),
    toolCallId,
    toolName: names.get(toolCallId),
  };
}

function imagesOf(blocks: readonly JsonObject[]): Image[] | undefined {
  const images = blocks.filter((block) => block["type"] === "image").map(imageOfBlock);
  return images.length === 0 ? undefined : images;
}

function imageOfBlock(block: JsonObject): Image {
  const { source } = block;
  const type = isObject(source) ? textOf(source["type"]) : "";
  if (!isObject(source) || type !== "base64") {
    const text = `invalid image source type: ${type}. Only base64 images are supported.`;
    throw new ProxyError("invalid_request", text);
  }
  return imageOf(textOf(source["data"]));
}
