import { type Call, isRepeatable } from "../core/call.ts";
import { createSemaphore } from "../lib/semaphore.ts";
import type { Clock } from "../lib/time.ts";
import { createHealth, type HealthState } from "./health.ts";
import { createModelShelf } from "./models.ts";
import { type Attempt, createPool } from "./pool.ts";
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
  /** A look that fails leaves the last good lists, marked. */
  const look = (): Promise<void> => shelf.look().catch(shelf.markStale);

  const health = createHealth({
    options: options.breaker,
    clock,
    random,
    onChange: (state) => {
      if (state === "down") shelf.markStale();
      onState(name, state);
    },
    // The version alone decides; the lists are fetched before anyone is told that the upstream is back.
    ask: async () => {
      await shelf.lookAtVersion();
      await look();
    },
  });

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
    async refresh() {
      if (health.state === "up") await look();
      // A look that failed is followed by a probe, which tells whether the upstream is gone.
      if (health.state === "up" && !shelf.list.stale) return;
      await health.probe();
    },
    noteLoaded: shelf.noteLoaded,
    close() {
      health.close();
      pool.close();
    },
  };
}

function attemptOf({ method, path, headers, raw, operation }: Call): Attempt {
  const body = raw instanceof Uint8Array && raw.length === 0 ? undefined : raw;
  return { method, path, headers, body, repeatable: isRepeatable(operation) };
}
