import { statfsSync } from "node:fs";
import path from "node:path";
import { codeOf, type Handle, isCorrupt, isFull, openToWrite, usedBytesOf } from "./database.ts";
import { idOf } from "./ids.ts";
import { runJob } from "./jobs.ts";
import { countOf } from "./slices.ts";
import type { FileState, FromWorker, Job, JobProgress, ToWorker, WorkerSettings } from "./messages.ts";

export interface Writer {
  readonly state: () => FileState;
  readonly write: (message: ToWorker & { type: "write" }) => FromWorker;
  readonly close: () => void;
  readonly job: (job: Job, tell: (progress: JobProgress) => void) => Promise<unknown>;
}

/** The worker that writes, cleans up and copies. Throws what SQLite throws. */
export function createWriter({ path: file, bytesMax, diskFreeBytesMin }: WorkerSettings): Writer {
  const database = openToWrite(file, bytesMax);
  const write = prepareWrite(database);
  let entries = countOf(database);
  let full: string | undefined;

  const hasRoom = (): boolean => {
    const { bavail, bsize } = statfsSync(path.dirname(file));
    return bavail * bsize >= diskFreeBytesMin;
  };
  const state = (): FileState => ({ entries, usedBytes: usedBytesOf(database), full });

  return {
    state,
    write(message) {
      const { puts, removes } = message;
      const bytes = puts.reduce((sum, put) => sum + put.bytes.length, 0);
      try {
        full = hasRoom() || puts.length === 0 ? undefined : "the disk is nearly full";
        if (full === undefined) entries += write(message);
      } catch (thrown) {
        if (isCorrupt(thrown) || !isFull(thrown)) throw thrown;
        full = codeOf(thrown);
      }
      return { type: "wrote", operations: puts.length + removes.length, bytes, state: state() };
    },
    close() {
      database.pragma("wal_checkpoint(TRUNCATE)");
      database.close();
    },
    async job(job, tell) {
      const { result, grown } = await runJob(
        { database, bytesMax, isFull: full === "SQLITE_FULL" },
        job,
        tell,
      );
      entries += grown;
      return result;
    },
  };
}

/** Writes one batch in one transaction; returns by how many entries the file grew. */
function prepareWrite(database: Handle): (message: ToWorker & { type: "write" }) => number {
  const scopeId = idOf(database, "scope");
  const modelId = idOf(database, "model");
  const has = database.prepare<[Uint8Array], number>("SELECT 1 FROM entry WHERE key = ?").pluck();
  const put = database.prepare(
    `INSERT INTO entry(key, scope, model, created, expires, last_hit, hits, size, saved_ms, rec)
     VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?)
     ON CONFLICT(key) DO UPDATE SET scope = excluded.scope, model = excluded.model, created = excluded.created,
       expires = excluded.expires, last_hit = excluded.last_hit, size = excluded.size, saved_ms = excluded.saved_ms,
       rec = excluded.rec`,
  );
  const remove = database.prepare<[Uint8Array]>("DELETE FROM entry WHERE key = ?");
  const touch = database.prepare<[number, Uint8Array]>(
    "UPDATE entry SET last_hit = ?, hits = hits + 1 WHERE key = ?",
  );
  return database.transaction((message: ToWorker & { type: "write" }) => {
    let grown = 0;
    for (const { key, bytes, note } of message.puts) {
      if (has.get(key) === undefined) grown += 1;
      const { createdMs, keepUntilMs, savedMs } = note;
      const ids = [scopeId(note.scope), modelId(note.model)];
      put.run(key, ...ids, createdMs, keepUntilMs, message.nowMs, bytes.length, savedMs, bytes);
    }
    for (const key of message.removes) grown -= remove.run(key).changes;
    for (const key of message.touches) touch.run(message.nowMs, key);
    return grown;
  });
}
