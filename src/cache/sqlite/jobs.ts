import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { globPattern, namesOf } from "../names.ts";
import { type Handle, numberFrom, openToRead, usedBytesOf, walBytesOf } from "./database.ts";
import type { EntryFilter, EntryRow, FromWorker, Job, PurgeResult, SweepResult } from "./messages.ts";

interface JobParts {
  readonly database: Handle;
  readonly bytesMax: number;
  /** Whether the last batch found no room. */
  readonly isFull: boolean;
}

interface JobDone {
  readonly result: unknown;
  /** Entries that are gone. */
  readonly removed: number;
}

/** Rows that are removed at once, and the pause after that in which writes get their turn. */
const sliceRows = 100;
const sliceMs = 20;
const vacuumPages = 256;
const walBytesMax = 64 * 1_024 ** 2;

/** Does one job in slices, so that writes never wait long. Rejects with what SQLite throws. */
export async function runJob(
  parts: JobParts,
  job: Job,
  tell: (message: FromWorker) => void,
): Promise<JobDone> {
  switch (job.kind) {
    case "sweep":
      return sweep(parts, job.nowMs);
    case "purge":
      return purge(parts.database, job, tell);
    case "list":
      return { result: list(parts.database, job), removed: 0 };
    case "backup":
    default:
      return { result: await backup(parts.database, job.path), removed: 0 };
  }
}

async function sweep({ database, bytesMax, isFull }: JobParts, nowMs: number): Promise<JobDone> {
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
  return { result, removed: expired + evicted };
}

/** Removes what was not asked for longest until the file needs no more than so many bytes. */
async function evict(database: Handle, bytesMax: number): Promise<number> {
  let evicted = 0;
  while (usedBytesOf(database) > bytesMax) {
    const gone = removeSlice(database, "1 ORDER BY last_hit, hits", []);
    if (gone === 0) break;
    evicted += gone;
    database.pragma("wal_checkpoint(TRUNCATE)");
    await sleep(sliceMs);
  }
  return evicted;
}

async function removeSlices(database: Handle, where: string, values: readonly unknown[]): Promise<number> {
  let removed = 0;
  for (;;) {
    const gone = removeSlice(database, where, values);
    removed += gone;
    if (gone < sliceRows) return removed;
    await sleep(sliceMs);
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
    await sleep(sliceMs);
  }
}

interface Where {
  readonly text: string;
  readonly values: readonly unknown[];
}

function whereOf(database: Handle, { model, scope, keyPrefix, beforeMs }: EntryFilter): Where {
  const parts: string[] = ["1"];
  const values: unknown[] = [];
  if (model !== undefined) parts.push(`model IN (${modelIds(database, model).join(",")})`);
  if (scope !== undefined) {
    parts.push("scope = (SELECT id FROM scope WHERE name = ?)");
    values.push(scope);
  }
  if (keyPrefix !== undefined) {
    parts.push("substr(hex(key), 1, ?) = ?");
    values.push(keyPrefix.length, keyPrefix.toUpperCase());
  }
  if (beforeMs !== undefined) {
    parts.push("created < ?");
    values.push(beforeMs);
  }
  return { text: parts.join(" AND "), values };
}

function modelIds(database: Handle, glob: string): number[] {
  const pattern = globPattern(glob);
  const models = database.prepare<[], { id: number; name: string }>("SELECT id, name FROM model").all();
  return models.filter(({ name }) => namesOf(name).some((one) => pattern.test(one))).map(({ id }) => id);
}

async function purge(
  database: Handle,
  { filter, dryRun }: Job & { kind: "purge" },
  tell: (message: FromWorker) => void,
): Promise<JobDone> {
  const { text, values } = whereOf(database, filter);
  if (dryRun) {
    const sum = database.prepare<unknown[], PurgeResult>(
      `SELECT count(*) AS entries, coalesce(sum(size), 0) AS bytes FROM entry WHERE ${text}`,
    );
    return { result: sum.get(...values), removed: 0 };
  }
  const some = database.prepare<unknown[], { key: Buffer; size: number }>(
    `SELECT key, size FROM entry WHERE ${text} LIMIT ${sliceRows}`,
  );
  const remove = database.prepare<[Uint8Array]>("DELETE FROM entry WHERE key = ?");
  let entries = 0;
  let bytes = 0;
  for (;;) {
    const rows = some.all(...values);
    database.transaction(() => {
      for (const { key } of rows) remove.run(key);
    })();
    entries += rows.length;
    bytes += rows.reduce((sum, { size }) => sum + size, 0);
    tell({ type: "purged", keys: rows.map(({ key }) => new Uint8Array(key)) });
    if (rows.length < sliceRows) return { result: { entries, bytes }, removed: entries };
    await sleep(sliceMs);
  }
}

function list(database: Handle, { filter, after, limit }: Job & { kind: "list" }): EntryRow[] {
  const { text, values } = whereOf(database, filter);
  const rows = database.prepare<unknown[], EntryRow>(
    `SELECT lower(hex(key)) AS key, scope.name AS scope, model.name AS model, created AS createdMs,
       expires AS keepUntilMs, last_hit AS lastHitMs, hits, size AS bytes, saved_ms AS savedMs
     FROM entry JOIN scope ON scope.id = entry.scope JOIN model ON model.id = entry.model
     WHERE ${text.replaceAll(/\b(scope|model) (=|IN)/g, "entry.$1 $2")} AND key > ? ORDER BY key LIMIT ?`,
  );
  return rows.all(...values, Buffer.from(after, "hex"), limit);
}

/** A whole copy, made while writes go on, checked before it takes its name. */
async function backup(database: Handle, file: string): Promise<{ bytes: number; tookMs: number }> {
  const beganMs = performance.now();
  const temporary = `${file}.part`;
  rmSync(temporary, { force: true });
  await database.backup(temporary, { progress: () => 1_000 });
  chmodSync(temporary, 0o600);
  const copy = openToRead(temporary);
  const verdict = copy.pragma("quick_check(1)", { simple: true });
  copy.close();
  if (verdict !== "ok") throw new Error(`the copy is damaged: ${String(verdict)}`);
  const descriptor = openSync(temporary, "r+");
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(temporary, file);
  return { bytes: statSync(file).size, tookMs: Math.round(performance.now() - beganMs) };
}
