import { parentPort, workerData } from "node:worker_threads";
import { codeOf, isCorrupt } from "./database.ts";
import type { FromWorker, ToWorker, WorkerSettings } from "./messages.ts";
import { createReader } from "./reader.ts";
import { createWriter, type Writer } from "./writer.ts";

// The one who starts this thread gives it just this.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const settings = workerData as WorkerSettings;

const tell = (message: FromWorker): void => parentPort?.postMessage(message, []);

/** A damaged file is told and ends the work; anything else is a bug, and ends the thread. */
function orTell<Value>(act: () => Value): Value | undefined {
  try {
    return act();
  } catch (thrown) {
    if (!isCorrupt(thrown)) throw thrown;
    tell({ type: "corrupt", error: codeOf(thrown) || String(thrown) });
    parentPort?.close();
    return undefined;
  }
}

/** Hands each message to `take` until the last one, which ends the thread. */
function listen(take: (message: ToWorker) => void): void {
  parentPort?.on("message", (message: ToWorker) => {
    try {
      take(message);
    } finally {
      if (message.type === "end") parentPort?.close();
    }
  });
}

function runReader(): void {
  const answer = orTell(() => createReader(settings.path));
  if (answer === undefined) return;
  tell({ type: "ready", entries: 0, usedBytes: 0 });
  listen((message) => {
    const reply = orTell(() => answer(message));
    if (reply !== undefined) tell(reply);
  });
}

function runWriter(): void {
  const writer = orTell(() => createWriter(settings));
  if (writer === undefined) return;
  const { entries, usedBytes } = writer.state();
  tell({ type: "ready", entries, usedBytes });
  listen((message) => {
    if (message.type === "write") {
      const reply = orTell(() => writer.write(message));
      if (reply !== undefined) tell(reply);
    } else if (message.type === "job") void runOne(writer, message);
    else if (message.type === "end") writer.close();
  });
}

async function runOne(writer: Writer, { id, job }: ToWorker & { type: "job" }): Promise<void> {
  try {
    const result = await writer.job(job, (progress) => tell({ type: "progress", id, progress }));
    tell({ type: "done", id, result });
  } catch (thrown) {
    tell({ type: "failed", id, error: thrown instanceof Error ? thrown.message : String(thrown) });
    if (isCorrupt(thrown)) tell({ type: "corrupt", error: codeOf(thrown) });
  }
}

if (settings.role === "writer") runWriter();
else runReader();
