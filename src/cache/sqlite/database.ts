import { chmodSync, existsSync, statSync } from "node:fs";
import Database from "better-sqlite3";

export type Handle = Database.Database;

const pageBytes = 8_192;
/** "chsq", so that nobody takes another file for ours. */
const applicationId = 0x63_68_73_71;
const schemaVersion = 1;

const schema = `
CREATE TABLE scope(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE model(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE entry(key BLOB PRIMARY KEY, scope INTEGER NOT NULL, model INTEGER NOT NULL, created INTEGER NOT NULL,
  expires INTEGER NOT NULL, last_hit INTEGER NOT NULL, hits INTEGER NOT NULL, size INTEGER NOT NULL,
  saved_ms INTEGER NOT NULL, rec BLOB NOT NULL);
CREATE INDEX entry_expires ON entry(expires);
CREATE INDEX entry_last_hit ON entry(last_hit, hits);
CREATE INDEX entry_model ON entry(model, scope);
`;

/** A file that is no database of ours; it is set aside like a damaged one. */
export class ForeignFileError extends Error {
  override readonly name = "ForeignFileError";
}

/** Opens the file to write, and makes it when there is none; `bytesMax` bounds it. Throws what SQLite throws. */
export function openToWrite(path: string, bytesMax: number): Handle {
  const isNew = !existsSync(path) || statSync(path).size === 0;
  const database = new Database(path);
  if (isNew) {
    chmodSync(path, 0o600);
    database.pragma("auto_vacuum = INCREMENTAL");
    database.pragma(`page_size = ${pageBytes}`);
  }
  tune(database);
  database.pragma("synchronous = NORMAL");
  database.pragma("wal_autocheckpoint = 4000");
  database.pragma("journal_size_limit = 67108864");
  database.pragma(`max_page_count = ${Math.max(64, Math.floor(bytesMax / pageBytes))}`);
  const version = numberFrom(database, "user_version");
  const tables = Number(database.prepare("SELECT count(*) FROM sqlite_schema").pluck().get());
  if (version === 0 && tables === 0) create(database);
  else
    try {
      checkOwn(database);
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  return database;
}

/** Throws ForeignFileError for a database that is not ours, or of another version. */
export function checkOwn(database: Handle): void {
  const isOurs = numberFrom(database, "application_id") === applicationId;
  if (!isOurs || numberFrom(database, "user_version") !== schemaVersion)
    throw new ForeignFileError("the file holds another database");
}

/** Throws what SQLite throws for a damaged file, when its pages are. */
export function checkFile(database: Handle): void {
  const verdict = database.pragma("quick_check(1)", { simple: true });
  if (verdict !== "ok")
    throw new Database.SqliteError(`the file is damaged: ${String(verdict)}`, "SQLITE_CORRUPT");
}

function create(database: Handle): void {
  database.transaction(() => {
    database.exec(schema);
    database.pragma(`application_id = ${applicationId}`);
    database.pragma(`user_version = ${schemaVersion}`);
  })();
}

/** Opens the file to read only; the writer must have made it. */
export function openToRead(path: string): Handle {
  const database = new Database(path, { readonly: true, fileMustExist: true });
  tune(database);
  return database;
}

function tune(database: Handle): void {
  database.pragma("busy_timeout = 250");
  if (!database.readonly) database.pragma("journal_mode = WAL");
  database.pragma("cache_size = -65536");
  database.pragma("mmap_size = 268435456");
}

export function numberFrom(database: Handle, pragma: string): number {
  return Number(database.pragma(pragma, { simple: true }));
}

/** Bytes of the pages in use, what waits in the write-ahead log included. */
export function usedBytesOf(database: Handle): number {
  const pages = numberFrom(database, "page_count") - numberFrom(database, "freelist_count");
  return pages * numberFrom(database, "page_size") + walBytesOf(database);
}

export function walBytesOf(database: Handle): number {
  return statSync(`${database.name}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

/** The codes of SQLite that mean the file itself is damaged. */
export function isCorrupt(thrown: unknown): boolean {
  return thrown instanceof ForeignFileError || /^SQLITE_(?:CORRUPT|NOTADB)/.test(codeOf(thrown));
}

/** Says of damage that it is `what` that has it, so that it is not taken for damage of the file in use. */
export function sayingOf<Value>(what: string, act: () => Value): Value {
  try {
    return act();
  } catch (thrown) {
    if (!isCorrupt(thrown)) throw thrown;
    throw new Error(`${what}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, {
      cause: thrown,
    });
  }
}

/** The codes that mean there is no room, or no way to write now. */
export function isFull(thrown: unknown): boolean {
  return /^SQLITE_(?:FULL|IOERR|READONLY|CANTOPEN|BUSY)/.test(codeOf(thrown));
}

export const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : "";
