import { createAbort, type Signal } from "../lib/abort.ts";
import type { Clock } from "../lib/time.ts";

/** All of a search has taken too long. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/** A signal that aborts when its caller's does, or when the time is over; `end` must be called. */
export function withDeadline(
  caller: Signal,
  clock: Clock,
  timeoutMs: number,
): { readonly signal: Signal; readonly end: () => void } {
  const { signal, abort } = createAbort();
  const leave = (): void =>
    abort(caller.reason instanceof Error ? caller.reason : new Error("the caller left"));
  caller.addEventListener("abort", leave);
  const timer = clock.after(timeoutMs, () => abort(new DeadlineError("the search's time is over")));
  return {
    signal,
    end() {
      timer.cancel();
      caller.removeEventListener("abort", leave);
    },
  };
}
