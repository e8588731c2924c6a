import type { Handle } from "./database.ts";
import type { CensusRow, EntryRow, Job } from "./messages.ts";
import { whereOf } from "./where.ts";

/** Entries in the order of their keys. */
export function list(database: Handle, { filter, after, limit }: Job & { kind: "list" }): EntryRow[] {
  const { text, values } = whereOf(database, filter);
  const rows = database.prepare<unknown[], EntryRow>(
    `SELECT lower(hex(key)) AS key, scope.name AS scope, model.name AS model, created AS createdMs,
       expires AS keepUntilMs, last_hit AS lastHitMs, hits, size AS bytes, saved_ms AS savedMs
     FROM entry JOIN scope ON scope.id = entry.scope JOIN model ON model.id = entry.model
     WHERE ${text.replaceAll(/\b(scope|model) (=|IN)/g, "entry.$1 $2")} AND key > ? ORDER BY key LIMIT ?`,
  );
  return rows.all(...values, Buffer.from(after, "hex"), limit);
}

/** How many entries there are of each model in each scope; read from an index alone. */
export function census(database: Handle): CensusRow[] {
  return database
    .prepare<[], CensusRow>(
      `SELECT model.name AS model, scope.name AS scope, entries FROM
         (SELECT model, scope, count(*) AS entries FROM entry GROUP BY model, scope) AS counted
         JOIN model ON model.id = counted.model JOIN scope ON scope.id = counted.scope
       ORDER BY entries DESC, model.name, scope.name`,
    )
    .all();
}
