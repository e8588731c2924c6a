import type { EntryFault } from "../entry.ts";
import { unpackStored } from "../stored.ts";
import { checkFile, type Handle, sayingOf } from "./database.ts";
import type { Job, VerifyResult } from "./messages.ts";
import { countOf, type JobDone, sliceRows, type Tell, turn } from "./slices.ts";

interface Row {
  readonly key: Buffer;
  readonly rec: Buffer;
}

/** Checks the file, and each entry as a lookup would; what is damaged is removed, unless it is a dry run.
 * A file that is damaged itself is set aside. */
export async function verify(
  database: Handle,
  { secret, dryRun }: Job & { kind: "verify" },
  tell: Tell,
): Promise<JobDone> {
  const beganMs = performance.now();
  if (dryRun) sayingOf("the cache's file", () => checkFile(database));
  else checkFile(database);
  const total = countOf(database);
  const some = database.prepare<[Uint8Array], Row>(
    `SELECT key, rec FROM entry WHERE key > ? ORDER BY key LIMIT ${sliceRows}`,
  );
  const remove = database.prepare<[Uint8Array]>("DELETE FROM entry WHERE key = ?");
  const damaged: Partial<Record<EntryFault, number>> = {};
  let entries = 0;
  let removed = 0;
  let after: Uint8Array = new Uint8Array(0);
  for (;;) {
    const rows = some.all(after);
    const bad = rows.filter(({ key, rec }) => {
      const fault = unpackStored(rec, { secret, key });
      if (typeof fault === "string") damaged[fault] = (damaged[fault] ?? 0) + 1;
      return typeof fault === "string";
    });
    if (!dryRun) for (const { key } of bad) removed += remove.run(key).changes;
    entries += rows.length;
    after = rows.at(-1)?.key ?? after;
    tell({ done: entries, total: Math.max(total, entries) });
    if (rows.length < sliceRows) break;
    await turn();
  }
  const result: VerifyResult = { entries, damaged, tookMs: Math.round(performance.now() - beganMs) };
  return { result, grown: -removed };
}
