import type { DialectName, Operation } from "../core/call.ts";
import type { ChatRequest } from "../core/chat.ts";
import type { ProxyError } from "../core/error.ts";
import type { ChatResult } from "../core/event.ts";
import type { Usage } from "../core/usage.ts";
import type { FrameKind } from "../lib/framing.ts";
import type { Json, JsonObject } from "../lib/json.ts";
import type { StreamEncoder } from "./encoder.ts";

/** One wire shape: everything that depends on how a client or an upstream spells things. */
export interface Dialect {
  readonly name: DialectName;
  readonly frame: FrameKind;
  /** Content type of a stream in this dialect. */
  readonly streamType: string;
  /** Content type of a whole answer in this dialect. */
  readonly wholeType: string;
  /** Refuses what this dialect's own server refuses before it looks for the model. Throws ProxyError. */
  checkRequest(body: Json, operation: Operation): void;
  decodeRequest(wire: JsonObject, operation: Operation): ChatRequest;
  createEncoder(reply: ReplyNames): StreamEncoder;
  encodeResult(result: ChatResult, reply: ReplyNames): Uint8Array;
  encodeError(error: ProxyError): EncodedError;
  /** The frame that tells a client mid-stream that no more is to come. */
  encodeStreamError(error: ProxyError): Uint8Array;
  /** Reads how a stream ended from its last frames. */
  decodeEnd(tail: Uint8Array, operation: Operation): AnswerEnd;
  /** Reads the same from a whole answer. */
  decodeWhole(answer: JsonObject, operation: Operation): AnswerEnd;
  /** How its answers are kept and given again. */
  readonly replay: Replay;
}

/** What an answer calls itself. */
export interface ReplyNames {
  readonly operation: Operation;
  /** The model asked for, verbatim. */
  readonly model: string;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
  /** Unique within the daemon; becomes part of ids. */
  readonly id: string;
  /** True when a stream is to carry its token counts. */
  readonly streamUsage: boolean;
  /** The clock for dialects that date every piece; without it all have the date of the answer. */
  readonly nowMs?: () => number;
  /** Which model of which host answered, when that is not in the house. */
  readonly remote?: { readonly model: string; readonly host: string } | undefined;
  /** The request, for dialects whose answers repeat it. */
  readonly asked?: JsonObject;
}

export interface EncodedError {
  readonly contentType: string;
  readonly body: string;
}

/** `complete` is false for a stream that stopped without its terminal marker, however politely. */
export interface AnswerEnd {
  readonly complete: boolean;
  /** The error the upstream put into its stream, if it did. */
  readonly error: string | undefined;
  readonly usage: Usage | undefined;
}

/**
 * How a dialect's answers are kept and given again. What is kept is the whole answer in the form the dialect gives it
 * without streaming; a stream is folded into that form, and given again from it.
 */
export interface Replay {
  /**
   * The whole answer that a stream adds up to. Undefined when the stream is not complete, tells an error, or holds
   * something that would be lost.
   */
  readonly foldStream: (stream: Uint8Array, operation: Operation) => JsonObject | undefined;
  /** What is in a whole answer; undefined when it is none, or holds something that could not be given as a stream. */
  readonly judgeAnswer: (answer: JsonObject, operation: Operation) => AnswerFacts | undefined;
  /** The answer as the body of a reply without streaming: names and clock of now, new ids for tool calls. */
  readonly renderWhole: (answer: JsonObject, reply: ReplyNames) => string;
  /**
   * The answer as a whole stream: at most one delta each for thinking, text and tools, then the end. Undefined when it
   * lacks what the stream would have to say.
   */
  readonly renderStream: (answer: JsonObject, reply: ReplyNames) => string | undefined;
}

/** What decides whether an answer may be kept, and what it is worth. */
export interface AnswerFacts {
  /** `stop`: the model was done. `length`: it was cut. `tools`: it asks for tools. */
  readonly finish: "stop" | "length" | "tools" | "other";
  /** What the user reads, thinking left out. */
  readonly text: string;
  readonly hasThinking: boolean;
  readonly toolCalls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Milliseconds the upstream says it took; undefined when it does not say. */
  readonly tookMs: number | undefined;
  /** False when an answer without streaming cannot be made of it, e.g. because its token counts were never told. */
  readonly isWhole: boolean;
}
