import type { Operation } from "../../core/call.ts";
import type { ProxyError } from "../../core/error.ts";
import type { ChatResult, StreamEvent } from "../../core/event.ts";
import type { Usage } from "../../core/usage.ts";
import { linesOf } from "../../lib/framing.ts";
import { isObject, stringifyLine, tryParse, type Json, type JsonObject } from "../../lib/json.ts";
import type { AnswerEnd, EncodedError, ReplyNames } from "../dialect.ts";
import { countOf } from "../values.ts";

/** Encodes events as NDJSON of `/api/generate` or `/api/chat`. */
export async function* encodeStream(
  events: AsyncIterable<StreamEvent>,
  reply: ReplyNames,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const event of events) {
    const line = event.type === "text-delta" ? deltaLine(reply, event.text) : finalLine(reply, "", event);
    yield Buffer.from(`${stringifyLine(line)}\n`);
  }
}

/** Encodes a whole answer: the final line of a stream, with all the text in it. */
export function encodeResult(result: ChatResult, reply: ReplyNames): Uint8Array {
  return Buffer.from(stringifyLine(finalLine(reply, result.text, result)));
}

/** The one object that answers a request to load or unload a model. */
export function encodeLoad(reply: ReplyNames, reason: "load" | "unload"): Uint8Array {
  return Buffer.from(
    stringifyLine({ ...head(reply), ...content(reply, ""), done: true, done_reason: reason }),
  );
}

function deltaLine(reply: ReplyNames, text: string): JsonObject {
  return { ...head(reply), ...content(reply, text), done: false };
}

function finalLine(reply: ReplyNames, text: string, end: Omit<ChatResult, "text">): JsonObject {
  return {
    ...head(reply),
    ...content(reply, text),
    done: true,
    done_reason: end.reason,
    total_duration: end.timings.totalNs,
    load_duration: end.timings.loadNs,
    prompt_eval_count: end.usage.inputTokens,
    prompt_eval_duration: end.timings.inputNs,
    eval_count: end.usage.outputTokens,
    eval_duration: end.timings.outputNs,
  };
}

const head = (reply: ReplyNames): JsonObject => ({
  model: reply.model,
  created_at: new Date(reply.createdMs).toISOString(),
});

const content = (reply: ReplyNames, text: string): JsonObject =>
  reply.operation === "chat" ? { message: { role: "assistant", content: text } } : { response: text };

export function encodeError(error: ProxyError): EncodedError {
  return { contentType: "application/json; charset=utf-8", body: stringifyLine({ error: error.message }) };
}

export function encodeStreamError(error: ProxyError): Uint8Array {
  return Buffer.from(`${stringifyLine({ error: error.message })}\n`);
}

/** Operations whose whole answer has no `done` of its own. */
const unmarked = new Set<Operation>(["embed", "embeddings"]);

/** A stream of Ollama is complete with `done: true`, a transfer with `status: success`, either with an `error` line. */
export function decodeEnd(tail: Uint8Array, operation: Operation): AnswerEnd {
  const last = tryParse(linesOf(tail).at(-1) ?? "");
  if (!isObject(last)) return { complete: false, error: undefined, usage: undefined };
  return decodeWhole(last, operation);
}

/** A whole answer looks like the last line of a stream. */
export function decodeWhole(answer: JsonObject, operation: Operation): AnswerEnd {
  const error = Object.hasOwn(answer, "error") ? textOfError(answer.error) : undefined;
  const marked = answer.done === true || answer.status === "success" || Object.hasOwn(answer, "_debug_info");
  return {
    complete: error !== undefined || marked || unmarked.has(operation),
    error,
    usage: usageOf(answer),
  };
}

const textOfError = (error: Json | undefined): string =>
  typeof error === "string" ? error : "unknown error";

function usageOf(line: JsonObject): Usage | undefined {
  if (line.prompt_eval_count === undefined && line.eval_count === undefined) return undefined;
  return { inputTokens: countOf(line.prompt_eval_count), outputTokens: countOf(line.eval_count) };
}
