import { createHistogram } from "../lib/histogram.ts";
import { createSemaphore, QueueRefusedError } from "../lib/semaphore.ts";
import type { Signal } from "../lib/abort.ts";
import type { Clock } from "../lib/time.ts";
import { createBreaker, type BreakerState } from "./breaker.ts";
import { SearchError, type SearchFaultKind } from "./error.ts";
import type { Provider, SearchQuery, SearchResult } from "./provider.ts";

/** Why a provider contributed nothing: its own fault, or that it was not asked. */
export type ReasonKind = SearchFaultKind | "off" | "capped" | "busy" | "empty";

export interface Reason {
  readonly provider: string;
  readonly kind: ReasonKind;
  /** For people; holds neither a key nor a query. */
  readonly message: string;
}

/** What a provider gave. */
export type Answer =
  | { readonly results: readonly SearchResult[]; readonly reason?: undefined }
  | { readonly results?: undefined; readonly reason: Reason };

export interface ProviderSnapshot {
  readonly name: string;
  readonly state: BreakerState;
  /** How long it is left alone yet, in milliseconds. */
  readonly offMs: number;
  /** Since midnight UTC. */
  readonly requestsToday: number;
  readonly requests: number;
  readonly failures: number;
  readonly latencyP50Ms: number;
  readonly latencyP99Ms: number;
}

/** A provider behind its daily cap and its breaker. */
export interface Guarded {
  readonly name: string;
  /** Never rejects for the provider's sake; rejects with the signal's reason once that is aborted. */
  ask(query: SearchQuery, signal: Signal): Promise<Answer>;
  snapshot(): ProviderSnapshot;
  close(): void;
}

export interface GuardedParts {
  readonly provider: Provider;
  readonly clock: Clock;
  readonly random: () => number;
  /** Requests a UTC day. */
  readonly perDayMax: number;
}

const dayMs = 86_400_000;
const atOnceMax = 8;
const waitingMax = 32;
const waitMs = 4_000;

export function createGuarded({ provider, clock, random, perDayMax }: GuardedParts): Guarded {
  const { name } = provider;
  const breaker = createBreaker(clock, random);
  const places = createSemaphore({ places: atOnceMax, queueMax: waitingMax, waitMs, clock });
  const latency = createHistogram();
  const days = createDays(clock);
  let requests = 0;
  let failures = 0;

  const none = (kind: ReasonKind, message: string): Answer => ({ reason: { provider: name, kind, message } });

  const attempt = async (query: SearchQuery, signal: Signal): Promise<Answer> => {
    days.count += 1;
    requests += 1;
    const startedMs = clock.monotonicMs();
    try {
      const results = await provider.search(query, signal);
      latency.record(clock.monotonicMs() - startedMs);
      breaker.good();
      return results.length === 0 ? none("empty", `${name} found nothing`) : { results };
    } catch (thrown) {
      if (signal.aborted) breaker.cancelled();
      signal.throwIfAborted();
      const error = searchErrorOf(thrown, name);
      failures += 1;
      breaker.bad(error);
      return none(error.kind, error.message);
    }
  };

  return {
    name,
    async ask(query, signal) {
      if (days.count >= perDayMax) return none("capped", `${name} was asked ${perDayMax} times today`);
      if (breaker.state === "down") return none("off", `${name} is left alone for a while after it failed`);
      const release = await placeIn(places, signal);
      if (release === undefined) return none("busy", `too many searches wait for ${name}`);
      try {
        // What held when it began to wait may hold no more.
        signal.throwIfAborted();
        if (days.count >= perDayMax) return none("capped", `${name} was asked ${perDayMax} times today`);
        if (!breaker.enter()) return none("off", `${name} is left alone for a while after it failed`);
        return await attempt(query, signal);
      } finally {
        release();
      }
    },
    snapshot: () => ({
      name,
      state: breaker.state,
      offMs: breaker.offMs(),
      requestsToday: days.count,
      requests,
      failures,
      latencyP50Ms: latency.quantile(0.5),
      latencyP99Ms: latency.quantile(0.99),
    }),
    close: () => provider.close(),
  };
}

/** A count that begins anew at midnight UTC. */
function createDays(clock: Clock): { count: number } {
  let day = 0;
  let count = 0;
  const turn = (): void => {
    const today = Math.floor(clock.epochMs() / dayMs);
    if (today !== day) count = 0;
    day = today;
  };
  return {
    get count() {
      turn();
      return count;
    },
    set count(next) {
      turn();
      count = next;
    },
  };
}

async function placeIn(
  places: ReturnType<typeof createSemaphore>,
  signal: Signal,
): Promise<(() => void) | undefined> {
  try {
    return await places.acquire(signal);
  } catch (thrown) {
    if (thrown instanceof QueueRefusedError) return undefined;
    throw thrown;
  }
}

/** What is no SearchError is a bug of a provider; the search goes on without it. */
const searchErrorOf = (thrown: unknown, name: string): SearchError =>
  thrown instanceof SearchError ? thrown : new SearchError("broken", `${name} failed`, { cause: thrown });
