import type { Clock, Timer } from "../../lib/time.ts";
import { TierError } from "../tier.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** Lookups that wait for the reading thread; those of one turn of the event loop go to it together. */
export interface Lookups {
  /** Rejects with TierError when the thread does not answer in time. */
  readonly get: (key: Uint8Array) => Promise<Uint8Array | undefined>;
  readonly got: (message: FromWorker & { type: "got" }) => void;
  readonly failAll: (why: string) => void;
  /** False when the last lookups were not answered. */
  readonly isAlive: () => boolean;
  readonly failures: number;
}

interface Waiting {
  readonly resolve: (bytes: Uint8Array | undefined) => void;
  readonly reject: (error: TierError) => void;
  readonly askedMs: number;
}

const waitMs = 50;
/** Late answers in a row after which nobody waits for more until one comes. */
const lateMax = 3;
/** How long after that it is tried again. */
const retryMs = 1_000;

export function createLookups(clock: Clock, send: (message: ToWorker) => void): Lookups {
  const waiting = new Map<number, Waiting>();
  let batch: { ids: number[]; keys: Uint8Array[] } = { ids: [], keys: [] };
  let nextId = 0;
  let late = 0;
  let lateSinceMs = 0;
  let failures = 0;
  let timer: Timer | undefined;

  const flush = (): void => {
    const { ids, keys } = batch;
    batch = { ids: [], keys: [] };
    send({ type: "get", ids, keys, nowMs: clock.epochMs() });
  };

  /** One timer watches the oldest lookup; the map keeps them in the order in which they were asked. */
  const watch = (): void => {
    timer = undefined;
    const nowMs = clock.monotonicMs();
    for (const [id, { reject, askedMs }] of waiting) {
      const leftMs = askedMs + waitMs - nowMs;
      if (leftMs > 0) {
        timer = clock.after(leftMs, watch);
        return;
      }
      waiting.delete(id);
      late += 1;
      lateSinceMs = nowMs;
      failures += 1;
      reject(new TierError("the cache's file was not read in time"));
    }
  };

  return {
    get(key) {
      return new Promise((resolve, reject) => {
        if (batch.ids.length === 0) queueMicrotask(flush);
        nextId += 1;
        batch.ids.push(nextId);
        batch.keys.push(key);
        waiting.set(nextId, { resolve, reject, askedMs: clock.monotonicMs() });
        timer ??= clock.after(waitMs, watch);
      });
    },
    got({ ids, found }) {
      late = 0;
      for (const [index, id] of ids.entries()) {
        waiting.get(id)?.resolve(found[index]);
        waiting.delete(id);
      }
    },
    failAll(why) {
      for (const { reject } of waiting.values()) reject(new TierError(why));
      waiting.clear();
      late = 0;
    },
    isAlive: () => late < lateMax || clock.monotonicMs() - lateSinceMs > retryMs,
    get failures() {
      return failures;
    },
  };
}
