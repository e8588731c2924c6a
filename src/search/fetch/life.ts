import { createAbort, type Signal } from "../../lib/abort.ts";
import type { Clock, Timer } from "../../lib/time.ts";
import { PageFault } from "./fault.ts";

export interface LifeLimits {
  /** For all that is asked of others: places, names, redirects and bodies. */
  readonly deadlineMs: number;
  /** From asking a server to the head of its answer. */
  readonly headersMs: number;
  /** Between two parts of a body. */
  readonly idleMs: number;
}

/** The time of one page: ended by its caller, by a limit, and by nothing once it is over. */
export interface Life {
  readonly signal: Signal;
  /** A server is asked. */
  asked(): void;
  /** A part of its answer has come. */
  received(): void;
  /** Nothing is expected of a server for now. */
  rested(): void;
  /** Nothing is expected of anybody any more; from now on only the caller ends this life. */
  landed(): void;
  /** The promise's result, or the reason for which this life was ended, whichever comes first. */
  race<T>(promise: Promise<T>): Promise<T>;
  end(): void;
}

export function createLife(caller: Signal, limits: LifeLimits, clock: Clock): Life {
  const { signal, abort } = createAbort();
  const fail = (message: string, isLasting: boolean) => (): void =>
    abort(new PageFault(message, { isLasting }));
  const leave = (): void => abort(new PageFault("the caller left", { isLasting: false }));
  let waiting: Timer | undefined;
  const wait = (limitMs: number, message: string): void => {
    waiting?.cancel();
    waiting = clock.after(limitMs, fail(message, true));
  };
  caller.addEventListener("abort", leave);
  const deadline = clock.after(limits.deadlineMs, fail("the page took too long", true));

  return {
    signal,
    asked: () => wait(limits.headersMs, "the server did not answer in time"),
    received: () => wait(limits.idleMs, "the server stopped sending"),
    rested: () => waiting?.cancel(),
    landed() {
      waiting?.cancel();
      deadline.cancel();
    },
    race: (promise) => race(promise, signal),
    end() {
      waiting?.cancel();
      deadline.cancel();
      caller.removeEventListener("abort", leave);
    },
  };
}

/** undici does not hear of an abort while it resolves and connects. */
function race<T>(promise: Promise<T>, signal: Signal): Promise<T> {
  return new Promise((resolve, reject) => {
    const refuse = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
    if (signal.aborted) refuse();
    signal.addEventListener("abort", refuse);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", refuse));
  });
}
