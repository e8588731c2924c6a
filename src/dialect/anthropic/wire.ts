import { ProxyError } from "../../core/error.ts";
import { field, isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { checkBody, goAny, goBool, goFloat, goInt, goSlice, goString } from "../go-types.ts";
import { textOf } from "../values.ts";

/** Refuses what Ollama's Anthropic middleware refuses before it looks for the model, in its order. */
export function checkRequest(body: Json): void {
  const types = {
    model: goString,
    max_tokens: goInt,
    messages: goSlice("[]anthropic.MessageParam", goAny),
    stream: goBool,
    temperature: goFloat,
    top_p: goFloat,
    top_k: goInt,
    stop_sequences: goSlice("[]string", goString),
  };
  const complaint =
    checkBody(body, "anthropic.MessagesRequest", types) ?? missing(isObject(body) ? body : {});
  if (complaint !== undefined) throw new ProxyError("invalid_request", complaint);
}

function missing(body: JsonObject): string | undefined {
  const outputTokensMax = field(body, "max_tokens");
  const messages = field(body, "messages");
  if (textOf(field(body, "model")) === "") return "model is required";
  if (typeof outputTokensMax !== "number" || outputTokensMax <= 0)
    return "max_tokens is required and must be positive";
  return Array.isArray(messages) && messages.length > 0 ? undefined : "messages is required";
}
