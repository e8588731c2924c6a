import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { ProxyError } from "../core/error.ts";
import { createAbort, type Signal } from "../lib/abort.ts";
import type { Clock } from "../lib/time.ts";
import { createRecord, noteError, type CallRecord } from "../stats/record.ts";

/** A request that may be asked again. */
export interface Question {
  /** Everything that makes a difference, of its body only a checksum. */
  readonly name: string;
  readonly body: Uint8Array;
}

/** One request and its answer, from the first byte in to the last byte out. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly record: CallRecord;
  readonly startedMs: number;
  /** Aborts when the client leaves, stalls, or the daemon cannot wait any longer; the reason is a ProxyError. */
  readonly signal: Signal;
  /** Path of the request, without its query. */
  readonly pathname: string;
  /** Whether the answer under way is a stream of frames, into which an error frame fits. */
  streams: boolean;
  /** Bytes of its body that are held in memory. */
  heldBytes: number;
  /** The body, when it was read before anyone asked for it. */
  body: Promise<Uint8Array> | undefined;
  /** What tells this request from every other one that may be answered otherwise; undefined when that is not known. */
  question: Question | undefined;
  readonly abort: (reason: ProxyError) => void;
}

export interface ExchangeParts {
  readonly clock: Clock;
  /** Called once, when the last byte is out or the connection is gone. */
  readonly onEnd: (exchange: Exchange) => void;
}

/** An id a client may hand in, so that its logs and ours can be joined. */
const idPattern = /^[A-Za-z0-9._-]{1,64}$/;

const idSeed = randomBytes(6).toString("hex");
let idCount = 0;

export function openExchange(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { clock, onEnd }: ExchangeParts,
): Exchange {
  const given = incoming.headers["x-request-id"];
  const id = typeof given === "string" && idPattern.test(given) ? given : nextId();
  const record = createRecord(id, incoming.method ?? "");
  const { signal, abort } = createAbort();
  const exchange: Exchange = {
    incoming,
    outgoing,
    record,
    startedMs: clock.monotonicMs(),
    signal,
    pathname: pathOf(incoming.url ?? ""),
    streams: false,
    heldBytes: 0,
    body: undefined,
    question: undefined,
    abort: (reason) => {
      noteError(record, reason);
      abort(reason);
    },
  };
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    incoming.socket.off("close", end);
    if (!outgoing.writableFinished && !signal.aborted) {
      exchange.abort(new ProxyError("client_closed", "the client closed the connection"));
    }
    onEnd(exchange);
  };
  outgoing.once("close", end);
  // An answer that waits behind another one of the same connection has no socket yet, and would not hear it close.
  if (outgoing.socket === null) incoming.socket.once("close", end);
  return exchange;
}

function nextId(): string {
  idCount += 1;
  return `${idSeed}-${idCount.toString(36)}`;
}

function pathOf(url: string): string {
  const query = url.indexOf("?");
  return query < 0 ? url : url.slice(0, query);
}
