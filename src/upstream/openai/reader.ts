import { ProxyError } from "../../core/error.ts";
import type { StreamEvent } from "../../core/event.ts";
import type { Timings, Usage } from "../../core/usage.ts";
import {
  createEventDecoder,
  type Decoded,
  type DecodedEnd,
  type EventDecoder,
} from "../../dialect/openai/events.ts";
import { eventData } from "../../dialect/sse.ts";
import { createFramer, FrameTooLongError, isFramed } from "../../lib/framing.ts";
import type { Clock } from "../../lib/time.ts";
import { readBody } from "../models.ts";
import type { Meter, UpstreamReply } from "../upstream.ts";
import type { Watch } from "../watch.ts";
import { statusIn, verdictOn } from "./verdict.ts";

/** One event of a stream beyond this is no event. Source: the line limit of Ollama's own client. */
const frameBytesMax = 8_000_000;

const wholeBytesMax = 64 * 1_024 ** 2;

export interface ReaderParts {
  readonly upstream: string;
  /** The model as the client named it. */
  readonly model: string;
  readonly clock: Clock;
  /** When the request was sent, monotonic. */
  readonly sentMs: number;
  /** Told when the answer gets on, not when bytes arrive: comments are no progress. */
  readonly watch: Watch;
  /** Counts the tokens of a text, for upstreams that tell no counts. */
  readonly countTokens: (text: string) => Promise<number>;
  /** What was asked, to be counted in that case. */
  readonly asked: () => string;
}

/** What one piece of an answer said. */
export interface Piece {
  /** The data of its events, as they came. */
  readonly data: readonly string[];
  readonly events: readonly StreamEvent[];
}

/** An answer being read. */
export interface Reader extends Pick<Meter, "usage" | "isFinal" | "estimate"> {
  readonly decoder: EventDecoder;
  /** Piece by piece; the last one ends with the finish. Rejects with ProxyError for an answer that is none, or not whole. */
  readonly pieces: AsyncGenerator<Piece, void, undefined>;
}

/** Reads the stream of an OpenAI-compatible server; a server that streams nothing and answers whole is read as well. */
export function readAnswer(reply: UpstreamReply, parts: ReaderParts): Reader {
  const decoder = createEventDecoder();
  const reading: Reading = { decoder, said: { text: "" }, counted: undefined };
  return {
    decoder,
    pieces: readPieces(reply, reading, parts),
    usage: () => reading.counted ?? decoder.usage(),
    isFinal: () => reading.counted !== undefined,
    estimate: () => estimated(reading.said, parts),
  };
}

interface Reading {
  readonly decoder: EventDecoder;
  readonly said: Said;
  /** All that was counted, once the end was read. */
  counted: Usage | undefined;
}

const lineFeed = 0x0a;

async function* readPieces(
  reply: UpstreamReply,
  reading: Reading,
  parts: ReaderParts,
): AsyncGenerator<Piece, void, undefined> {
  const { watch } = parts;
  const isStream = isFramed(reply.headers["content-type"]);
  const framer = createFramer("event", frameBytesMax);
  const dataIn = (chunk: Uint8Array): readonly string[] =>
    isStream ? eventData(pushed(framer, chunk, parts.upstream) ?? none) : [textOf(chunk)];
  for await (const chunk of isStream ? reply.body : wholeOf(reply, parts.upstream)) {
    const heldBefore = reading.decoder.held();
    const piece = pieceOf(dataIn(chunk), reading, parts);
    const isProgress = piece.events.length > 0 || reading.decoder.held() > heldBefore;
    if (isProgress) watch.received();
    if (piece.data.length > 0) yield piece;
    if (isProgress) watch.wanted();
  }
  const rest = pieceOf(eventData(withEnd(framer.rest())), reading, parts);
  if (rest.data.length > 0) yield rest;
  yield { data: [], events: await lastEvents(reading, parts) };
}

const none = new Uint8Array(0);
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

