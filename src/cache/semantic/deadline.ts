import type { Clock } from "../../lib/time.ts";

/** A time by which something must have happened. */
export interface Deadline {
  /** Aborts when the time is over. */
  readonly signal: AbortSignal;
  /** What `work` comes to, or undefined when the time is over first. Rejects as `work` does. */
  readonly within: <T>(work: Promise<T>) => Promise<T | undefined>;
  /** Ends the waiting now, as if the time were over. */
  readonly end: () => void;
}

export function createDeadline(clock: Clock, delayMs: number): Deadline {
  const abort = new AbortController();
  const over = new Promise<undefined>((resolve) => {
    abort.signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  const timer = clock.after(delayMs, () => abort.abort(new Error("the time is over")));
  return {
    signal: abort.signal,
    within: (work) => Promise.race([work, over]),
    end() {
      timer.cancel();
      abort.abort(new Error("no longer wanted"));
    },
  };
}
