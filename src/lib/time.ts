import type { Signal } from "./abort.ts";

/** A running timer; cancelling it twice is harmless. */
export interface Timer {
  cancel(): void;
}

/** Where a part gets its time from, so that tests can hand in their own. */
export interface Clock {
  /** Milliseconds since 1970, for what people and clients read. */
  readonly epochMs: () => number;
  /** Milliseconds that never run backwards, for durations and deadlines. */
  readonly monotonicMs: () => number;
  /** Runs `act` once after `delayMs`. A pending timer does not keep the process alive. */
  after(delayMs: number, act: () => void): Timer;
}

/** `setTimeout` fires at once for a delay over 2^31-1 ms; longer waits are walked in steps of this. */
const stepMaxMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  epochMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, act) {
    let handle: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      handle = setTimeout(
        () => (leftMs > stepMaxMs ? arm(leftMs - stepMaxMs) : act()),
        Math.min(leftMs, stepMaxMs),
      );
      handle.unref();
    };
    arm(Math.max(0, delayMs));
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves after `delayMs`, or at once when `signal` aborts. Never rejects. */
export function pause(clock: Clock, delayMs: number, signal?: Signal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = clock.after(delayMs, finish);
    signal?.addEventListener("abort", finish);
  });
}

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Reads `30s`, `1h30m`, `500ms`, `2d` or `0` as milliseconds.
 * Returns undefined for anything else, a bare number other than 0 included: a duration names its unit.
 */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === "0") return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h|d))+$/.test(trimmed)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g)) {
    totalMs += Number(amount) * (unitMs[unit ?? ""] ?? Number.NaN);
  }
  return totalMs;
}

/** Writes milliseconds the way {@link parseDuration} reads them, in the largest unit that divides them. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  for (const unit of ["d", "h", "m", "s"]) {
    const size = unitMs[unit] ?? 1;
    if (ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}
