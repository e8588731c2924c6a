import { randomBytes } from "node:crypto";
import type { ProxyError } from "../../core/error.ts";
import type { ChatResult, StreamEvent } from "../../core/event.ts";
import type { FinishReason, Usage } from "../../core/usage.ts";
import { isObject, stringifyLine, type JsonObject } from "../../lib/json.ts";
import type { AnswerEnd, EncodedError, ReplyNames } from "../dialect.ts";
import { hexId } from "../replay.ts";
import { eventData } from "../sse.ts";
import { encodeV1Error, foldEnds } from "../v1.ts";
import { countOf, textOf } from "../values.ts";

const stopReasons: Readonly<Record<FinishReason, string>> = { stop: "end_turn", length: "max_tokens" };

/** Encodes events as the SSE of `/v1/messages`. */
export async function* encodeStream(
  events: AsyncIterable<StreamEvent>,
  reply: ReplyNames,
): AsyncGenerator<Uint8Array, void, undefined> {
  const usage = { input_tokens: 0, output_tokens: 0 };
  yield eventFrame({ type: "message_start", message: { ...messageNames(reply), content: [], usage } });
  yield eventFrame({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } });
  for await (const event of events) {
    if (event.type === "text-delta") {
      const delta = { type: "text_delta", text: event.text };
      yield eventFrame({ type: "content_block_delta", index: 0, delta });
      continue;
    }
    yield eventFrame({ type: "content_block_stop", index: 0 });
    const delta = { stop_reason: stopReasons[event.reason] };
    yield eventFrame({ type: "message_delta", delta, usage: encodeUsage(event.usage) });
    yield eventFrame({ type: "message_stop" });
  }
}

export function encodeResult(result: ChatResult, reply: ReplyNames): Uint8Array {
  const whole = {
    ...messageNames(reply),
    content: [{ type: "text", text: result.text }],
    stop_reason: stopReasons[result.reason],
    usage: encodeUsage(result.usage),
  };
  return Buffer.from(`${stringifyLine(whole)}\n`);
}

/** What an answer says of itself. */
export const messageNames = (reply: ReplyNames): JsonObject => ({
  id: `msg_${hexId(reply.id)}`,
  type: "message",
  role: "assistant",
  model: reply.model,
});

/** 24 hexadecimal digits, as Anthropic's ids have. */

const encodeUsage = (usage: Usage): JsonObject => ({
  input_tokens: usage.inputTokens,
  output_tokens: usage.outputTokens,
});

/** One event. */
export function eventFrame(value: JsonObject & { type: string }): Buffer {
  return Buffer.from(`event: ${value.type}\ndata: ${stringifyLine(value)}\n\n`);
}

export function encodeError(error: ProxyError): EncodedError {
  return encodeV1Error(error, errorObject(error));
}

export function encodeStreamError(error: ProxyError): Uint8Array {
  return eventFrame(errorObject(error));
}

const errorTypes: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "invalid_request_error",
  429: "rate_limit_error",
  503: "overloaded_error",
  529: "overloaded_error",
};

function errorObject(error: ProxyError): JsonObject & { type: string } {
  return {
    type: "error",
    error: { type: errorTypes[error.status] ?? "api_error", message: error.message },
    request_id: `req_${randomBytes(12).toString("hex")}`,
  };
}

/** A stream is complete with `message_stop` or an `error` event. */
export function decodeEnd(tail: Uint8Array): AnswerEnd {
  return foldEnds(eventData(tail), decodeWhole);
}

/** A whole answer is an end with its stop reason. */
export function decodeWhole(answer: JsonObject): AnswerEnd {
  const error = answer.type === "error" ? errorText(answer) : undefined;
  const ended = answer.type === "message_stop" || typeof answer.stop_reason === "string";
  return { complete: ended || error !== undefined, error, usage: usageOf(answer) };
}

function errorText(value: JsonObject): string {
  return (isObject(value.error) ? textOf(value.error.message) : "") || "unknown error";
}

function usageOf(value: JsonObject): Usage | undefined {
  if (!isObject(value.usage)) return undefined;
  return { inputTokens: countOf(value.usage.input_tokens), outputTokens: countOf(value.usage.output_tokens) };
}
