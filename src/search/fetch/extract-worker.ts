import { parentPort, workerData } from "node:worker_threads";
import { extract } from "./article.ts";
import { isSettings, isSource } from "./extract-messages.ts";

/** The thread that reads pages: it is stopped when one takes too long, so that nothing else stands still for it. */
const settings = isSettings(workerData) ? workerData : { lettersMax: 0 };

parentPort?.on("message", (message: unknown) => {
  if (isSource(message)) parentPort?.postMessage(extract(message, settings), []);
});
