import type { Clock } from "../lib/time.ts";
import type { SearchError } from "./error.ts";

export type BreakerState = "up" | "down" | "half-open";

/** Leaves a provider alone that fails. After that, one request is a trial. */
export interface Breaker {
  readonly state: BreakerState;
  /** Whether a request may be made now; a true answer must be followed by `good`, `bad` or `cancelled`. */
  readonly enter: () => boolean;
  readonly good: () => void;
  readonly bad: (error: SearchError) => void;
  /** The request ended without telling anything. */
  readonly cancelled: () => void;
  /** How long no request may be made yet, in milliseconds. */
  readonly offMs: () => number;
}

const failuresMax = 3;
const waitMinMs = 30_000;
const waitMaxMs = 600_000;
/** A key that is refused, or a plan that is used up, is so for a while. */
const deniedMs = 3_600_000;

/**
 * Opens after three failures in a row for 30 s, for twice as long after each failed trial, up to 10 minutes; at once when
 * the provider refuses the key (1 h) or wants fewer requests (as long as it says). That engines behind a provider do not
 * answer is no failure of its own. Waits are up to a quarter shorter by chance, so that daemons do not come back at once.
 */
export function createBreaker(clock: Clock, random: () => number): Breaker {
  let failures = 0;
  let waitMs = waitMinMs;
  let openUntilMs: number | undefined;
  let isTrying = false;

  const offMs = (): number =>
    openUntilMs === undefined ? 0 : Math.max(0, openUntilMs - clock.monotonicMs());

  const close = (): void => {
    failures = 0;
    waitMs = waitMinMs;
    openUntilMs = undefined;
    isTrying = false;
  };

  /** Requests that were under way when it opened may make it longer, never shorter. */
  const open = (forMs: number): void => {
    openUntilMs = Math.max(openUntilMs ?? 0, clock.monotonicMs() + forMs);
  };

  const openForNext = (): void => {
    open(waitMs * (1 - random() / 4));
    waitMs = Math.min(waitMs * 2, waitMaxMs);
  };

  return {
    get state() {
      if (openUntilMs === undefined) return "up";
      return offMs() > 0 ? "down" : "half-open";
    },
    enter() {
      if (openUntilMs === undefined) return true;
      if (offMs() > 0 || isTrying) return false;
      isTrying = true;
      return true;
    },
    good() {
      if (offMs() === 0) close();
    },
    bad({ kind, retryAfterMs }) {
      if (kind === "degraded") {
        if (offMs() === 0) close();
        return;
      }
      failures += 1;
      const isTrial = isTrying;
      isTrying = false;
      if (kind === "denied") open(deniedMs);
      else if (retryAfterMs !== undefined) open(retryAfterMs);
      else if (isTrial || kind === "limited") openForNext();
      else if (openUntilMs === undefined && failures >= failuresMax) openForNext();
    },
    cancelled() {
      isTrying = false;
    },
    offMs,
  };
}
