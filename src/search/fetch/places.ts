import type { Signal } from "../../lib/abort.ts";
import { createSemaphore, type Semaphore } from "../../lib/semaphore.ts";
import type { Clock } from "../../lib/time.ts";
import { PageFault } from "./fault.ts";

/** How many pages are fetched at once from one host. */
export interface Places {
  /** Waits for a place; returns what gives it back. Rejects with PageFault, or with the signal's reason. */
  take(host: string, signal: Signal): Promise<() => void>;
}

export interface PlacesOptions {
  readonly placesPerHost: number;
  /** How many may wait for one host. */
  readonly queueMax: number;
  readonly waitMs: number;
  readonly clock: Clock;
}

export function createPlaces({ placesPerHost: places, queueMax, waitMs, clock }: PlacesOptions): Places {
  /** Only hosts that are being asked. */
  const hosts = new Map<string, Semaphore>();
  const leave = (host: string, semaphore: Semaphore): void => {
    const isUsed = semaphore.inFlight > 0 || semaphore.queued > 0;
    if (!isUsed && hosts.get(host) === semaphore) hosts.delete(host);
  };
  return {
    async take(host, signal) {
      signal.throwIfAborted();
      const semaphore = hosts.get(host) ?? createSemaphore({ places, queueMax, waitMs, clock });
      hosts.set(host, semaphore);
      const release = await semaphore.acquire(signal).catch((thrown: unknown) => {
        leave(host, semaphore);
        signal.throwIfAborted();
        throw new PageFault("too many of the host's pages are being fetched", {
          isLasting: false,
          cause: thrown,
        });
      });
      return () => {
        release();
        leave(host, semaphore);
      };
    },
  };
}
