import type { Handle } from "./database.ts";
import type { Job, PurgeResult } from "./messages.ts";
import { type JobDone, sliceRows, type Tell, turn } from "./slices.ts";
import { whereOf } from "./where.ts";

/** Removes what the filter means, and tells which keys. */
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
    tell({ done: entries, total, keys: rows.map(({ key }) => new Uint8Array(key)) });
    if (rows.length < sliceRows) return { result: { entries, bytes }, grown: -entries };
    await turn();
  }
}
