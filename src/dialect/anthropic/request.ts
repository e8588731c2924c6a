import type { ChatRequest, Need } from "../../core/chat.ts";
import { field, isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { contentText, hasPart } from "../openai/request.ts";
import { limitOf, stringsOf, textOf } from "../values.ts";

/** Decodes `/v1/messages`. */
export function decodeRequest(wire: JsonObject): ChatRequest {
  const messages = field(wire, "messages");
  const system = contentText(field(wire, "system"));
  const turns = (Array.isArray(messages) ? messages : []).filter(isObject).map((message) => ({
    role: textOf(field(message, "role")),
    text: contentText(field(message, "content")),
  }));
  const outputTokensMax = field(wire, "max_tokens");
  return {
    model: textOf(field(wire, "model")),
    messages: system === "" ? turns : [{ role: "system", text: system }, ...turns],
    stream: field(wire, "stream") === true,
    sampling: {
      outputTokensMax: limitOf(outputTokensMax),
      stop: stringsOf(field(wire, "stop_sequences")),
    },
    options: samplingOptions(wire),
    needs: needsOf(wire),
    streamUsage: true,
  };
}

function samplingOptions(wire: JsonObject): Record<string, Json> {
  const options: Record<string, Json> = {};
  for (const key of ["temperature", "top_p", "top_k"]) {
    const value = field(wire, key);
    if (value !== undefined) options[key] = value;
  }
  return options;
}

/** Thinking is not among them: Ollama drops it silently here for models that cannot. */
function needsOf(wire: JsonObject): Need[] {
  const tools = field(wire, "tools");
  const needs: Need[] = Array.isArray(tools) && tools.length > 0 ? ["tools"] : [];
  return hasPart(wire, "image") ? [...needs, "images"] : needs;
}
