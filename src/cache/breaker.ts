import type { Clock } from "../lib/time.ts";

export type BreakerState = "up" | "down" | "half-open";

/** Keeps calls away from what fails: after some failures in a row none passes for a while, then one, as a trial. */
export interface Breaker {
  readonly state: BreakerState;
  /** Whether a call may be made now; a true answer must be followed by `good`, `bad` or `cancelled`. */
  readonly enter: () => boolean;
  readonly good: () => void;
  readonly bad: () => void;
  /** The call ended without telling anything. */
  readonly cancelled: () => void;
}

const failuresMax = 3;
const waitMinMs = 1_000;
const waitMaxMs = 30_000;

/** Opens after three failures in a row, for 1 s; for twice as long after each failed trial, up to 30 s. */
export function createBreaker(clock: Clock): Breaker {
  let failures = 0;
  let waitMs = waitMinMs;
  let openUntilMs: number | undefined;
  let isTrying = false;

  const isDown = (): boolean => openUntilMs !== undefined && clock.monotonicMs() < openUntilMs;

  return {
    get state() {
      if (openUntilMs === undefined) return "up";
      return isDown() ? "down" : "half-open";
    },
    enter() {
      if (openUntilMs === undefined) return true;
      if (isDown() || isTrying) return false;
      isTrying = true;
      return true;
    },
    good() {
      failures = 0;
      waitMs = waitMinMs;
      openUntilMs = undefined;
      isTrying = false;
    },
    bad() {
      failures += 1;
      const isTrial = isTrying;
      isTrying = false;
      if (!isTrial && (openUntilMs !== undefined || failures < failuresMax)) return;
      openUntilMs = clock.monotonicMs() + waitMs;
      waitMs = Math.min(waitMs * 2, waitMaxMs);
    },
    cancelled() {
      isTrying = false;
    },
  };
}
