import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach } from "vitest";
import { createSqliteTier, type SqliteOptions, type SqliteTier } from "../../src/cache/sqlite/tier.ts";
import { createLogger } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import { eventually } from "../support/daemon.ts";
import { aKey, aNote } from "./tier-contract.ts";

const open: SqliteTier[] = [];
const dirs: string[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((tier) => tier.close()));
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

export interface OpenedTier {
  readonly tier: SqliteTier;
  readonly file: string;
  readonly lines: string[];
  /** Resolves when all that was put is written. */
  readonly settle: () => Promise<void>;
}

/** Where a database can be; gone after the test. */
export function freshFile(): string {
  const dir = mkdtempSync(path.join(tmpdir(), "chasqui-spec-"));
  dirs.push(dir);
  return path.join(dir, "cache.db");
}

/** A tier that is ready, closed after the test. */
export async function openTier(file = freshFile(), more: Partial<SqliteOptions> = {}): Promise<OpenedTier> {
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line), flushSync: () => undefined, dropped: 0 };
  const log = createLogger({ level: "debug", format: "json", colour: false, sink, now: Date.now });
  const options = { path: file, bytesMax: 2 ** 30, ttlMs: 86_400_000, diskFreeBytesMin: 0, ...more };
  const tier = createSqliteTier(options, { clock: systemClock, log: () => log });
  open.push(tier);
  await eventually(() => tier.usable(), "the file is open");
  // A job is done after all writes that were sent before it; writes go out at the latest after 50 ms.
  const settle = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 60));
    await tier.job({ kind: "list", filter: {}, after: "", limit: 1 });
  };
  return { tier, file, lines, settle };
}

/** Puts entries of zeros; returns their keys. */
export const fill = (tier: SqliteTier, count: number, size = 3_000, more = {}): Buffer[] =>
  Array.from({ length: count }, () => {
    const key = aKey();
    tier.put(key, Buffer.alloc(size, key[0]), aNote(more));
    return key;
  });
