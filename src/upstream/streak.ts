import type { Clock } from "../lib/time.ts";

/** A refused connection says more than a bad answer: fewer of them open the breaker. */
export type FailureKind = "connect" | "answer";

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failuresMax: number;
  /** Refused connections in a row that open it. */
  readonly refusalsMax: number;
  /** A share of failures in the window also opens it, from this many calls on. */
  readonly sampleMin: number;
  readonly failureShare: number;
  readonly windowMs: number;
  /** First wait before a probe; doubled after each failed one. */
  readonly cooldownMs: number;
  readonly cooldownMaxMs: number;
}

/** How an upstream's calls went lately. */
export interface Streak {
  good(): void;
  /** Counts a failure; true when it was one too many. */
  bad(kind: FailureKind): boolean;
  clear(): void;
}

/** Failures in a row, and their share in a window that is counted in two halves, so that it needs no list of calls. */
export function createStreak(options: BreakerOptions, clock: Clock): Streak {
  let failures = 0;
  let refusals = 0;
  let now = { total: 0, failed: 0 };
  let before = { total: 0, failed: 0 };
  let turnedAtMs = clock.monotonicMs();

  const add = (failed: number): void => {
    const ageMs = clock.monotonicMs() - turnedAtMs;
    if (ageMs >= options.windowMs / 2) {
      before = ageMs >= options.windowMs ? { total: 0, failed: 0 } : now;
      now = { total: 0, failed: 0 };
      turnedAtMs = clock.monotonicMs();
    }
    now.total += 1;
    now.failed += failed;
  };

  return {
    good() {
      failures = 0;
      refusals = 0;
      add(0);
    },
    bad(kind) {
      failures += 1;
      refusals = kind === "connect" ? refusals + 1 : 0;
      add(1);
      if (failures >= options.failuresMax || refusals >= options.refusalsMax) return true;
      const total = now.total + before.total;
      return total >= options.sampleMin && (now.failed + before.failed) / total >= options.failureShare;
    },
    clear() {
      failures = 0;
      refusals = 0;
      now = { total: 0, failed: 0 };
      before = { total: 0, failed: 0 };
    },
  };
}
