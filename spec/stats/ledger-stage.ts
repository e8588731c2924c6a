import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import Database from "better-sqlite3";
import { afterEach } from "vitest";
import { createLogger } from "../../src/lib/log.ts";
import { type Clock, systemClock } from "../../src/lib/time.ts";
import type { Budgets } from "../../src/stats/budget.ts";
import { createLedger, type Ledger, type Reservation } from "../../src/stats/ledger/ledger.ts";
import type { UsageRow } from "../../src/stats/usage-row.ts";
import { usageRow } from "../support/usage-row.ts";

const open: Ledger[] = [];
const dirs: string[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((ledger) => ledger.close()));
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** Where a ledger can be; gone after the test. */
export function freshFile(): string {
  const dir = mkdtempSync(path.join(tmpdir(), "chasqui-spec-"));
  dirs.push(dir);
  return path.join(dir, "usage.db");
}

export interface LedgerStage {
  readonly ledger: Ledger;
  readonly file: string;
  /** Log lines, oldest first. */
  readonly lines: string[];
}

export interface StageOptions {
  readonly file?: string;
  readonly budgets?: Budgets;
  readonly clock?: Clock;
}

/** A ledger that is closed after the test. */
export function openLedger(options: StageOptions = {}): LedgerStage {
  const { file = freshFile(), budgets = {}, clock = systemClock } = options;
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line), flushSync: () => undefined, dropped: 0 };
  const log = createLogger({ level: "debug", format: "json", colour: false, sink, now: Date.now });
  const ledger = createLedger({ path: file, budgets: () => budgets }, { clock, log: () => log });
  open.push(ledger);
  return { ledger, file, lines };
}

let last = 0;

export const aReservation = (more: Partial<Reservation> = {}): Reservation => ({
  requestId: `request-${(last += 1)}`,
  keyName: "ada",
  model: "gpt",
  upstream: "cloud",
  endpoint: "/api/chat",
  maxNanoUsd: 10,
  ...more,
});

export const aRow = (more: Partial<UsageRow> = {}): UsageRow =>
  usageRow({ requestId: `request-${(last += 1)}`, keyName: "ada", ...more });

/** What another process finds in the file. */
export function rowsIn(file: string, table: "call" | "hold" = "call"): Record<string, unknown>[] {
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare(`SELECT * FROM ${table} ORDER BY rowid`).all() as Record<string, unknown>[];
  } finally {
    database.close();
  }
}
