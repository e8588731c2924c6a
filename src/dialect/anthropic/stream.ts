import { randomBytes } from "node:crypto";
import type { ProxyError } from "../../core/error.ts";
import type { ChatResult } from "../../core/event.ts";
import type { FinishReason, Usage } from "../../core/usage.ts";
import { isObject, stringifyLine, tryParse, type JsonObject } from "../../lib/json.ts";
import type { AnswerEnd, EncodedError, ReplyNames } from "../dialect.ts";
import { type EventWriters, type StreamEncoder, writeEvent } from "../encoder.ts";
import { freshId, hexId } from "../replay.ts";
import { eventData } from "../sse.ts";
import { encodeV1Error, foldEnds } from "../v1.ts";
import { countOf, textOf } from "../values.ts";

const stopReasons: Readonly<Record<FinishReason, string>> = {
  stop: "end_turn",
  length: "max_tokens",
  tools: "tool_use",
};

/** Encodes events as the SSE of `/v1/messages`: one block after the other, each begun, said piece by piece, and ended. */
export function createEncoder(reply: ReplyNames): StreamEncoder {
  let index = -1;
  let open: "text" | "thinking" | undefined;
  let calls = 0;
  const begin = (): string => {
    if (index >= 0) return "";
    const usage = { input_tokens: 0, output_tokens: 0 };
    return eventText({ type: "message_start", message: { ...messageNames(reply), content: [], usage } });
  };
  const close = (): string => {
    if (open === undefined) return "";
    open = undefined;
    return eventText({ type: "content_block_stop", index });
  };
  const start = (block: JsonObject): string => {
    const before = begin() + close();
    index += 1;
    return before + eventText({ type: "content_block_start", index, content_block: block });
  };
  const enter = (type: "text" | "thinking"): string => {
    if (open === type) return "";
    const started = start({ type, [type]: "" });
    open = type;
    return started;
  };
  const delta = (type: string, said: JsonObject): string =>
    eventText({ type: "content_block_delta", index, delta: { type, ...said } });
  const writers: EventWriters = {
    "text-delta": ({ text }) => enter("text") + delta("text_delta", { text }),
    "thinking-delta": ({ text }) => enter("thinking") + delta("thinking_delta", { thinking: text }),
    "tool-call": ({ call }) => {
      const id = call.id ?? toolId(reply, calls);
      calls += 1;
      return (
        start({ type: "tool_use", id, name: call.name, input: {} }) +
        delta("input_json_delta", { partial_json: call.arguments }) +
        eventText({ type: "content_block_stop", index })
      );
    },
    finish: ({ reason, usage }) => {
      const before = index < 0 ? enter("text") + close() : close();
      const end = { stop_reason: stopReasons[calls > 0 ? "tools" : reason] };
      return (
        before +
        eventText({ type: "message_delta", delta: end, usage: encodeUsage(usage) }) +
        eventText({ type: "message_stop" })
      );
    },
  };
  return { encode: (event) => writeEvent(writers, event) };
}

const toolId = (reply: ReplyNames, index: number): string => freshId("toolu_", reply, index);

export function encodeResult(result: ChatResult, reply: ReplyNames): Uint8Array {
  const { text, thinking, toolCalls, reason, usage } = result;
  const content: JsonObject[] = thinking === "" ? [] : [{ type: "thinking", thinking }];
  if (text !== "" || (thinking === "" && toolCalls.length === 0)) content.push({ type: "text", text });
  for (const [index, { id, name, arguments: written }] of toolCalls.entries())
    content.push({
      type: "tool_use",
      id: id ?? toolId(reply, index),
      name,
      input: tryParse(written) ?? {},
    });
  const whole = {
    ...messageNames(reply),
    content,
    stop_reason: stopReasons[toolCalls.length > 0 ? "tools" : reason],
    usage: encodeUsage(usage),
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

const encodeUsage = (usage: Usage): JsonObject => ({
  input_tokens: usage.inputTokens,
  output_tokens: usage.outputTokens,
});

const eventText = (value: JsonObject & { type: string }): string =>
  `event: ${value.type}\ndata: ${stringifyLine(value)}\n\n`;

/** One event. */
export const eventFrame = (value: JsonObject & { type: string }): Buffer => Buffer.from(eventText(value));

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
