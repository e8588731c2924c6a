import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { workerUrl } from "../../lib/worker-url.ts";
import type { FromLedger, LedgerThreadSettings, ToLedger } from "./messages.ts";

/** The thread that has the file; messages are answered in their order. */
export interface LedgerThread {
  /** Starts the thread when it is not there. */
  readonly post: (message: ToLedger) => void;
  /** Has it finish and close the file; resolves when it is gone, which the process waits for. */
  readonly end: () => Promise<void>;
}

export interface LedgerThreadEvents {
  readonly onMessage: (message: FromLedger) => void;
  /** It ended by itself, and what was on its way may or may not be done. */
  readonly onExit: (error: string) => void;
}

export function createLedgerThread(
  settings: LedgerThreadSettings,
  { onMessage, onExit }: LedgerThreadEvents,
): LedgerThread {
  let running: Worker | undefined;

  const start = (): Worker => {
    const worker = new Worker(workerUrl("worker", import.meta.url), { workerData: settings, execArgv: [] });
    let problem = "the ledger's thread ended";
    worker.on("message", onMessage);
    worker.on("error", (error) => (problem = error instanceof Error ? error.message : String(error)));
    worker.on("exit", () => {
      if (running !== worker) return;
      running = undefined;
      onExit(problem);
    });
    worker.unref();
    return worker;
  };
  return {
    post(message) {
      running ??= start();
      running.postMessage(message, []);
    },
    async end() {
      const ending = running;
      running = undefined;
      if (ending === undefined) return;
      const gone = once(ending, "exit");
      ending.ref();
      ending.postMessage({ type: "end" }, []);
      await gone;
    },
  };
}
