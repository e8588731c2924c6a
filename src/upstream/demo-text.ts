import type { ChatRequest } from "../core/chat.ts";
import type { StreamEvent } from "../core/event.ts";
import type { FinishReason } from "../core/usage.ts";
import type { Signal } from "../lib/abort.ts";
import { exactLettersMax, type Tokenizer } from "../lib/tokens.ts";
import { pause, type Clock } from "../lib/time.ts";

/** A question is quoted up to here. */
const quoteLettersMax = 500;

/** Between two words, so that one sees a stream. */
const wordDelayMs = 8;

/** What the demo model says: what it is, and what it received. */
export function accountOf(request: ChatRequest, inputTokens: number, exact: boolean): string {
  const question = request.messages.findLast((message) => message.role === "user")?.text ?? "";
  const turns = request.messages.length;
  return [
    "I am Chasqui's demo model. I am not a language model: I only tell what I received.",
    `Your request has ${turns} ${turns === 1 ? "message" : "messages"} and ${exact ? "" : "about "}${inputTokens} tokens.`,
    `The question is: ${quoted(question)}`,
    `Options: ${optionsText(request)}.`,
    "Start Ollama, and its models take my place.",
  ].join("\n");
}

const quoted = (text: string): string =>
  text.length > quoteLettersMax ? `${text.slice(0, quoteLettersMax)}…` : text;

function optionsText(request: ChatRequest): string {
  const options = Object.entries(request.options).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  return options.length === 0 ? "none" : quoted(options.join(", "));
}

export interface SpeechParts {
  readonly tokenizer: Tokenizer;
  readonly clock: Clock;
  readonly signal: Signal;
}

/** Speaks the account word by word, obeying the token limit and the stop sequences. Rejects when the signal aborts. */
export async function* speak(
  request: ChatRequest,
  { tokenizer, clock, signal }: SpeechParts,
): AsyncGenerator<StreamEvent, void, undefined> {
  const startedMs = clock.monotonicMs();
  const input = request.messages.map((message) => message.text).join("\n");
  const inputTokens = tokenizer.count(input);
  const account = accountOf(request, inputTokens, input.length <= exactLettersMax);
  const { text, outputTokens, reason } = limited(account, request, tokenizer);
  const readMs = clock.monotonicMs();
  for (const word of text.match(/\s*\S+\s*?(?=\s|$)|\s+$/g) ?? []) {
    yield { type: "text-delta", text: word };
    await pause(clock, wordDelayMs, signal);
    signal.throwIfAborted();
  }
  const endedMs = clock.monotonicMs();
  yield {
    type: "finish",
    reason,
    usage: { inputTokens, outputTokens },
    timings: {
      totalNs: nanoseconds(endedMs - startedMs),
      loadNs: 1,
      inputNs: nanoseconds(readMs - startedMs),
      outputNs: nanoseconds(endedMs - readMs),
    },
  };
}

/** Durations are whole, and never 0: clients divide by them. */
const nanoseconds = (ms: number): number => Math.max(1, Math.round(ms * 1e6));

function limited(
  account: string,
  { sampling }: ChatRequest,
  tokenizer: Tokenizer,
): { text: string; outputTokens: number; reason: FinishReason } {
  const stops = sampling.stop.filter((stop) => stop !== "").map((stop) => account.indexOf(stop));
  const stopAt = Math.min(account.length, ...stops.filter((at) => at >= 0));
  const pieces = tokenizer.pieces(account.slice(0, stopAt));
  const limit = sampling.outputTokensMax ?? pieces.length;
  if (limit >= pieces.length) return { text: pieces.join(""), outputTokens: pieces.length, reason: "stop" };
  return { text: pieces.slice(0, limit).join(""), outputTokens: limit, reason: "length" };
}
