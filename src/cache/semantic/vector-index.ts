import { Worker } from "node:worker_threads";
import { workerUrl } from "../../lib/worker-url.ts";
import { isTold, type Ask } from "./vector-messages.ts";
import type { Near } from "./vectors.ts";

/** The vectors, in a thread of their own. */
export interface VectorIndex {
  /** The nearest of a partition, nearest first. Rejects when the thread has gone. */
  readonly search: (partition: string, vector: Float32Array) => Promise<readonly Near[]>;
  /** Keeps a vector when there is time; one that is refused is told to `onGone`. */
  readonly add: (one: {
    readonly id: string;
    readonly partition: string;
    readonly vector: Float32Array;
  }) => void;
  readonly remove: (id: string) => void;
  readonly close: () => Promise<void>;
}

export interface VectorIndexParts {
  readonly vectorsMax: number;
  /** A vector is no longer there. */
  readonly onGone: (id: string) => void;
  /** The thread ended by itself, and with it all vectors; the next use starts another. */
  readonly onLost: (reason: string) => void;
  /** Where the thread's program is. */
  readonly program: URL;
}

interface Waiter {
  readonly resolve: (near: readonly Near[]) => void;
  readonly reject: (error: Error) => void;
}

/** Starts the thread when it is first used. */
export function createVectorIndex({ vectorsMax, onGone, onLost, program }: VectorIndexParts): VectorIndex {
  const waiting = new Map<number, Waiter>();
  let worker: Worker | undefined;
  let calls = 0;
  let isClosed = false;

  const hear = (message: unknown): void => {
    if (!isTold(message)) return;
    if (message.kind === "gone") return onGone(message.id);
    waiting.get(message.call)?.resolve(message.near);
    waiting.delete(message.call);
  };

  const lose = (lost: Worker, reason: string): void => {
    if (worker !== lost) return;
    worker = undefined;
    for (const { reject } of waiting.values()) reject(new Error("the searching thread has gone"));
    waiting.clear();
    onLost(reason);
  };

  const start = (): Worker => {
    const started = new Worker(program, { workerData: vectorsMax });
    started.unref();
    started.on("message", hear);
    started.on("error", (error) => lose(started, error instanceof Error ? error.message : "error"));
    started.on("exit", () => lose(started, "exit"));
    return started;
  };

  const ask = (message: Ask): void => {
    if (isClosed) return;
    worker ??= start();
    worker.postMessage(message, []);
  };

  return {
    search: (partition, vector) =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(new Error("the index is closed"));
        calls += 1;
        waiting.set(calls, { resolve, reject });
        ask({ kind: "search", call: calls, partition, vector });
      }),
    add: (one) => ask({ kind: "add", ...one }),
    remove: (id) => ask({ kind: "remove", id }),
    async close() {
      isClosed = true;
      const last = worker;
      worker = undefined;
      for (const { reject } of waiting.values()) reject(new Error("the index is closed"));
      waiting.clear();
      await last?.terminate();
    },
  };
}

/** The same, with the program beside this file. */
export const openVectorIndex = (parts: Omit<VectorIndexParts, "program">): VectorIndex =>
  createVectorIndex({ ...parts, program: workerUrl("vector-worker", import.meta.url) });
