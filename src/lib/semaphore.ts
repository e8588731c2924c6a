import type { Signal } from "./abort.ts";
import type { Clock, Timer } from "./time.ts";

/** Why a place was not given: the queue is full, or the wait took too long. */
export class QueueRefusedError extends Error {
  override readonly name = "QueueRefusedError";
  readonly reason: "full" | "deadline";

  constructor(reason: "full" | "deadline") {
    super(reason === "full" ? "the queue is full" : "the wait in the queue took too long");
    this.reason = reason;
  }
}

/** A bounded number of places with a bounded queue in front. */
export interface Semaphore {
  /** Takes a place if one is free and nobody waits; returns the function that gives it back, as `acquire` does. */
  tryAcquire(): (() => void) | undefined;
  /**
   * Waits for a place and returns the function that gives it back (calling it again does nothing).
   * Rejects with {@link QueueRefusedError}, or with the signal's reason; a caller that left never takes a place.
   */
  acquire(signal: Signal): Promise<() => void>;
  readonly inFlight: number;
  readonly queued: number;
  readonly places: number;
  /** 0 while a place is free, 1 while one can wait for one, 2 when the queue is full too. */
  readonly pressure: 0 | 1 | 2;
}

export interface SemaphoreOptions {
  readonly places: number;
  /** How many may wait. */
  readonly queueMax: number;
  /** How long one may wait, in milliseconds. */
  readonly waitMs: number;
  readonly clock: Clock;
}

interface Waiter {
  admit(): void;
}

export function createSemaphore({ places, queueMax, waitMs, clock }: SemaphoreOptions): Semaphore {
  let inFlight = 0;
  const queue = new Set<Waiter>();

  const take = (): (() => void) => {
    inFlight += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      inFlight -= 1;
      const [next] = queue;
      next?.admit();
    };
  };

  const wait = (signal: Signal): Promise<() => void> =>
    new Promise((resolve, reject) => {
      let timer: Timer | undefined;
      const leave = (): void => {
        queue.delete(waiter);
        timer?.cancel();
        signal.removeEventListener("abort", abort);
      };
      const refuse = (error: unknown): void => {
        leave();
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      const abort = (): void => refuse(signal.reason);
      const admit = (): void => {
        leave();
        resolve(take());
      };
      const waiter: Waiter = { admit };
      queue.add(waiter);
      signal.addEventListener("abort", abort);
      timer = clock.after(waitMs, () => refuse(new QueueRefusedError("deadline")));
    });

  const tryAcquire = (): (() => void) | undefined =>
    inFlight < places && queue.size === 0 ? take() : undefined;

  return {
    tryAcquire,
    async acquire(signal) {
      signal.throwIfAborted();
      const release = tryAcquire();
      if (release !== undefined) return release;
      if (queue.size >= queueMax) throw new QueueRefusedError("full");
      return wait(signal);
    },
    get inFlight() {
      return inFlight;
    },
    get queued() {
      return queue.size;
    },
    places,
    get pressure() {
      if (inFlight < places) return 0;
      return queue.size < queueMax ? 1 : 2;
    },
  };
}
