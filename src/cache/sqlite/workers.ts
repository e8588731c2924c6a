import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { workerUrl } from "../../lib/worker-url.ts";
import type { FromWorker, ToWorker, WorkerSettings } from "./messages.ts";
import { createWaitingJobs, type RunJob } from "./waiting.ts";

/** The two threads of the tier. */
export interface Workers {
  readonly toReader: (message: ToWorker) => void;
  readonly toWriter: (message: ToWorker) => void;
  /** Rejects with TierError. */
  readonly job: RunJob;
  /** Has them finish and close the file; resolves when they are gone, which the process waits for. */
  readonly end: () => Promise<void>;
}

export interface WorkerEvents {
  /** Both are there. */
  readonly onReady: (message: FromWorker & { type: "ready" }) => void;
  readonly onMessage: (message: FromWorker) => void;
  /** One of them ended by itself. */
  readonly onExit: (error: string) => void;
}

/** Starts the writer, which makes the file, and then the reader. */
export function startWorkers(settings: Omit<WorkerSettings, "role">, events: WorkerEvents): Workers {
  const jobs = createWaitingJobs((message) => writer.postMessage(message, []));
  let reader: Worker | undefined;
  let isOver = false;

  const start = (
    role: WorkerSettings["role"],
    onReady: (message: FromWorker & { type: "ready" }) => void,
  ): Worker => {
    const worker = new Worker(workerUrl("worker", import.meta.url), {
      workerData: { ...settings, role },
      execArgv: [],
    });
    let problem = "it ended";
    worker.on("message", (message: FromWorker) => {
      if (isOver || jobs.settle(message)) return;
      if (message.type === "ready") onReady(message);
      else events.onMessage(message);
    });
    worker.on("error", (error) => (problem = error instanceof Error ? error.message : String(error)));
    worker.on("exit", () => {
      if (isOver) return;
      void end();
      events.onExit(problem);
    });
    worker.unref();
    return worker;
  };

  const end = async (): Promise<void> => {
    isOver = true;
    jobs.rejectAll("the cache's thread has ended");
    await Promise.all([reader, writer].map(ended));
  };

  const writer = start("writer", (ready) => {
    reader = start("reader", () => events.onReady(ready));
  });

  return {
    toReader: (message) => reader?.postMessage(message, []),
    toWriter: (message) => writer.postMessage(message, []),
    job: jobs.run,
    end,
  };
}

/** A thread that has ended already has no number any more. */
async function ended(worker: Worker | undefined): Promise<void> {
  if (worker === undefined || worker.threadId < 0) return;
  const gone = once(worker, "exit");
  worker.ref();
  worker.postMessage({ type: "end" }, []);
  await gone;
}
