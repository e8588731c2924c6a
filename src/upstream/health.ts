import type { Clock, Timer } from "../lib/time.ts";
import { type BreakerOptions, createStreak, type FailureKind } from "./streak.ts";

export type HealthState = "up" | "down" | "half-open";

/** The breaker of one upstream. It begins half-open: nothing is known yet. */
export interface Health {
  readonly state: HealthState;
  /** An answer came to its end. */
  succeeded(): void;
  /** A call failed through the upstream's fault. */
  failed(kind: FailureKind): void;
  /** Milliseconds until the next probe of an upstream that is down. */
  retryInMs(): number;
  /** Probes now, unless one runs; resolves when it is over. Never rejects. */
  probe(): Promise<void>;
  /** How often it went down. */
  readonly opened: number;
  close(): void;
}

export interface HealthParts {
  readonly options: BreakerOptions;
  readonly clock: Clock;
  /** Asks the upstream for a sign of life, never for inference. Rejects when there is none. */
  readonly ask: () => Promise<void>;
  readonly onChange: (state: HealthState) => void;
  /** 0 to 1; spreads the probes of many daemons. */
  readonly random: () => number;
}

export function createHealth({ options, clock, ask, onChange, random }: HealthParts): Health {
  const streak = createStreak(options, clock);
  let state: HealthState = "half-open";
  let opened = 0;
  let waitMs = options.cooldownMs;
  let probeAtMs = 0;
  let timer: Timer | undefined;
  let running: Promise<void> | undefined;
  let closed = false;

  const enter = (next: HealthState): void => {
    if (state === next) return;
    if (next === "down" && state === "up") opened += 1;
    state = next;
    onChange(next);
  };

  const open = (): void => {
    if (closed) return;
    const delayMs = waitMs * (0.75 + random() / 4);
    waitMs = Math.min(waitMs * 2, options.cooldownMaxMs);
    probeAtMs = clock.monotonicMs() + delayMs;
    enter("down");
    timer?.cancel();
    timer = clock.after(delayMs, () => void probe());
  };

  const probe = (): Promise<void> => {
    running ??= probeOnce().finally(() => (running = undefined));
    return running;
  };

  const probeOnce = async (): Promise<void> => {
    if (state === "down") enter("half-open");
    try {
      await ask();
      timer?.cancel();
      streak.clear();
      enter("up");
    } catch {
      open();
    }
  };

  return {
    get state() {
      return state;
    },
    get opened() {
      return opened;
    },
    succeeded() {
      waitMs = options.cooldownMs;
      streak.good();
    },
    failed: (kind) => void (streak.bad(kind) && state === "up" && open()),
    retryInMs: () => (state === "up" ? 0 : Math.max(0, probeAtMs - clock.monotonicMs())),
    probe,
    close() {
      closed = true;
      timer?.cancel();
    },
  };
}
