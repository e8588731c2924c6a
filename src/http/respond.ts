import type { ServerResponse } from "node:http";
import type { DialectName, Reply } from "../core/call.ts";
import { hopsText, ProxyError, toProxyError } from "../core/error.ts";
import { dialects } from "../dialect/dialects.ts";
import type { ReadyReply } from "../pipeline/again.ts";
import { isFramed } from "../lib/framing.ts";
import { headerText } from "../lib/header-text.ts";
import type { Clock } from "../lib/time.ts";
import { type CallRecord, noteError } from "../stats/record.ts";
import type { Exchange } from "./exchange.ts";
import { linger } from "./linger.ts";
import { watchStall } from "./stall.ts";

export interface Responder {
  /** Sends a reply: whole at once, or as it flows. Resolves when the last byte was handed to the connection. */
  send(exchange: Exchange, reply: Reply, dialect: DialectName): Promise<void>;
  /** Sends a reply that is ready, at once. */
  sendReady(exchange: Exchange, reply: ReadyReply): void;
  /** Sends an error in the caller's dialect, as far as the caller can still be told. */
  fail(exchange: Exchange, thrown: unknown, dialect: DialectName): void;
}

export interface ResponderParts {
  readonly clock: Clock;
  /** A client that takes no byte for so long is dropped, in milliseconds. */
  readonly stalledMs: number;
  /** Told about errors that are bugs. */
  readonly onBug: (exchange: Exchange, error: ProxyError) => void;
}

export function createResponder({ clock, stalledMs, onBug }: ResponderParts): Responder {
  const { watch, leave } = createLeaving(clock, stalledMs);

  const flow = async (exchange: Exchange, body: AsyncIterable<Uint8Array>): Promise<void> => {
    const { outgoing, record } = exchange;
    for await (const chunk of body) {
      record.firstByteMs ??= clock.monotonicMs() - exchange.startedMs;
      record.bytesOut += chunk.length;
      if (!outgoing.write(chunk)) await drained(exchange, watch);
    }
    outgoing.end();
  };

  /** A large body goes out in slices, so that a client that reads it slowly is seen to read. */
  const whole = async (exchange: Exchange, body: Uint8Array): Promise<void> => {
    let at = 0;
    for (; body.length - at > sliceBytes; at += sliceBytes) {
      if (!exchange.outgoing.write(body.subarray(at, at + sliceBytes))) await drained(exchange, watch);
    }
    endWith(exchange.outgoing, body.subarray(at));
  };

  return {
    async send(exchange, reply, dialect) {
      const { record } = exchange;
      try {
        head(exchange, reply);
        if (reply.body instanceof Uint8Array) {
          record.firstByteMs ??= clock.monotonicMs() - exchange.startedMs;
          record.bytesOut += reply.body.length;
          await whole(exchange, reply.body);
        } else await flow(exchange, reply.body);
        leave(exchange);
      } catch (thrown) {
        await unread(reply);
        this.fail(exchange, thrown, dialect);
      }
    },
    sendReady(exchange, { headers, text }) {
      const { outgoing, record } = exchange;
      record.status = 200;
      record.bytesOut = text.length;
      record.firstByteMs = clock.monotonicMs() - exchange.startedMs;
      const length = String(text.length);
      outgoing.writeHead(200, [...headers, "X-Chasqui-Request-Id", record.id, "Content-Length", length]);
      outgoing.end(text, "latin1");
      leave(exchange);
    },
    fail(exchange, thrown, dialect) {
      const error = toProxyError(thrown);
      noteError(exchange.record, error);
      if (error.code === "internal") onBug(exchange, error);
      if (exchange.outgoing.destroyed) return;
      if (exchange.outgoing.headersSent) breakOff(exchange, error, dialect);
      else sendError(exchange, error, dialect);
      leave(exchange);
    },
  };
}

