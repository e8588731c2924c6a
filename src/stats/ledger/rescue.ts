import Database from "better-sqlite3";
import { closeQuietly, type Handle, isRefused } from "./database.ts";

/**
 * Copies the rows of a damaged file that can still be read, in transactions of its own, and returns how many they were.
 * Throws what SQLite throws for the new file.
 */
export function rescue(database: Handle, damaged: string): number {
  const from = openQuietly(damaged);
  if (from === undefined) return 0;
  try {
    return rescueTable(database, from, "call") + rescueTable(database, from, "hold");
  } finally {
    closeQuietly(from);
  }
}

function openQuietly(file: string): Handle | undefined {
  try {
    return new Database(file, { readonly: true, fileMustExist: true });
  } catch {
    return undefined;
  }
}

const batchRows = 1_000;

function rescueTable(database: Handle, from: Handle, table: "call" | "hold"): number {
  const columns = database
    .prepare<[], string>(`SELECT name FROM pragma_table_info('${table}')`)
    .pluck()
    .all();
  const values = columns.map((column) => `@${column}`).join(", ");
  const insert = database.prepare<[unknown]>(
    `INSERT INTO ${table}(${columns.join(", ")}) VALUES (${values}) ON CONFLICT(uid) DO NOTHING`,
  );
  const insertAll = database.transaction((rows: readonly unknown[]) => {
    let copied = 0;
    for (const row of rows) {
      try {
        copied += insert.run(row).changes;
      } catch (thrown) {
        if (!isRefused(thrown)) throw thrown;
      }
    }
    return copied;
  });
  let copied = 0;
  let rows: unknown[] = [];
  for (const row of readable(from, table)) {
    rows.push(row);
    if (rows.length < batchRows) continue;
    copied += insertAll.immediate(rows);
    rows = [];
  }
  return copied + insertAll.immediate(rows);
}

/** The rows before the damage. */
function* readable(from: Handle, table: "call" | "hold"): Generator {
  try {
    // Without an order no index is read, which may be damaged where the rows are not.
    yield* from.prepare(`SELECT * FROM ${table} NOT INDEXED`).iterate();
  } catch {
    // What lies behind the damage stays in the file that was set aside.
  }
}
