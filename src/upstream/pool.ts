import type { Readable } from "node:stream";
import { Pool as UndiciPool, type Dispatcher } from "undici";
import { ProxyError } from "../core/error.ts";
import { createAbort, type Signal } from "../lib/abort.ts";
import type { Clock } from "../lib/time.ts";
import { faultOf, isDeadConnection, timeoutFault } from "./faults.ts";
import type { UpstreamReply } from "./upstream.ts";
import { createWatch, type AttemptTimeouts, type Watch } from "./watch.ts";

/** One HTTP request to an upstream. */
export interface Attempt {
  readonly method: string;
  /** Path under the upstream's base, beginning with a slash. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | Readable | undefined;
  /** True when sending it twice does no harm. */
  readonly repeatable: boolean;
}

/** The connections to one upstream. */
export interface Pool {
  /** Resolves with the head of the answer. Rejects with ProxyError, or with the signal's reason. */
  send(attempt: Attempt, signal: Signal, timeouts?: Partial<AttemptTimeouts>): Promise<UpstreamReply>;
  /** Closes idle connections; running answers go on. */
  close(): void;
}

export interface PoolOptions {
  readonly name: string;
  readonly url: string;
  /** Sent with every request, e.g. the upstream's own key. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeouts: AttemptTimeouts;
  /** How long an idle connection is kept, in milliseconds: less than the upstream keeps it. */
  readonly keepAliveMs: number;
  readonly clock: Clock;
}

/** A connection that was closed while idle fails this soon; one that fails later had begun to be worked on. */
const idleCloseMs = 50;

/** Headers of an answer this long are no headers. */
const headersBytesMax = 32_768;

/**
 * undici's own time limits are off: they cannot tell loading a model from a dead server. Its connections are not
 * bounded either, because an aborted request does not leave undici's queue; the semaphores in front bound them.
 */
export function createPool(options: PoolOptions): Pool {
  const { name, clock } = options;
  const base = new URL(options.url);
  const prefix = base.pathname.replace(/\/+$/, "");
  const connections = new UndiciPool(base.origin, {
    connections: null,
    pipelining: 1,
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: options.keepAliveMs,
    keepAliveMaxTimeout: options.keepAliveMs,
    maxHeaderSize: headersBytesMax,
    autoSelectFamily: true,
    connect: { timeout: options.timeouts.connectMs },
  });

  const request = (attempt: Attempt, signal: Signal): Promise<Dispatcher.ResponseData> =>
    connections.request({
      method: methodOf(attempt.method),
      path: prefix + attempt.path,
      headers: { "accept-encoding": "identity", ...attempt.headers, ...options.headers },
      body: attempt.body ?? null,
      signal,
    });

  /** A server may close an idle connection just when it is used again: that says nothing about the server. */
  const requestAnew = (attempt: Attempt, signal: Signal): Promise<Dispatcher.ResponseData> => {
    const reused = connections.stats.free > 0 && attempt.repeatable;
    const answer = request(attempt, signal);
    if (!reused) return answer;
    const sentAtMs = clock.monotonicMs();
    return answer.catch((thrown: unknown) => {
      const atOnce = clock.monotonicMs() - sentAtMs < idleCloseMs;
      if (!atOnce || signal.aborted || !isDeadConnection(thrown)) throw thrown;
      return request(attempt, signal);
    });
  };

  return {
    async send(attempt, signal, overrides) {
      signal.throwIfAborted();
      const life = createLife(signal, { ...options.timeouts, ...overrides }, { name, clock });
      try {
        const answer = await requestAnew(attempt, life.signal);
        const headers = flatten(answer.headers);
        return { status: answer.statusCode, headers, body: watched(answer.body, life, name) };
      } catch (thrown) {
        life.end();
        throw faultOf(thrown, name, false);
      }
    },
    close() {
      void connections.close().catch(() => connections.destroy());
    },
  };
}

const methods: readonly Dispatcher.HttpMethod[] = ["GET", "HEAD", "POST", "DELETE"];

function methodOf(method: string): Dispatcher.HttpMethod {
  const known = methods.find((one) => one === method);
  if (known === undefined) throw new ProxyError("internal", `cannot send ${method}`);
  return known;
}

/** One attempt's time: ended by the caller, by a limit, and by nothing once it is over. */
interface Life {
  readonly signal: Signal;
  readonly watch: Watch;
  end(): void;
}

function createLife(
  caller: Signal,
  timeouts: AttemptTimeouts,
  { name, clock }: { name: string; clock: Clock },
): Life {
  const { signal, abort } = createAbort();
  const abortWithCaller = (): void => abort(faultOf(caller.reason, name, false));
  caller.addEventListener("abort", abortWithCaller);
  const watch = createWatch(timeouts, clock, (kind) => abort(timeoutFault(name, kind, timeouts)));
  return {
    signal,
    watch,
    end() {
      watch.stop();
      caller.removeEventListener("abort", abortWithCaller);
    },
  };
}

/** The body with its progress watched and its failures named; ends the attempt's life when it ends or is left. */
async function* watched(
  body: AsyncIterable<Uint8Array>,
  life: Life,
  name: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of body) {
      life.watch.received();
      yield chunk;
      life.watch.wanted();
    }
  } catch (thrown) {
    throw faultOf(thrown, name, true);
  } finally {
    life.end();
  }
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [key, value] of Object.entries(headers)) {
    if (value !== undefined) flat[key] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}
