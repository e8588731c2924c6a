import { parentPort, workerData } from "node:worker_threads";
import { isAsk, type Told } from "./vector-messages.ts";
import { createVectors } from "./vectors.ts";

/** The thread that searches, so that the one that relays does not stand still meanwhile. */
const tell = (told: Told): void => parentPort?.postMessage(told, []);
const vectors = createVectors({
  vectorsMax: Number(workerData),
  onEvict: (id) => tell({ kind: "gone", id }),
});

parentPort?.on("message", (message: unknown) => {
  if (!isAsk(message)) return;
  if (message.kind === "remove") vectors.remove(message.id);
  else if (message.kind === "search")
    tell({ kind: "found", call: message.call, near: vectors.search(message.partition, message.vector) });
  else if (!vectors.add(message)) tell({ kind: "gone", id: message.id });
});
