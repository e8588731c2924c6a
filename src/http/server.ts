import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { ProxyError } from "../core/error.ts";
import { type Bag, createBag } from "../lib/bag.ts";
import type { Clock } from "../lib/time.ts";
import type { Metrics } from "../stats/metrics.ts";
import { noteError } from "../stats/record.ts";
import type { AppEnvironment } from "./app.ts";
import { openExchange, type Exchange } from "./exchange.ts";
import type { Guard, GuardVerdict } from "./guard.ts";
import { linger } from "./linger.ts";
import type { Shortcut } from "./shortcut.ts";

export interface ServerLimits {
  readonly headerBytesMax: number;
  readonly headerWaitMs: number;
  readonly keepAliveMs: number;
  readonly connectionsMax: number;
}

/** What answers requests; replaced as a whole when the configuration is read anew. */
export interface Handler {
  readonly guard: Guard;
  readonly app: Hono<AppEnvironment>;
  readonly shortcut: Shortcut;
}

export interface ServerParts {
  readonly limits: ServerLimits;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** The handler of now: a request keeps the one it began with. */
  readonly handler: () => Handler;
  /** Called once for each request, when it is over. */
  readonly onRequest: (exchange: Exchange, totalMs: number) => void;
}

/** The HTTP server and the requests it is working on. */
export interface DaemonServer {
  readonly server: Server<typeof IncomingMessage, typeof Answer>;
  readonly exchanges: Bag<Exchange>;
  /** From now on every answer asks its connection to close. */
  drain(): void;
}

/** Node looks for slow requests every 30 s unless told otherwise: a limit of 10 s would fire at 40. */
const sweepMs = 500;

export function createDaemonServer(parts: ServerParts): DaemonServer {
  const { limits, metrics } = parts;
  const exchanges = createBag<Exchange>();
  const condemned = new WeakSet<Socket>();
  let draining = false;

  const listener = getRequestListener(
    (request, { outgoing }) => {
      const work = outgoing instanceof Answer ? outgoing.work : undefined;
      if (work === undefined) return new Response(null, { status: 500 });
      return work.app.fetch(request, { exchange: work.exchange });
    },
    { overrideGlobalObjects: false, autoCleanupIncoming: false },
  );

  const onRequest = (incoming: IncomingMessage, outgoing: Answer): void => {
    metrics.requestStarted();
    const exchange = openExchange(incoming, outgoing, {
      clock: parts.clock,
      onEnd: (ended) => {
        leave();
        parts.onRequest(ended, parts.clock.monotonicMs() - ended.startedMs);
      },
    });
    const leave = exchanges.add(exchange);
    incoming.on("error", ignore);
    if (draining) outgoing.shouldKeepAlive = false;
    const handler = parts.handler();
    const verdict = handler.guard(incoming, exchange.pathname);
    if (!verdict.pass) {
      refuse(exchange, verdict);
      return linger(incoming, parts.clock);
    }
    for (const [name, value] of Object.entries(verdict.headers)) outgoing.setHeader(name, value);
    const onward = (): void => {
      outgoing.work = { exchange, app: handler.app };
      // The guard has judged the Host; nothing behind it reads one, and the adapter has opinions of its own about it.
      incoming.headers.host = "localhost";
      void listener(incoming, outgoing);
    };
    if (!handler.shortcut.take(exchange, onward)) onward();
  };

  const server = createServer(nodeOptions(limits), onRequest);
  server.maxConnections = limits.connectionsMax;
  server.maxHeadersCount = 0;
  // Answers that wait in a pipeline listen for the end of their connection, however many there are.
  server.on("connection", (socket) => socket.setMaxListeners(0));
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (condemned.has(socket)) return;
    condemned.add(socket);
    metrics.malformed();
    answerMalformed(error, socket, exchanges);
  });
  server.on("connect", (_incoming, socket: Socket) =>
    answerMalformed({ code: "CONNECT" }, socket, exchanges),
  );

  return {
    server,
    exchanges,
    drain() {
      draining = true;
    },
  };
}

/** A response that knows what makes it; a WeakMap from one to the other keeps thousands of both alive for no use. */
class Answer extends ServerResponse {
  work: { readonly exchange: Exchange; readonly app: Hono<AppEnvironment> } | undefined;
}

const nodeOptions = (limits: ServerLimits): ServerOptions<typeof IncomingMessage, typeof Answer> => ({
  ServerResponse: Answer,
  maxHeaderSize: limits.headerBytesMax,
  headersTimeout: limits.headerWaitMs,
  requestTimeout: 0,
  keepAliveTimeout: limits.keepAliveMs,
  connectionsCheckingInterval: sweepMs,
  requireHostHeader: false,
  noDelay: true,
});

/** A connection that breaks is seen where its bytes are awaited; unheard, the event would end the process. */
const ignore = (): void => undefined;

function refuse({ outgoing, record }: Exchange, verdict: Exclude<GuardVerdict, { pass: true }>): void {
  if (verdict.status >= 400) noteError(record, new ProxyError("invalid_request", verdict.why));
  record.status = verdict.status;
  const ambiguous = verdict.status !== 204 && verdict.status !== 403;
  if (ambiguous) outgoing.shouldKeepAlive = false;
  const body = ambiguous ? Buffer.from(`${verdict.why}\n`) : Buffer.alloc(0);
  const headers: Record<string, string | number> = { ...verdict.headers, "X-Chasqui-Request-Id": record.id };
  if (verdict.status !== 204) headers["Content-Length"] = body.length;
  if (ambiguous) headers["Content-Type"] = "text/plain; charset=utf-8";
  outgoing.writeHead(verdict.status, headers);
  outgoing.end(record.method === "HEAD" ? undefined : body);
}

const malformedStatus: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
  CONNECT: "405 Method Not Allowed",
};

/** Answers bytes that are no request, and hangs up; a good request before them gets its own answer first. */
function answerMalformed(
  { code }: { code?: string | undefined },
  socket: Socket,
  exchanges: Bag<Exchange>,
): void {
  const busy = [...exchanges].find((exchange) => exchange.incoming.socket === socket);
  if (busy !== undefined) {
    busy.outgoing.once("finish", () => socket.destroySoon());
    if (!busy.incoming.complete) busy.abort(new ProxyError("invalid_request", "malformed request body"));
  } else if (code === "ECONNRESET" || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
  } else {
    const status = malformedStatus[code ?? ""] ?? "400 Bad Request";
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }
}
