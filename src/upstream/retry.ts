import { type Call, isInference, isRepeatable } from "../core/call.ts";
import { type Hop, ProxyError, toProxyError } from "../core/error.ts";
import { commit, type Committed } from "./commit.ts";
import { queueFault } from "./faults.ts";
import { choose, type Route } from "./registry.ts";
import type { Upstream, UpstreamReply } from "./upstream.ts";
import type { Signal } from "../lib/abort.ts";

/** An answer that is on its way to the client, and where it came from. */
export interface Sent {
  readonly upstream: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly answer: Committed;
  /** Tried before this one, and why they failed. */
  readonly hops: readonly Hop[];
  /** Must be called once, when the body has ended: gives the place back and tells the breaker how it went. */
  settle(error?: ProxyError): void;
}

/** Sends a call to the best candidate, and to the next one when that fails before its first byte. */
export type Send = (call: Call, route: Route, signal: Signal) => Promise<Sent>;

export interface SendParts {
  /** Upstreams tried for one call, the first included. */
  readonly attemptsMax: number;
  /** Retries allowed per call on average; keeps an outage from doubling the load. */
  readonly retryShare: number;
  /** Told about every attempt, for the statistics. */
  readonly onAttempt: (upstream: string, error: ProxyError | undefined) => void;
}

/** Retries that may be spent at once after a quiet time. */
const retryBurst = 10;

export function createSend({ attemptsMax, retryShare, onAttempt }: SendParts): Send {
  const budget = createRetryBudget(retryShare);

  return async function send(call, route, signal) {
    budget.earn();
    const hops: Hop[] = [];
    let left = route.candidates;
    for (;;) {
      const upstream = choose(left, route.key);
      if (upstream === undefined) throw new ProxyError("internal", "a route without candidates");
      try {
        return { ...(await attempt({ call, route, upstream, onAttempt }, signal)), hops };
      } catch (thrown) {
        const error = toProxyError(thrown);
        error.hops = hops;
        left = othersFor(error, left, upstream);
        const mayRepeat = error.retryable && isRepeatable(call.operation) && !signal.aborted;
        if (!mayRepeat || left.length === 0 || hops.length + 1 >= attemptsMax || !budget.spend()) throw error;
        hops.push({ upstream: upstream.name, error: error.code });
      }
    }
  };
}

/** Who is left to be asked: those that are up, and when the queue was the trouble, those with a free place. */
function othersFor(error: ProxyError, left: readonly Upstream[], failed: Upstream): readonly Upstream[] {
  const others = left.filter((one) => one !== failed && one.health.state === "up");
  return error.code === "overloaded" ? others.filter((one) => one.inference.pressure === 0) : others;
}

interface Try {
  readonly call: Call;
  readonly route: Route;
  readonly upstream: Upstream;
  readonly onAttempt: SendParts["onAttempt"];
}

async function attempt(
  { call, route, upstream, onAttempt }: Try,
  signal: Signal,
): Promise<Omit<Sent, "hops">> {
  const release = await placeAt(upstream, call, signal);
  const settle = settler(upstream, release, onAttempt);
  try {
    if (upstream.health.state !== "up") throw wentDown(upstream);
    const reply = await upstream.send(call, signal);
    const answer = await commit(call, reply, upstream.name);
    if (isInference(call.operation)) upstream.noteLoaded(route.key);
    return { upstream: upstream.name, status: reply.status, headers: passedOn(reply), answer, settle };
  } catch (thrown) {
    const error = toProxyError(thrown);
    settle(error);
    if (error.code === "model_not_found") void upstream.refresh();
    throw error;
  }
}

/** An upstream that was given up while a call waited for its place is not asked any more. */
function wentDown({ name, health }: Upstream): ProxyError {
  const retryAfterMs = Math.max(1_000, health.retryInMs());
  return new ProxyError("upstream_down", `upstream ${name} is down`, { upstream: name, retryAfterMs });
}

/** A place at the upstream: at once when one is free, else after a wait in its queue. */
function placeAt(upstream: Upstream, call: Call, signal: Signal): (() => void) | Promise<() => void> {
  const semaphore = isInference(call.operation) ? upstream.inference : upstream.control;
  const refuse = (thrown: unknown): never => {
    throw queueFault(thrown, upstream.name, 1_000);
  };
  return semaphore.tryAcquire() ?? semaphore.acquire(signal).catch(refuse);
}

function settler(upstream: Upstream, release: () => void, onAttempt: SendParts["onAttempt"]): Sent["settle"] {
  return (error) => {
    release();
    onAttempt(upstream.name, error);
    if (error === undefined) upstream.health.succeeded();
    else if (error.unhealthy)
      upstream.health.failed(error.code === "upstream_unreachable" ? "connect" : "answer");
  };
}

/** Headers of an upstream that a client may see; everything else stays behind. */
function passedOn({ headers }: UpstreamReply): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of ["content-type", "cache-control"]) {
    const value = headers[name];
    if (value !== undefined) passed[name] = value;
  }
  return passed;
}

/** Every call earns a share of a retry, every retry spends one. */
function createRetryBudget(share: number): { earn(): void; spend(): boolean } {
  const most = share > 0 ? retryBurst : 0;
  let tokens = most;
  return {
    earn() {
      tokens = Math.min(most, tokens + share);
    },
    spend() {
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
