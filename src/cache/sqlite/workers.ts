import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { workerUrl } from "../../lib/worker-url.ts";
import { TierError } from "../tier.ts";
import type { FromWorker, Job, JobResults, ToWorker, WorkerSettings } from "./messages.ts";

/** Has the writer do a job. */
export type RunJob = <Kind extends Job["kind"]>(
  job: Extract<Job, { kind: Kind }>,
) => Promise<JobResults[Kind]>;

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

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: TierError) => void;
}

/** Starts the writer, which makes the file, and then the reader. */
export function startWorkers(settings: Omit<WorkerSettings, "role">, events: WorkerEvents): Workers {
  const jobs = new Map<number, Waiting>();
  let nextJob = 0;
  let reader: Worker | undefined;
  let isOver = false;

  const settle = (message: FromWorker): boolean => {
    if (message.type !== "done" && message.type !== "failed") return false;
    const waiting = jobs.get(message.id);
    jobs.delete(message.id);
    if (message.type === "done") waiting?.resolve(message.result);
    else waiting?.reject(new TierError(message.error));
    return true;
  };

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
      if (isOver || settle(message)) return;
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
    for (const { reject } of jobs.values()) reject(new TierError("the cache's thread has ended"));
    jobs.clear();
    await Promise.all([reader, writer].map(ended));
  };

  const writer = start("writer", (ready) => {
    reader = start("reader", () => events.onReady(ready));
  });

  return {
    toReader: (message) => reader?.postMessage(message, []),
    toWriter: (message) => writer.postMessage(message, []),
    job: <Kind extends Job["kind"]>(job: Extract<Job, { kind: Kind }>) =>
      new Promise<JobResults[Kind]>((resolve, reject) => {
        nextJob += 1;
        // The writer answers each kind of job with its own kind of result.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        jobs.set(nextJob, { resolve: (result) => resolve(result as JobResults[Kind]), reject });
        writer.postMessage({ type: "job", id: nextJob, job }, []);
      }),
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