/** A stream may end without the blank line after its last event. */
const withEnd = (bytes: Uint8Array): Uint8Array =>
  bytes.length === 0 || bytes.at(-1) === lineFeed ? bytes : Buffer.concat([bytes, Buffer.from("\n")]);

async function* wholeOf(
  { body }: UpstreamReply,
  upstream: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const whole = await readBody(body, wholeBytesMax);
  if (whole === undefined) throw broken(upstream, "sent too long an answer");
  yield whole;
}

function pieceOf(data: readonly string[], { decoder, said }: Reading, parts: ReaderParts): Piece {
  const [only] = data;
  const events =
    data.length === 1 && only !== undefined
      ? taken(decoder.decode(only), parts)
      : data.flatMap((one) => taken(decoder.decode(one), parts));
  if (events.length > 0) noteSaid(said, events, parts.clock.monotonicMs());
  return { data, events };
}

async function lastEvents(reading: Reading, parts: ReaderParts): Promise<StreamEvent[]> {
  const { decoder, said } = reading;
  const { clock, sentMs } = parts;
  const end = decoder.end();
  if (end === undefined) throw broken(parts.upstream, "broke off its answer");
  noteSaid(said, end.events, clock.monotonicMs());
  const usage = end.usage ?? (await estimated(said, parts));
  reading.counted = usage;
  const timings = timingsOf(end, said, { sentMs, nowMs: clock.monotonicMs() });
  return [...end.events, { type: "finish", reason: end.reason, usage, timings }];
}

function pushed(
  framer: ReturnType<typeof createFramer>,
  chunk: Uint8Array,
  upstream: string,
): Uint8Array | undefined {
  try {
    return framer.push(chunk);
  } catch (thrown) {
    if (!(thrown instanceof FrameTooLongError)) throw thrown;
    throw broken(upstream, `sent a malformed answer: ${thrown.message}`);
  }
}

function taken(decoded: Decoded, { upstream, model }: ReaderParts): readonly StreamEvent[] {
  if (!("fault" in decoded)) return decoded;
  const { error } = decoded;
  if (decoded.fault === "malformed" || error === undefined) throw broken(upstream, "sent a malformed event");
  throw verdictOn({ upstream, model, status: statusIn(error), retryAfter: undefined, error });
}

const broken = (upstream: string, text: string): ProxyError =>
  new ProxyError("upstream_broken", `upstream ${upstream} ${text}`, { upstream });

/** What was said so far, and when the first and the last of it. */
interface Said {
  text: string;
  firstMs?: number;
  lastMs?: number;
}

function noteSaid(said: Said, events: readonly StreamEvent[], nowMs: number): void {
  if (events.length === 0) return;
  said.firstMs ??= nowMs;
  said.lastMs = nowMs;
  for (const event of events) {
    if (event.type === "tool-call") said.text += event.call.name + event.call.arguments;
    else if (event.type !== "finish") said.text += event.text;
  }
}

async function estimated({ text }: Said, { countTokens, asked }: ReaderParts): Promise<Usage> {
  const [inputTokens, outputTokens] = await Promise.all([countTokens(asked()), countTokens(text)]);
  return { inputTokens, outputTokens, isEstimated: true };
}

/** The upstream's own times, else those that were measured here. */
function timingsOf(
  { timings }: DecodedEnd,
  { firstMs, lastMs }: Said,
  { sentMs, nowMs }: { readonly sentMs: number; readonly nowMs: number },
): Timings {
  const first = firstMs ?? nowMs;
  const measured = {
    loadNs: 1,
    inputNs: nanoseconds(first - sentMs),
    outputNs: nanoseconds((lastMs ?? nowMs) - first),
  };
  return { totalNs: nanoseconds(nowMs - sentMs), ...(timings ?? measured) };
}

/** Durations are whole, and never 0: clients divide by them. */
const nanoseconds = (ms: number): number => Math.max(1, Math.round(ms * 1e6));
