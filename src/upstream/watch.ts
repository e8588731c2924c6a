import type { Clock, Timer } from "../lib/time.ts";

/** Limits on one attempt, in milliseconds; 0 means none. */
export interface AttemptTimeouts {
  readonly connectMs: number;
  /** Until the first byte of the answer's body, loading a model included. */
  readonly firstByteMs: number;
  /** Between two pieces of the body. */
  readonly idleMs: number;
  /** For the whole of it. */
  readonly totalMs: number;
}

export type TimeoutKind = "firstByte" | "idle" | "total";

/** Watches the progress of one attempt. */
export interface Watch {
  /** Bytes arrived; the limits rest until more are wanted. Cheap: it is called for every piece of every stream. */
  received(): void;
  /** More bytes are wanted: from now on it is the upstream that is waited for, not the client. */
  wanted(): void;
  stop(): void;
}

/**
 * Calls `expire` once when a limit is passed. One timer serves the whole attempt: when it fires early it is armed
 * again for what is left, so that progress costs no timer.
 */
export function createWatch(
  timeouts: AttemptTimeouts,
  clock: Clock,
  expire: (kind: TimeoutKind) => void,
): Watch {
  const { firstByteMs, idleMs, totalMs } = timeouts;
  let started = false;
  let resting = false;
  let lastAtMs = clock.monotonicMs();
  let timer: Timer | undefined;

  const arm = (limitMs: number): void => {
    if (limitMs <= 0) return;
    timer = clock.after(lastAtMs + limitMs - clock.monotonicMs(), () => {
      if (resting) lastAtMs = clock.monotonicMs();
      if (clock.monotonicMs() - lastAtMs < limitMs) arm(limitMs);
      else expire(started ? "idle" : "firstByte");
    });
  };

  arm(firstByteMs);
  const total = totalMs > 0 ? clock.after(totalMs, () => expire("total")) : undefined;

  return {
    received() {
      resting = true;
      if (started) return;
      started = true;
      timer?.cancel();
      lastAtMs = clock.monotonicMs();
      arm(idleMs);
    },
    wanted() {
      resting = false;
      lastAtMs = clock.monotonicMs();
    },
    stop() {
      timer?.cancel();
      total?.cancel();
    },
  };
}
