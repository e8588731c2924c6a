import { createHistogram } from "../lib/histogram.ts";
import { createSemaphore, QueueRefusedError } from "../lib/semaphore.ts";
import type { Signal } from "../lib/abort.ts";
import type { Clock } from "../lib/time.ts";
import { createBreaker, type BreakerState } from "./breaker.ts";
import { DeadlineError } from "./deadline.ts";
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
  /** Whether the next request shows if it is back; others are refused meanwhile. */
  isOnTrial(): boolean;
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
/** Who was asked for less time before the search was over may have been about to answer. */
const enoughMs = 1_000;

export function createGuarded({ provider, clock, random, perDayMax }: GuardedParts): Guarded {
  const { name } = provider;
  const breaker = createBreaker(clock, random);
  const places = createSemaphore({ places: atOnceMax, queueMax: waitingMax, waitMs, clock });
  const counts = createCounts(clock);

  const none = (kind: ReasonKind, message: string): Answer => ({ reason: { provider: name, kind, message } });
  const capped = (): Answer => none("capped", `${name} was asked ${perDayMax} times today`);
  const off = (): Answer => none("off", `${name} is left alone for a while after it failed`);

  const failed = (error: SearchError): Answer => {
    counts.failures += 1;
    breaker.bad(error);
    return none(error.kind, error.message);
  };

  /** The end of the search's time is a failure of whoever had enough of it. */
  const left = ({ reason }: Signal, hadMs: number): void => {
    if (reason instanceof DeadlineError && hadMs >= enoughMs)
      failed(new SearchError("timeout", `${name} did not answer within ${Math.round(hadMs)} ms`));
    else breaker.cancelled();
  };

  const attempt = async (query: SearchQuery, signal: Signal): Promise<Answer> => {
    counts.begin();
    const startedMs = clock.monotonicMs();
    try {
      const results = await provider.search(query, signal);
      counts.latency.record(clock.monotonicMs() - startedMs);
      breaker.good();
      return results.length === 0 ? none("empty", `${name} found nothing`) : { results };
    } catch (thrown) {
      if (signal.aborted) left(signal, clock.monotonicMs() - startedMs);
      signal.throwIfAborted();
      return failed(searchErrorOf(thrown, name));
    }
  };

  return {
    name,
    async ask(query, signal) {
      if (counts.today() >= perDayMax) return capped();
      if (breaker.state === "down") return off();
      const release = await placeIn(places, signal);
      if (release === undefined) return none("busy", `too many searches wait for ${name}`);
      try {
        // What held when it began to wait may hold no more.
        signal.throwIfAborted();
        if (counts.today() >= perDayMax) return capped();
        if (!breaker.enter()) return off();
        return await attempt(query, signal);
      } finally {
        release();
      }
    },
    isOnTrial: () => breaker.state === "half-open",
    snapshot: () => ({ name, state: breaker.state, offMs: Math.ceil(breaker.offMs()), ...counts.shown() }),
    close: () => provider.close(),
  };
}

/** What is counted of a provider; its requests of the day begin anew at midnight UTC. */
function createCounts(clock: Clock) {
  const latency = createHistogram();
  let [requests, day, requestsToday] = [0, 0, 0];
  const today = (): number => {
    const now = Math.floor(clock.epochMs() / dayMs);
    if (now !== day) requestsToday = 0;
    day = now;
    return requestsToday;
  };
  const counts = {
    failures: 0,
    latency,
    today,
    begin() {
      requestsToday = today() + 1;
      requests += 1;
    },
    shown: () => ({
      requestsToday: today(),
      requests,
      failures: counts.failures,
      latencyP50Ms: latency.quantile(0.5),
      latencyP99Ms: latency.quantile(0.99),
    }),
  };
  return counts;
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