/** What happens to an answer after it was handed over. */
function createLeaving(clock: Clock, stalledMs: number) {
  const drop = (exchange: Exchange): void => {
    exchange.abort(new ProxyError("client_stalled", "the client stopped reading"));
    exchange.outgoing.destroy();
  };
  const watch = (exchange: Exchange): (() => void) =>
    watchStall(exchange.outgoing, () => drop(exchange), { clock, waitMs: stalledMs });
  /** What is still on its way when everything was said: to the client, and from it. */
  const leave = (exchange: Exchange): void => {
    if (exchange.outgoing.writableLength > 0) watch(exchange);
    linger(exchange.incoming, clock);
  };
  return { watch, leave };
}

/** Leaves a body that was not read to its end; harmless when it was. */
async function unread({ body }: Reply): Promise<void> {
  if (!(body instanceof Uint8Array)) await body[Symbol.asyncIterator]().return?.();
}

const sliceBytes = 65_536;

/** Up to this size a body goes out as text, which Node sends together with the head in one write. */
const oneWriteBytesMax = 16_384;

function endWith(outgoing: ServerResponse, body: Uint8Array): void {
  if (body.length > oneWriteBytesMax) outgoing.end(body);
  else outgoing.end(Buffer.from(body.buffer, body.byteOffset, body.length).toString("latin1"), "latin1");
}

function head(exchange: Exchange, reply: Reply): void {
  const { outgoing, record } = exchange;
  exchange.streams = isFramed(reply.contentType);
  const headers: Record<string, string | number> = { ...reply.headers, "X-Chasqui-Request-Id": record.id };
  if (reply.contentType !== undefined) headers["Content-Type"] = reply.contentType;
  const empty = record.method === "HEAD" || reply.status === 204;
  if (reply.body instanceof Uint8Array && !empty) headers["Content-Length"] = reply.body.length;
  record.status = reply.status;
  outgoing.writeHead(reply.status, headers);
}

function sendError({ outgoing, record }: Exchange, error: ProxyError, dialect: DialectName): void {
  const { contentType, body } = error.answer ?? dialects[dialect].encodeError(error);
  const bytes = Buffer.from(body);
  const headers: Record<string, string | number> = {
    ...errorHeaders(error, record),
    "Content-Length": bytes.length,
  };
  if (contentType !== undefined) headers["Content-Type"] = contentType;
  record.status = error.status;
  record.bytesOut += record.method === "HEAD" ? 0 : bytes.length;
  outgoing.writeHead(error.status, headers);
  outgoing.end(record.method === "HEAD" ? undefined : bytes);
}

function errorHeaders(error: ProxyError, { id, upstream, askedModel }: CallRecord): Record<string, string> {
  const headers: Record<string, string> = { ...error.told, "X-Chasqui-Request-Id": id };
  if (upstream !== undefined) headers["X-Chasqui-Upstream"] = upstream;
  if (upstream !== undefined && askedModel !== undefined && error.told === undefined)
    headers["X-Chasqui-Model"] = headerText(askedModel);
  if (error.retryAfterMs !== undefined)
    headers["Retry-After"] = String(Math.ceil(error.retryAfterMs / 1_000));
  if (error.hops.length > 0) headers["X-Chasqui-Hops"] = hopsText(error.hops);
  if (error.code === "unauthorized") headers["WWW-Authenticate"] = "Bearer";
  return headers;
}

/**
 * Ends a stream that cannot be finished: the dialect's error frame, then an end that no client takes for a good one:
 * the chunked body is left without its last chunk.
 */
function breakOff({ outgoing, streams }: Exchange, error: ProxyError, dialect: DialectName): void {
  if (streams)
    outgoing.write(dialects[dialect].encodeStreamError(error), () => outgoing.socket?.destroySoon());
  else outgoing.destroy();
}

/** Resolves when the client has made room for more; rejects when it left. */
function drained(exchange: Exchange, watch: (exchange: Exchange) => () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const { outgoing, signal } = exchange;
    const stopWatching = watch(exchange);
    const stop = (): void => {
      stopWatching();
      outgoing.off("drain", finish);
      signal.removeEventListener("abort", abort);
    };
    const finish = (): void => {
      stop();
      resolve();
    };
    const abort = (): void => {
      stop();
      reject(toProxyError(signal.reason));
    };
    outgoing.on("drain", finish);
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
  });
}
