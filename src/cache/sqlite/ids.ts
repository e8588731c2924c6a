import type { Handle } from "./database.ts";

/** The number that stands for a name in the table of entries. */
export function idOf(database: Handle, table: "scope" | "model"): (name: string) => number {
  const insert = database.prepare<[string]>(`INSERT OR IGNORE INTO ${table}(name) VALUES (?)`);
  const find = database.prepare<[string], number>(`SELECT id FROM ${table} WHERE name = ?`).pluck();
  return (name) => {
    const known = find.get(name);
    if (known !== undefined) return known;
    insert.run(name);
    return find.get(name) ?? 0;
  };
}
