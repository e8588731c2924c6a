import { resealEntry } from "../stored.ts";
import { checkFile, checkOwn, codeOf, type Handle, openToRead, sayingOf } from "./database.ts";
import { idOf } from "./ids.ts";
import type { ImportResult, Job } from "./messages.ts";
import { countOf, type JobDone, sliceRows, type Tell, turn } from "./slices.ts";

interface Row {
  readonly id: number;
  readonly key: Buffer;
  readonly scope: string;
  readonly model: string;
  readonly created: number;
  readonly expires: number;
  readonly last_hit: number;
  readonly hits: number;
  readonly saved_ms: number;
  readonly rec: Buffer;
}

/** Looks whether a file is a whole cache of ours. Throws when it is not. */
export function inspect(file: string): { readonly entries: number } {
  return sayingOf("the copy", () => {
    const copy = openToRead(file);
    try {
      checkOwn(copy);
      checkFile(copy);
      return { entries: countOf(copy) };
    } finally {
      copy.close();
    }
  });
}

/** Takes the entries of a copy over; each gets the key and the seal that it has under the secret and the epoch of now. */
export async function importFrom(
  database: Handle,
  job: Job & { kind: "import" },
  tell: Tell,
): Promise<JobDone> {
  const beganMs = performance.now();
  const copy = openToRead(job.path);
  try {
    const counts = { entries: 0, refused: 0, expired: 0 };
    const isWhole = await takeOver({ database, copy, job, counts }, tell);
    const result: ImportResult = { ...counts, isWhole, tookMs: Math.round(performance.now() - beganMs) };
    return { result, grown: counts.entries };
  } finally {
    copy.close();
  }
}

interface Import {
  readonly database: Handle;
  readonly copy: Handle;
  readonly job: Job & { kind: "import" };
  readonly counts: { entries: number; refused: number; expired: number };
}

/** False when there was no room for all. */
async function takeOver(parts: Import, tell: Tell): Promise<boolean> {
  const { copy, database } = parts;
  const total = countOf(copy);
  const some = copy.prepare<[number], Row>(
    `SELECT entry.rowid AS id, key, scope.name AS scope, model.name AS model, created, expires, last_hit, hits, saved_ms,
       rec FROM entry JOIN scope ON scope.id = entry.scope JOIN model ON model.id = entry.model
     WHERE entry.rowid > ? ORDER BY entry.rowid LIMIT ${sliceRows}`,
  );
  const put = database.transaction(putRows(parts));
  let done = 0;
  let after = 0;
  for (;;) {
    const rows = sayingOf("the copy", () => some.all(after));
    try {
      put(rows);
    } catch (thrown) {
      if (codeOf(thrown) !== "SQLITE_FULL") throw thrown;
      return false;
    }
    done += rows.length;
    after = rows.at(-1)?.id ?? after;
    tell({ done, total });
    if (rows.length < sliceRows) return true;
    await turn();
  }
}

function putRows({ database, job, counts }: Import): (rows: readonly Row[]) => void {
  const scopeId = idOf(database, "scope");
  const modelId = idOf(database, "model");
  const insert = database.prepare(
    `INSERT OR IGNORE INTO entry(key, scope, model, created, expires, last_hit, hits, size, saved_ms, rec)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return (rows) => {
    const before = { ...counts };
    try {
      for (const row of rows) {
        if (row.expires <= job.nowMs) {
          counts.expired += 1;
          continue;
        }
        const moved = resealEntry(row.rec, { secret: job.from, key: row.key }, job);
        if (moved === undefined) {
          counts.refused += 1;
          continue;
        }
        const { key, bytes } = moved;
        const ids = [scopeId(row.scope), modelId(row.model)];
        const times = [row.created, row.expires, row.last_hit, row.hits];
        counts.entries += insert.run(key, ...ids, ...times, bytes.length, row.saved_ms, bytes).changes;
      }
    } catch (thrown) {
      Object.assign(counts, before);
      throw thrown;
    }
  };
}
