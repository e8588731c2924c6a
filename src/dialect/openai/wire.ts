import type { Operation } from "../../core/call.ts";
import { ProxyError } from "../../core/error.ts";
import { field, isObject, type Json } from "../../lib/json.ts";
import { type Check, checkBody, goAny, goBool, goFloat, goInt, goSlice, goString } from "../go-types.ts";

const roots: Partial<Record<Operation, string>> = {
  chat: "openai.ChatCompletionRequest",
  completions: "openai.CompletionRequest",
  embed: "openai.EmbedRequest",
  responses: "openai.ResponsesRequest",
};

const common: Readonly<Record<string, Check>> = {
  model: goString,
  stream: goBool,
  max_tokens: goInt,
  seed: goInt,
  temperature: goFloat,
  top_p: goFloat,
  frequency_penalty: goFloat,
  presence_penalty: goFloat,
};

const fieldsOf: Partial<Record<Operation, Readonly<Record<string, Check>>>> = {
  chat: { ...common, messages: goSlice("[]openai.Message", goAny), tools: goSlice("[]api.Tool", goAny) },
  completions: { ...common, prompt: goString, suffix: goString },
  embed: { model: goString, dimensions: goInt, encoding_format: goString },
  responses: {
    model: goString,
    stream: goBool,
    temperature: goFloat,
    top_p: goFloat,
    max_output_tokens: goInt,
  },
};

/** Refuses what Ollama's OpenAI middleware refuses before it looks for the model. */
export function checkRequest(body: Json, operation: Operation): void {
  const root = roots[operation];
  if (root === undefined) return;
  const complaint =
    checkBody(body, root, fieldsOf[operation] ?? common) ?? missing(isObject(body) ? body : {}, operation);
  if (complaint !== undefined) throw new ProxyError("invalid_request", complaint);
}

function missing(body: { [key: string]: Json }, operation: Operation): string | undefined {
  if (operation === "chat") {
    const messages = field(body, "messages");
    return !Array.isArray(messages) || messages.length === 0 ? "[] is too short - 'messages'" : undefined;
  }
  if (operation !== "embed") return undefined;
  const input = field(body, "input");
  return input === undefined || (Array.isArray(input) && input.length === 0) ? "invalid input" : undefined;
}
