import type { Clock } from "../../src/lib/time.ts";

/** A clock that only moves when it is told to. */
export interface FakeClock extends Clock {
  /** Moves time on and runs what falls due on the way, in its order. */
  advance(ms: number): void;
  /** How many timers wait. */
  readonly pending: number;
}

interface Pending {
  readonly dueMs: number;
  readonly act: () => void;
}

export function createFakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let nowMs = 0;
  const pending = new Set<Pending>();
  const nextUntil = (endMs: number): Pending | undefined =>
    [...pending].filter((one) => one.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0];
  return {
    epochMs: () => startMs + nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, act) {
      const entry = { dueMs: nowMs + delayMs, act };
      pending.add(entry);
      return { cancel: () => void pending.delete(entry) };
    },
    advance(ms) {
      const endMs = nowMs + ms;
      for (let next = nextUntil(endMs); next !== undefined; next = nextUntil(endMs)) {
        pending.delete(next);
        nowMs = Math.max(nowMs, next.dueMs);
        next.act();
      }
      nowMs = endMs;
    },
    get pending() {
      return pending.size;
    },
  };
}

/** Lets time pass, then the promises that it made ready. */
export async function pass(clock: FakeClock, ms: number): Promise<void> {
  clock.advance(ms);
  await new Promise((resolve) => setImmediate(resolve));
}
