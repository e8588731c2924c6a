import type { ChatResult, FinishEvent } from "../../../core/event.ts";
import type { Usage } from "../../../core/usage.ts";
import { field, isObject, stringifyLine, type Json, type JsonObject } from "../../../lib/json.ts";
import type { ReplyNames } from "../../dialect.ts";
import { textOf } from "../../values.ts";
import { callItem, itemId, messageItem, reasoningItem, textPart, type ItemStatus } from "./items.ts";
import { clientNames } from "./tools.ts";

/** Whose answer it is. */
export interface Asked {
  readonly reply: ReplyNames;
  readonly request: JsonObject;
}

/** Encodes a whole answer to `/v1/responses`; `request` is echoed in it. */
export function encodeResponsesResult(
  result: ChatResult,
  reply: ReplyNames,
  request: JsonObject,
): Uint8Array {
  const asked: Asked = { reply, request };
  const whole = finishedResponse(asked, outputOf(result, asked), result);
  return Buffer.from(`${stringifyLine(whole)}\n`);
}

/** Thoughts, words and calls in this order. An answer without words and calls has an empty message, as Ollama's has. */
function outputOf(result: ChatResult, { reply, request }: Asked): JsonObject[] {
  const { text, logprobs, thinking, toolCalls, reason } = result;
  const output: JsonObject[] = [];
  if (thinking !== "") output.push(reasoningItem(itemId("reasoning", reply, 0), thinking));
  if (text !== "" || logprobs.length > 0 || toolCalls.length === 0) {
    const status = toolCalls.length > 0 ? "completed" : endStatus(reason);
    output.push(messageItem(itemId("message", reply, output.length), status, [textPart({ text, logprobs })]));
  }
  const names = clientNames(request);
  for (const call of toolCalls) output.push(callItem(call, { reply, index: output.length, names }));
  return output;
}

/** How what was being said when the answer ended has ended. */
export const endStatus = (reason: FinishEvent["reason"]): ItemStatus =>
  reason === "length" ? "incomplete" : "completed";

/** The response while it is being made. */
export const openResponse = (asked: Asked): JsonObject => responseObject(asked, { status: "in_progress" });

/** The response when it is done. OpenAI, unlike Ollama, says so when it was cut. */
export function finishedResponse(
  asked: Asked,
  output: JsonObject[],
  { reason, usage, timings }: Omit<FinishEvent, "type">,
): JsonObject {
  const status = endStatus(reason);
  const isCut = status === "incomplete";
  const endedMs = asked.reply.createdMs + timings.totalNs / 1e6;
  return responseObject(asked, {
    status,
    completed_at: isCut ? null : Math.floor(endedMs / 1_000),
    incomplete_details: isCut ? { reason: "max_output_tokens" } : null,
    output,
    usage: encodeUsage(usage),
  });
}

/**
 * Every field in Ollama's order. What has no meaning here has the value that says so; what the client set is echoed.
 */
function responseObject({ reply, request }: Asked, state: JsonObject): JsonObject {
  const echo = (name: string, otherwise: Json): Json => field(request, name) ?? otherwise;
  const { completed_at = null, incomplete_details = null, output = [], usage = null, status = null } = state;
  const instructions = textOf(field(request, "instructions"));
  const text = field(request, "text");
  return {
    id: `resp_${reply.id}`,
    object: "response",
    created_at: Math.floor(reply.createdMs / 1_000),
    completed_at,
    status,
    incomplete_details,
    model: reply.model,
    previous_response_id: null,
    instructions: instructions === "" ? null : instructions,
    output,
    error: null,
    tools: echo("tools", []),
    tool_choice: echo("tool_choice", "auto"),
    truncation: echo("truncation", "disabled"),
    parallel_tool_calls: echo("parallel_tool_calls", true),
    text: { format: { type: "text" }, ...(isObject(text) ? text : {}) },
    top_p: echo("top_p", 1),
    presence_penalty: 0,
    frequency_penalty: 0,
    top_logprobs: echo("top_logprobs", 0),
    temperature: echo("temperature", 1),
    reasoning: echo("reasoning", null),
    usage,
    max_output_tokens: echo("max_output_tokens", null),
    max_tool_calls: null,
    store: false,
    background: echo("background", false),
    service_tier: "default",
    metadata: echo("metadata", {}),
    safety_identifier: null,
    prompt_cache_key: null,
  };
}

function encodeUsage(usage: Usage): JsonObject {
  const { inputTokens, outputTokens, cachedTokens = 0, cacheWriteTokens, reasoningTokens = 0 } = usage;
  return {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    input_tokens_details: {
      cached_tokens: cachedTokens,
      ...(cacheWriteTokens === undefined ? {} : { cache_write_tokens: cacheWriteTokens }),
    },
    output_tokens_details: { reasoning_tokens: reasoningTokens },
  };
}
