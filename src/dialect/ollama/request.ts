import type { Operation } from "../../core/call.ts";
import type { ChatRequest, Message, Need } from "../../core/chat.ts";
import { field, isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { limitOf, stringsOf, textOf } from "../values.ts";

/** Decodes `/api/generate` and `/api/chat`. */
export function decodeRequest(wire: JsonObject, operation: Operation): ChatRequest {
  const options = field(wire, "options");
  const sampling = isObject(options) ? options : {};
  const outputTokensMax = field(sampling, "num_predict");
  return {
    model: textOf(field(wire, "model")),
    messages: operation === "chat" ? decodeMessages(field(wire, "messages")) : decodePrompt(wire),
    stream: field(wire, "stream") !== false,
    sampling: {
      outputTokensMax: limitOf(outputTokensMax),
      stop: stringsOf(field(sampling, "stop")),
    },
    options: sampling,
    needs: needsOf(wire, operation),
    streamUsage: true,
  };
}

function decodeMessages(messages: Json | undefined): Message[] {
  if (!Array.isArray(messages)) return [];
  return messages.filter(isObject).map((message) => ({
    role: textOf(field(message, "role")).toLowerCase(),
    text: textOf(field(message, "content")),
  }));
}

function decodePrompt(wire: JsonObject): Message[] {
  const prompt = textOf(field(wire, "prompt"));
  const system = textOf(field(wire, "system"));
  if (prompt === "") return [];
  const user = { role: "user", text: prompt };
  return system === "" ? [user] : [{ role: "system", text: system }, user];
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

const hasItems = (value: Json | undefined): boolean => Array.isArray(value) && value.length > 0;

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
