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
import type { UpstreamReply } from "../upstream.ts";
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
export interface Reader {
  readonly decoder: EventDecoder;
  /** Piece by piece; the last one ends with the finish. Rejects with ProxyError for an answer that is none, or not whole. */
  readonly pieces: AsyncGenerator<Piece, void, undefined>;
  /** The tokens that were asked and said so far, counted here. */
  readonly estimate: () => Promise<Usage>;
}

/** Reads the stream of an OpenAI-compatible server; a server that streams nothing and answers whole is read as well. */
export function readAnswer(reply: UpstreamReply, parts: ReaderParts): Reader {
  const decoder = createEventDecoder();
  const said: Said = { text: "" };
  return {
    decoder,
    pieces: readPieces(reply, { decoder, said }, parts),
    estimate: () => estimated(said, parts),
  };
}

interface Reading {
  readonly decoder: EventDecoder;
  readonly said: Said;
}

async function* readPieces(
  reply: UpstreamReply,
  { decoder, said }: Reading,
  parts: ReaderParts,
): AsyncGenerator<Piece, void, undefined> {
  const { clock, watch, sentMs } = parts;
  for await (const data of eventsOf(reply, parts.upstream)) {
    const events = data.flatMap((one) => taken(decoder.decode(one), parts));
    for (const event of events) noteSaid(said, event, clock.monotonicMs());
    if (events.length > 0) watch.received();
    if (data.length > 0) yield { data, events };
    if (events.length > 0) watch.wanted();
  }
  const end = decoder.end();
  if (end === undefined) throw broken(parts.upstream, "broke off its answer");
  for (const event of end.events) noteSaid(said, event, clock.monotonicMs());
  const usage = end.usage ?? (await estimated(said, parts));
  const timings = timingsOf(end, said, { sentMs, nowMs: clock.monotonicMs() });
  yield { data: [], events: [...end.events, { type: "finish", reason: end.reason, usage, timings }] };
}

/** The data of the events in each piece of the body; a body that is no stream is one event. */
async function* eventsOf(
  { body, headers }: UpstreamReply,
  upstream: string,
): AsyncGenerator<string[], void, undefined> {
  if (!isFramed(headers["content-type"])) {
    const whole = await readBody(body, wholeBytesMax);
    if (whole === undefined) throw broken(upstream, "sent too long an answer");
    yield [Buffer.from(whole).toString("utf8")];
    return;
  }
  const framer = createFramer("event", frameBytesMax);
  for await (const chunk of body) {
    const whole = pushed(framer, chunk, upstream);
    if (whole !== undefined) yield eventData(whole);
  }
  yield eventData(framer.rest());
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

function noteSaid(said: Said, event: StreamEvent, nowMs: number): void {
  said.firstMs ??= nowMs;
  said.lastMs = nowMs;
  if (event.type === "tool-call") said.text += event.call.name + event.call.arguments;
  else if (event.type !== "finish") said.text += event.text;
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
