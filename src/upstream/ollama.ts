import type { Call } from "../core/call.ts";
import { createSemaphore } from "../lib/semaphore.ts";
import type { Clock } from "../lib/time.ts";
import { createHealth, type HealthState } from "./health.ts";
import { createModelShelf } from "./models.ts";
import { createPool } from "./pool.ts";
import type { BreakerOptions } from "./streak.ts";
import type { Upstream } from "./upstream.ts";
import type { AttemptTimeouts } from "./watch.ts";

export interface OllamaOptions {
  readonly name: string;
  /** Origin and base path, without credentials. */
  readonly url: string;
  readonly configured: boolean;
  /** Sent as `Authorization: Bearer`, for an Ollama server behind a proxy that wants one. */
  readonly apiKey: string | undefined;
  readonly inFlightMax: number;
  readonly queueMax: number;
  readonly queueWaitMs: number;
  readonly timeouts: AttemptTimeouts;
  readonly keepAliveMs: number;
  readonly breaker: BreakerOptions;
  /** How long to wait for a list of models or a sign of life. */
  readonly probeWaitMs: number;
}

export interface OllamaParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly onState: (upstream: string, state: HealthState) => void;
}

/** Lists, transfers and the like do not compete with inference for places, but are bounded too. */
const controlPlaces = 32;

/** A real Ollama server. */
export function createOllamaUpstream(
  options: OllamaOptions,
  { clock, random, onState }: OllamaParts,
): Upstream {
  const { name, url } = options;
  const headers = options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` };
  const pool = createPool({ ...options, headers, clock });
  const places = { queueMax: options.queueMax, waitMs: options.queueWaitMs, clock };
  const shelf = createModelShelf(pool, options.probeWaitMs, clock);
  let refreshing: Promise<void> | undefined;

  const health = createHealth({
    options: options.breaker,
    clock,
    random,
    onChange: (state) => {
      if (state === "down") shelf.markStale();
      onState(name, state);
    },
    ask: async () => {
      await shelf.lookAtVersion();
      await shelf.look();
    },
  });

  /** A look that fails is followed by a probe, which tells whether the upstream is gone. */
  const refreshOnce = async (): Promise<void> => {
    try {
      if (health.state === "up") return await shelf.look();
    } catch {
      shelf.markStale();
    }
    await health.probe();
  };

  return {
    name,
    type: "ollama",
    url,
    configured: options.configured,
    health,
    inference: createSemaphore({ places: options.inFlightMax, ...places }),
    control: createSemaphore({ places: controlPlaces, ...places }),
    get models() {
      return shelf.list;
    },
    send: (call, signal) => pool.send(attemptOf(call), signal),
    refresh() {
      refreshing ??= refreshOnce().finally(() => (refreshing = undefined));
      return refreshing;
    },
    noteLoaded: shelf.noteLoaded,
    close() {
      health.close();
      pool.close();
    },
  };
}

function attemptOf(call: Call) {
  const empty = call.raw instanceof Uint8Array && call.raw.length === 0;
  return { method: call.method, path: call.path, headers: call.headers, body: empty ? undefined : call.raw };
}
