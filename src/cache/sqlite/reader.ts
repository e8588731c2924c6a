import { openToRead } from "./database.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

const touchAfterMs = 3_600_000;

interface Row {
  readonly rec: Buffer;
  readonly last_hit: number;
}

/** The worker that looks up. Returns what takes its messages; throws what SQLite throws. */
export function createReader(path: string): (message: ToWorker) => FromWorker | undefined {
  const database = openToRead(path);
  const find = database.prepare<[Uint8Array, number], Row>(
    "SELECT rec, last_hit FROM entry WHERE key = ? AND expires > ?",
  );
  return (message) => {
    if (message.type === "end") database.close();
    if (message.type !== "get") return undefined;
    const { ids, keys, nowMs } = message;
    const touches: Uint8Array[] = [];
    const found = keys.map((key) => {
      const row = find.get(key, nowMs);
      if (row !== undefined && nowMs - row.last_hit > touchAfterMs) touches.push(key);
      return row === undefined ? undefined : new Uint8Array(row.rec);
    });
    return { type: "got", ids, found, touches };
  };
}
