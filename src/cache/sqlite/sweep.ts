import { type Handle, numberFrom, usedBytesOf, walBytesOf } from "./database.ts";
import type { SweepResult } from "./messages.ts";
import { type JobDone, type JobParts, sliceRows, turn } from "./slices.ts";

const vacuumPages = 256;
const walBytesMax = 64 * 1_024 ** 2;

/** Removes what has expired, and what is asked for least when the file is nearly full. */
export async function sweep({ database, bytesMax, isFull }: JobParts, nowMs: number): Promise<JobDone> {
  const beganMs = performance.now();
  const expired = await removeSlices(database, "expires <= ? ORDER BY expires", [nowMs]);
  const used = usedBytesOf(database);
  const isOver = isFull || used > bytesMax * 0.95;
  const evicted = isOver ? await evict(database, Math.min(bytesMax, used) * 0.9) : 0;
  const vacuumedPages = await vacuum(database, bytesMax);
  const isLong = walBytesOf(database) > walBytesMax;
  database.pragma(`wal_checkpoint(${isLong ? "TRUNCATE" : "PASSIVE"})`);
  const result: SweepResult = {
    expired,
    evicted,
    vacuumedPages,
    walBytes: walBytesOf(database),
    usedBytes: usedBytesOf(database),
    tookMs: Math.round(performance.now() - beganMs),
  };
  return { result, grown: -expired - evicted };
}

/** Removes what was not asked for longest until the file needs no more than so many bytes. */
async function evict(database: Handle, bytesMax: number): Promise<number> {
  let evicted = 0;
  while (usedBytesOf(database) > bytesMax) {
    const gone = removeSlice(database, "1 ORDER BY last_hit, hits", []);
    if (gone === 0) break;
    evicted += gone;
    database.pragma("wal_checkpoint(TRUNCATE)");
    await turn();
  }
  return evicted;
}

async function removeSlices(database: Handle, where: string, values: readonly unknown[]): Promise<number> {
  let removed = 0;
  for (;;) {
    const gone = removeSlice(database, where, values);
    removed += gone;
    if (gone < sliceRows) return removed;
    await turn();
  }
}

function removeSlice(database: Handle, where: string, values: readonly unknown[]): number {
  const rows = `SELECT rowid FROM entry WHERE ${where} LIMIT ${sliceRows}`;
  return database.prepare(`DELETE FROM entry WHERE rowid IN (${rows})`).run(...values).changes;
}

/** Gives room back to the disk only when the file itself is over its size; pages that are free are used again anyway. */
async function vacuum(database: Handle, bytesMax: number): Promise<number> {
  const before = numberFrom(database, "page_count");
  const pageBytes = numberFrom(database, "page_size");
  for (;;) {
    const pages = numberFrom(database, "page_count");
    const isWorthIt = numberFrom(database, "freelist_count") > pages * 0.2 && pages * pageBytes > bytesMax;
    if (!isWorthIt) return before - pages;
    database.pragma(`incremental_vacuum(${vacuumPages})`);
    await turn();
  }
}
