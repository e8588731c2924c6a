import type { Handle } from "./database.ts";
import type { Job, PurgeResult } from "./messages.ts";
import { type JobDone, sliceRows, type Tell, turn } from "./slices.ts";
import { whereOf } from "./where.ts";

/** Removes what the filter means; with `dryRun` only counts it. */
export async function purge(
  database: Handle,
  { filter, dryRun }: Job & { kind: "purge" },
  tell: Tell,
): Promise<JobDone> {
  const { text, values } = whereOf(database, filter);
  const sum = database.prepare<unknown[], PurgeResult>(
    `SELECT count(*) AS entries, coalesce(sum(size), 0) AS bytes FROM entry WHERE ${text}`,
  );
  const meant = sum.get(...values);
  if (dryRun) return { result: meant, grown: 0 };
  const total = meant?.entries ?? 0;
  const some = database.prepare<unknown[], { id: number; size: number }>(
    `SELECT rowid AS id, size FROM entry WHERE ${text} AND rowid > ? ORDER BY rowid LIMIT ${sliceRows}`,
  );
  const remove = database.prepare<[number]>("DELETE FROM entry WHERE rowid = ?");
  let entries = 0;
  let bytes = 0;
  let after = 0;
  for (;;) {
    const rows = some.all(...values, after);
    database.transaction(() => {
      for (const { id } of rows) remove.run(id);
    })();
    entries += rows.length;
    bytes += rows.reduce((sum, { size }) => sum + size, 0);
    after = rows.at(-1)?.id ?? after;
    tell({ done: entries, total: Math.max(total, entries) });
    if (rows.length < sliceRows) return { result: { entries, bytes }, grown: -entries };
    await turn();
  }
}
