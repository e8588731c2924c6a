import type { Operation } from "../../core/call.ts";
import type { ToolCall } from "../../core/chat.ts";
import type { ProxyError } from "../../core/error.ts";
import type { ChatResult } from "../../core/event.ts";
import type { FinishReason, Usage } from "../../core/usage.ts";
import { isObject, stringifyLine, type JsonObject } from "../../lib/json.ts";
import type { AnswerEnd, EncodedError, ReplyNames } from "../dialect.ts";
import { type EventWriters, type StreamEncoder, writeEvent } from "../encoder.ts";
import { eventData } from "../sse.ts";
import { encodeV1Error, foldEnds } from "../v1.ts";
import { countOf, textOf } from "../values.ts";

/** The last event of a stream. */
export const doneMarker = "[DONE]";
export const doneFrame = `data: ${doneMarker}\n\n`;

/** Encodes events as the SSE of `/v1/chat/completions` or `/v1/completions`, in the pieces in which Ollama has them. */
export function createEncoder(reply: ReplyNames): StreamEncoder {
  const isChat = reply.operation === "chat";
  const names = nameFields(reply, isChat ? "chat.completion.chunk" : "text_completion");
  let isFirst = true;
  let calls = 0;
  const frame = (choice: JsonObject): string => frameText({ ...names, choices: [choice] });
  const delta = (said: JsonObject, more: JsonObject = {}): string => {
    const opening = isFirst ? { role: "assistant" } : {};
    isFirst = false;
    return frame({ index: 0, delta: { ...opening, ...said }, finish_reason: null, ...more });
  };
  const chat: EventWriters = {
    "text-delta": ({ text, logprobs }) =>
      delta({ content: text }, logprobs === undefined ? {} : { logprobs: { content: [...logprobs] } }),
    "thinking-delta": ({ text }) => delta({ content: "", reasoning: text }),
    "tool-call": ({ call }) => {
      const encoded = encodeCall(call, calls);
      calls += 1;
      return delta({ content: "", tool_calls: [encoded] });
    },
    finish: ({ reason, usage }) =>
      frame({ index: 0, delta: {}, finish_reason: calls > 0 ? "tool_calls" : finishes[reason] }) +
      ending(usage),
  };
  const completion: EventWriters = {
    "text-delta": ({ text }) => frame({ text, index: 0, finish_reason: null }),
    "thinking-delta": () => "",
    "tool-call": () => "",
    finish: ({ reason, usage }) =>
      frame({ text: "", index: 0, finish_reason: finishes[reason] }) + ending(usage),
  };
  const ending = (usage: Usage): string =>
    (reply.streamUsage ? frameText({ ...names, choices: [], usage: encodeUsage(usage) }) : "") + doneFrame;
  return { encode: (event) => writeEvent(isChat ? chat : completion, event) };
}

const finishes: Readonly<Record<FinishReason, string>> = {
  stop: "stop",
  length: "length",
  tools: "tool_calls",
};

export function encodeResult(result: ChatResult, reply: ReplyNames): Uint8Array {
  const isChat = reply.operation === "chat";
  const kind = isChat ? "chat.completion" : "text_completion";
  const choice: JsonObject = isChat
    ? chatChoice(result)
    : { text: result.text, index: 0, finish_reason: finishes[result.reason] };
  const whole = { ...nameFields(reply, kind), choices: [choice], usage: encodeUsage(result.usage) };
  return Buffer.from(`${stringifyLine(whole)}\n`);
}

function chatChoice({ text, thinking, toolCalls, logprobs, reason }: ChatResult): JsonObject {
  const message: JsonObject = { role: "assistant", content: text };
  if (thinking !== "") message["reasoning"] = thinking;
  if (toolCalls.length > 0) message["tool_calls"] = toolCalls.map(encodeCall);
  return {
    index: 0,
    message,
    finish_reason: toolCalls.length > 0 ? "tool_calls" : finishes[reason],
    ...(logprobs.length === 0 ? {} : { logprobs: { content: [...logprobs] } }),
  };
}

/** Clients need an id to answer with; where nobody gave one the place does. */
const encodeCall = ({ id, name, arguments: text }: ToolCall, index: number): JsonObject => ({
  id: id ?? `call_${index}`,
  index,
  type: "function",
  function: { name, arguments: text },
});

/** What every chunk and every whole answer says of itself. */
export function nameFields(reply: ReplyNames, object: string): JsonObject {
  return {
    id: `${reply.operation === "chat" ? "chatcmpl" : "cmpl"}-${reply.id}`,
    object,
    created: Math.floor(reply.createdMs / 1_000),
    model: reply.model,
    system_fingerprint: "fp_chasqui",
  };
}

const encodeUsage = (usage: Usage): JsonObject => ({
  prompt_tokens: usage.inputTokens,
  completion_tokens: usage.outputTokens,
  total_tokens: usage.inputTokens + usage.outputTokens,
});

const frameText = (value: JsonObject): string => `data: ${stringifyLine(value)}\n\n`;

/** One event. */
export const dataFrame = (value: JsonObject): Buffer => Buffer.from(frameText(value));

export function encodeError(error: ProxyError): EncodedError {
  return encodeV1Error(error, errorObject(error));
}

export function encodeStreamError(error: ProxyError): Uint8Array {
  return dataFrame(errorObject(error));
}

function errorObject({ status, message }: ProxyError): JsonObject {
  const type = status === 404 ? "not_found_error" : status === 400 ? "invalid_request_error" : "api_error";
  return { error: { message, type, param: null, code: null } };
}

/** A stream is complete with a finish reason or `[DONE]`; `/v1/responses` with its own last event. */
export function decodeEnd(tail: Uint8Array, operation: Operation): AnswerEnd {
  const events = eventData(tail);
  const end = foldEnds(events, (event) => decodeWhole(event, operation));
  return { ...end, complete: end.complete || events.at(-1) === doneMarker };
}

/** A whole answer, or one event, is an end when it has a finish reason, data, text or a finished response. */
export function decodeWhole(answer: JsonObject, operation: Operation): AnswerEnd {
  const error = errorText(answer);
  return { complete: error !== undefined || isLast(answer, operation), error, usage: usageOf(answer) };
}

const responseEnds = new Set(["response.completed", "response.incomplete", "response.failed"]);

function isLast(value: JsonObject, operation: Operation): boolean {
  if (operation === "responses") return responseEnds.has(textOf(value.type)) || value.object === "response";
  if (operation === "embed") return Array.isArray(value.data);
  if (operation === "transcriptions") return typeof value.text === "string";
  const choices = Array.isArray(value.choices) ? value.choices : [];
  return choices.some((choice) => isObject(choice) && typeof choice.finish_reason === "string");
}

function errorText(value: JsonObject): string | undefined {
  if (!isObject(value.error)) return typeof value.error === "string" ? value.error : undefined;
  return textOf(value.error.message) || "unknown error";
}

function usageOf(value: JsonObject): Usage | undefined {
  const holder = isObject(value.response) ? value.response : value;
  if (!isObject(holder.usage)) return undefined;
  const { usage } = holder;
  const inputTokens = countOf(usage.prompt_tokens ?? usage.input_tokens);
  const outputTokens = countOf(usage.completion_tokens ?? usage.output_tokens);
  return inputTokens + outputTokens > 0 ? { inputTokens, outputTokens } : undefined;
}
