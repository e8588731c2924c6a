import { closeSync, existsSync, mkdirSync, openSync, renameSync } from "node:fs";
import path from "node:path";
import Database from "better-sqlite3";

export type Handle = Database.Database;

/** "chsu", so that nobody takes another file for ours. */
const applicationId = 0x63_68_73_75;

/** Each step leads to the next `user_version`; a step that was published is never changed. */
const migrations = [
  `
CREATE TABLE call(uid TEXT PRIMARY KEY, request_id TEXT NOT NULL, time_ms INTEGER NOT NULL, key_name TEXT, session TEXT,
  endpoint TEXT NOT NULL, asked_model TEXT NOT NULL, answered_model TEXT, upstream TEXT, is_cloud INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL, is_estimated INTEGER NOT NULL, cost_nano_usd INTEGER NOT NULL,
  cost_source TEXT NOT NULL, baseline_nano_usd INTEGER NOT NULL, avoided_nano_usd INTEGER NOT NULL, cache TEXT,
  hops TEXT NOT NULL, status INTEGER NOT NULL, error TEXT) STRICT;
CREATE INDEX call_time ON call(time_ms);
CREATE INDEX call_request ON call(request_id);
CREATE TABLE hold(uid TEXT PRIMARY KEY, owner TEXT NOT NULL, request_id TEXT NOT NULL, time_ms INTEGER NOT NULL,
  key_name TEXT, endpoint TEXT NOT NULL, model TEXT NOT NULL, upstream TEXT NOT NULL, max_nano_usd INTEGER NOT NULL)
  STRICT;
`,
];

/** A file that is no ledger; it is set aside like a damaged one. */
class ForeignFileError extends Error {
  override readonly name = "ForeignFileError";
}

/** Opens the ledger's file to write, and makes it when there is none. Throws what SQLite and the file system throw. */
export function openLedger(file: string): Handle {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  // SQLite gives the files beside it the rights of this one.
  closeSync(openSync(file, "a", 0o600));
  const database = new Database(file);
  try {
    database.pragma("busy_timeout = 2000");
    checkOwn(database);
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = NORMAL");
    database.pragma("journal_size_limit = 16777216");
    migrate(database);
    return database;
  } catch (thrown) {
    closeQuietly(database);
    throw thrown;
  }
}

/** Opens the ledger's file to read only. Throws what SQLite throws, and an Error that says so for another's file. */
export function openLedgerToRead(file: string): Handle {
  const database = new Database(file, { readonly: true, fileMustExist: true });
  try {
    database.pragma("busy_timeout = 2000");
    checkOwn(database);
    return database;
  } catch (thrown) {
    closeQuietly(database);
    throw thrown;
  }
}

function checkOwn(database: Handle): void {
  const id = numberFrom(database, "application_id");
  const tables = Number(database.prepare("SELECT count(*) FROM sqlite_schema").pluck().get());
  if (id !== applicationId && (id !== 0 || tables > 0))
    throw new ForeignFileError("the file holds another database");
  // A newer Chasqui's file is neither damaged nor foreign: it stays where it is.
  if (numberFrom(database, "user_version") > migrations.length)
    throw new Error("the file was made by a newer version");
}

function migrate(database: Handle): void {
  if (numberFrom(database, "user_version") === migrations.length) return;
  database
    .transaction(() => {
      for (const step of migrations.slice(numberFrom(database, "user_version"))) database.exec(step);
      database.pragma(`application_id = ${applicationId}`);
      database.pragma(`user_version = ${migrations.length}`);
    })
    .immediate();
}

/** Writes a page without changing anything, so that a file that cannot be written is found out. Throws what SQLite throws. */
export const touch = (database: Handle): void => void database.pragma(`user_version = ${migrations.length}`);

const numberFrom = (database: Handle, pragma: string): number =>
  Number(database.pragma(pragma, { simple: true }));

export function closeQuietly(database: Handle): void {
  try {
    database.close();
  } catch {
    // What cannot be closed any more has nothing left to lose.
  }
}

/** Gives the damaged file another name, with what waits beside it, and returns it. Throws what the file system throws. */
export function moveAside(file: string, nowMs: number): string {
  const aside = `${file}.corrupt-${nowMs}`;
  renameSync(file, aside);
  // The write-ahead log may hold the last rows: it goes with its file, by whose name SQLite finds it.
  for (const rest of ["-wal", "-shm"]) if (existsSync(file + rest)) renameSync(file + rest, aside + rest);
  return aside;
}

/** Whether the file itself is damaged, or not ours. */
export const isCorrupt = (thrown: unknown): boolean =>
  thrown instanceof ForeignFileError || /^SQLITE_(?:CORRUPT|NOTADB)/.test(codeOf(thrown));

/** Whether a change is refused for what it says, so that it is of no use to try it again. */
export const isRefused = (thrown: unknown): boolean =>
  thrown instanceof TypeError ||
  thrown instanceof RangeError ||
  /^SQLITE_(?:CONSTRAINT|MISMATCH|TOOBIG|RANGE)/.test(codeOf(thrown));

/** An error in one line: the code when there is one. */
export const errorText = (thrown: unknown): string =>
  codeOf(thrown) || (thrown instanceof Error ? thrown.message : String(thrown));

const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : "";
