import type { Operation } from "../../core/call.ts";
import type { ToolCall } from "../../core/chat.ts";
import type { ProxyError } from "../../core/error.ts";
import type { ChatResult, FinishEvent } from "../../core/event.ts";
import type { Usage } from "../../core/usage.ts";
import { linesOf } from "../../lib/framing.ts";
import { isObject, stringifyLine, tryParse, type Json, type JsonObject } from "../../lib/json.ts";
import type { AnswerEnd, EncodedError, ReplyNames } from "../dialect.ts";
import { type EventWriters, type StreamEncoder, writeEvent } from "../encoder.ts";
import { countOf } from "../values.ts";

/** Encodes events as NDJSON of `/api/generate` or `/api/chat`; a tool call has a line of its own. */
export function createEncoder(reply: ReplyNames): StreamEncoder {
  const plainDelta = createPlainDelta(reply);
  let calls = 0;
  const write: EventWriters = {
    "text-delta": ({ text, logprobs }) =>
      logprobs === undefined
        ? plainDelta(text)
        : stringifyLine(deltaLine(reply, { text }, { logprobs: [...logprobs] })),
    "thinking-delta": ({ text }) => stringifyLine(deltaLine(reply, { text: "", thinking: text })),
    "tool-call": ({ call }) => {
      const written = writtenCalls([call], calls);
      calls += 1;
      return written.put(stringifyLine(deltaLine(reply, { text: "", tool_calls: written.marks })));
    },
    finish: (event) => stringifyLine(finalLine(reply, { text: "" }, event)),
  };
  return { encode: (event) => `${writeEvent(write, event)}\n` };
}

/** Lines that say text and nothing else, of which a stream has hundreds: what is the same in all is written once. */
function createPlainDelta(reply: ReplyNames): (text: string) => string {
  const mark = "\u0000";
  const [before = "", after = ""] = stringifyLine(content(reply, { text: mark })).split(JSON.stringify(mark));
  const [opening, closing] = [before.slice(1), after.slice(0, -1)];
  let lastMs: number | undefined;
  let beginning = "";
  return (text) => {
    const nowMs = reply.nowMs?.() ?? reply.createdMs;
    if (nowMs !== lastMs) {
      lastMs = nowMs;
      beginning = `${stringifyLine(head(reply)).slice(0, -1)},${opening}`;
    }
    return `${beginning}${stringifyLine(text)}${closing},"done":false}`;
  };
}

/** Encodes a whole answer: the final line of a stream, with all that was said in it. */
export function encodeResult(result: ChatResult, reply: ReplyNames): Uint8Array {
  const { text, thinking, toolCalls, logprobs } = result;
  const written = writtenCalls(toolCalls);
  const said: Said = {
    text,
    ...(thinking === "" ? {} : { thinking }),
    ...(toolCalls.length === 0 ? {} : { tool_calls: written.marks }),
  };
  const more = logprobs.length === 0 ? {} : { logprobs: [...logprobs] };
  return Buffer.from(written.put(stringifyLine({ ...finalLine(reply, said, result), ...more })));
}

/** The one object that answers a request to load or unload a model. */
export function encodeLoad(reply: ReplyNames, reason: "load" | "unload"): Uint8Array {
  return Buffer.from(
    stringifyLine({ ...head(reply), ...content(reply, { text: "" }), done: true, done_reason: reason }),
  );
}

/** What one line says. */
interface Said {
  readonly text: string;
  readonly thinking?: string;
  readonly tool_calls?: JsonObject[];
}

function deltaLine(reply: ReplyNames, said: Said, more: JsonObject = {}): JsonObject {
  return { ...head(reply), ...content(reply, said), ...more, done: false };
}

function finalLine(reply: ReplyNames, said: Said, end: Omit<FinishEvent, "type">): JsonObject {
  return {
    ...head(reply),
    ...content(reply, said),
    done: true,
    done_reason: end.reason === "length" ? "length" : "stop",
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
  ...(reply.remote === undefined ? {} : { remote_model: reply.remote.model, remote_host: reply.remote.host }),
  created_at: new Date(reply.nowMs?.() ?? reply.createdMs).toISOString(),
});

const content = (reply: ReplyNames, { text, ...rest }: Said): JsonObject =>
  reply.operation === "chat"
    ? { message: { role: "assistant", content: text, ...rest } }
    : { response: text, ...rest };

/** Stands for arguments until the line is written: parsed and written again, long integers would change. */
const markOf = (index: number): string => `\u0000arguments ${index}`;

/** Tool calls with marks for their arguments, and what puts the arguments in their places in a written line. */
function writtenCalls(calls: readonly ToolCall[], from = 0) {
  const marks = calls.map(({ id, name }, index): JsonObject => {
    const called = { index: from + index, name, arguments: markOf(index) };
    return id === undefined ? { function: called } : { id, function: called };
  });
  const put = (line: string): string =>
    calls.reduce(
      (written, call, index) => written.replace(JSON.stringify(markOf(index)), () => call.arguments),
      line,
    );
  return { marks, put };
}

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
