import type { Operation } from "../../core/call.ts";
import type { ProxyError } from "../../core/error.ts";
import type { ChatResult, StreamEvent } from "../../core/event.ts";
import type { Usage } from "../../core/usage.ts";
import { isObject, stringifyLine, type JsonObject } from "../../lib/json.ts";
import type { AnswerEnd, EncodedError, ReplyNames } from "../dialect.ts";
import { eventData } from "../sse.ts";
import { encodeV1Error, foldEnds } from "../v1.ts";
import { countOf, textOf } from "../values.ts";

/** The last event of a stream. */
export const doneMarker = "[DONE]";
export const doneFrame = `data: ${doneMarker}\n\n`;

/** Encodes events as the SSE of `/v1/chat/completions` or `/v1/completions`. */
export async function* encodeStream(
  events: AsyncIterable<StreamEvent>,
  reply: ReplyNames,
): AsyncGenerator<Uint8Array, void, undefined> {
  let first = true;
  for await (const event of events) {
    if (event.type === "text-delta") {
      yield dataFrame(chunk(reply, [deltaChoice(reply, event.text, first)]));
      first = false;
      continue;
    }
    yield dataFrame(chunk(reply, [finishChoice(reply, event.reason)]));
    if (reply.streamUsage) yield dataFrame({ ...chunk(reply, []), usage: encodeUsage(event.usage) });
    yield Buffer.from(doneFrame);
  }
}

export function encodeResult(result: ChatResult, reply: ReplyNames): Uint8Array {
  const choice: JsonObject =
    reply.operation === "chat"
      ? { index: 0, message: { role: "assistant", content: result.text }, finish_reason: result.reason }
      : { text: result.text, index: 0, finish_reason: result.reason };
  const kind = reply.operation === "chat" ? "chat.completion" : "text_completion";
  const whole = { ...nameFields(reply, kind), choices: [choice], usage: encodeUsage(result.usage) };
  return Buffer.from(`${stringifyLine(whole)}\n`);
}

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

const chunk = (reply: ReplyNames, choices: JsonObject[]): JsonObject => ({
  ...nameFields(reply, reply.operation === "chat" ? "chat.completion.chunk" : "text_completion"),
  choices,
});

function deltaChoice(reply: ReplyNames, text: string, first: boolean): JsonObject {
  if (reply.operation !== "chat") return { text, index: 0, finish_reason: null };
  const delta: JsonObject = first ? { role: "assistant", content: text } : { content: text };
  return { index: 0, delta, finish_reason: null };
}

function finishChoice(reply: ReplyNames, reason: string): JsonObject {
  if (reply.operation !== "chat") return { text: "", index: 0, finish_reason: reason };
  return { index: 0, delta: {}, finish_reason: reason };
}

const encodeUsage = (usage: Usage): JsonObject => ({
  prompt_tokens: usage.inputTokens,
  completion_tokens: usage.outputTokens,
  total_tokens: usage.inputTokens + usage.outputTokens,
});

/** One event. */
export const dataFrame = (value: JsonObject): Buffer => Buffer.from(`data: ${stringifyLine(value)}\n\n`);

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
