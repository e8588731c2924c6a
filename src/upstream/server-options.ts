import { createSemaphore } from "../lib/semaphore.ts";
import type { Clock } from "../lib/time.ts";
import type { BreakerOptions } from "./streak.ts";
import type { Upstream } from "./upstream.ts";
import type { AttemptTimeouts } from "./watch.ts";

/** What is said of every server, whatever it speaks. */
export interface ServerOptions {
  readonly name: string;
  /** Origin and base path, without credentials. */
  readonly url: string;
  readonly configured: boolean;
  /** Whether what it is asked leaves the house. */
  readonly isCloud: boolean;
  /** Sent as `Authorization: Bearer`. */
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

/** Lists, transfers and the like do not compete with inference for places, but are bounded too. */
const controlPlaces = 32;

/** The places of a server. */
export function placesOf(
  { inFlightMax, queueMax, queueWaitMs }: ServerOptions,
  clock: Clock,
): Pick<Upstream, "inference" | "control"> {
  const queue = { queueMax, waitMs: queueWaitMs, clock };
  return {
    inference: createSemaphore({ places: inFlightMax, ...queue }),
    control: createSemaphore({ places: controlPlaces, ...queue }),
  };
}
