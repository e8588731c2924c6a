import { TierError } from "../tier.ts";
import type { FromWorker, Job, JobProgress, JobResults, ToWorker } from "./messages.ts";

/** Has the writer do a job; `onProgress` is told how far it is. */
export type RunJob = <Kind extends Job["kind"]>(
  job: Extract<Job, { kind: Kind }>,
  onProgress?: OnProgress,
) => Promise<JobResults[Kind]>;

export type OnProgress = (progress: JobProgress) => void;

/** The jobs that the writer has not answered yet. */
export interface WaitingJobs {
  /** Rejects with TierError. */
  readonly run: RunJob;
  /** Takes what the writer says of a job; false when it says something else. */
  readonly settle: (message: FromWorker) => boolean;
  readonly rejectAll: (reason: string) => void;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: TierError) => void;
  readonly onProgress: OnProgress | undefined;
}

export function createWaitingJobs(send: (message: ToWorker) => void): WaitingJobs {
  const jobs = new Map<number, Waiting>();
  let nextJob = 0;
  return {
    run: <Kind extends Job["kind"]>(job: Extract<Job, { kind: Kind }>, onProgress?: OnProgress) =>
      new Promise<JobResults[Kind]>((resolve, reject) => {
        nextJob += 1;
        // The writer answers each kind of job with its own kind of result.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        jobs.set(nextJob, { resolve: (result) => resolve(result as JobResults[Kind]), reject, onProgress });
        send({ type: "job", id: nextJob, job });
      }),
    settle(message) {
      if (message.type !== "done" && message.type !== "failed" && message.type !== "progress") return false;
      const waiting = jobs.get(message.id);
      if (message.type === "progress") {
        waiting?.onProgress?.(message.progress);
        return true;
      }
      jobs.delete(message.id);
      if (message.type === "done") waiting?.resolve(message.result);
      else waiting?.reject(new TierError(message.error));
      return true;
    },
    rejectAll(reason) {
      for (const { reject } of jobs.values()) reject(new TierError(reason));
      jobs.clear();
    },
  };
}
