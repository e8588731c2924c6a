import type { Operation } from "../../core/call.ts";
import { ProxyError } from "../../core/error.ts";
import { field, isObject, type Json } from "../../lib/json.ts";
import { type Check, checkBody, goBool, goInt, goString } from "../go-types.ts";

const roots: Partial<Record<Operation, string>> = {
  chat: "openai.ChatCompletionRequest",
  completions: "openai.CompletionRequest",
  embed: "openai.EmbedRequest",
  responses: "openai.ResponsesRequest",
};

const common: Readonly<Record<string, Check>> = { model: goString, stream: goBool, max_tokens: goInt };

/** Refuses what Ollama's OpenAI middleware refuses before it looks for the model. */
export function checkRequest(body: Json, operation: Operation): void {
  const root = roots[operation];
  if (root === undefined) return;
  const fields = operation === "completions" ? { ...common, prompt: goString } : common;
  const complaint = checkBody(body, root, fields) ?? missing(isObject(body) ? body : {}, operation);
  if (complaint !== undefined) throw new ProxyError("invalid_request", complaint);
}

function missing(body: { [key: string]: Json }, operation: Operation): string | undefined {
  if (operation === "chat") {
    const messages = field(body, "messages");
    if (messages !== undefined && !Array.isArray(messages)) return "messages must be an array";
    return messages === undefined || messages.length === 0 ? "[] is too short - 'messages'" : undefined;
  }
  if (operation !== "embed") return undefined;
  const input = field(body, "input");
  return input === undefined || (Array.isArray(input) && input.length === 0) ? "invalid input" : undefined;
}
