import Database from "better-sqlite3";
import type { FakeOpenRouter } from "./fake-openrouter.ts";
import type { Outcome } from "./money-client.ts";

/** A row of the ledger's file, as far as it is judged. */
export interface LedgerRow {
  readonly request_id: string;
  readonly time_ms: number;
  readonly key_name: string | null;
  readonly session: string | null;
  readonly endpoint: string;
  readonly asked_model: string;
  readonly answered_model: string | null;
  readonly upstream: string | null;
  readonly is_cloud: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cost_nano_usd: number;
  readonly cost_source: string;
  readonly baseline_nano_usd: number;
  readonly avoided_nano_usd: number;
  readonly cache: string | null;
  readonly hops: string;
  readonly status: number;
  readonly error: string | null;
}

/** What the file holds, read by another connection. */
export interface LedgerContent {
  readonly rows: readonly LedgerRow[];
  readonly holds: number;
  /** SQLite's own verdict: `ok`. */
  readonly integrity: string;
}

export function readLedger(file: string): LedgerContent {
  const database = new Database(file, { readonly: true });
  try {
    return {
      rows: database.prepare<[], LedgerRow>("SELECT * FROM call ORDER BY rowid").all(),
      holds: Number(database.prepare("SELECT count(*) FROM hold").pluck().get()),
      integrity: String(database.pragma("integrity_check", { simple: true })),
    };
  } finally {
    database.close();
  }
}

export interface History {
  readonly outcomes: readonly Outcome[];
  /** The tags of all requests that reached the provider. */
  readonly reached: ReadonlySet<string>;
  /** What the provider charged, by tag, in nano-dollars. */
  readonly charged: ReadonlyMap<string, number>;
  /** When the daemon was killed, on the clock of `performance`. */
  readonly killsMs: readonly number[];
}

/** What the provider knows, by an arithmetic of its own. */
export function historyOf(
  fake: FakeOpenRouter,
  { outcomes, killsMs }: Pick<History, "outcomes" | "killsMs">,
): History {
  const asked = [...fake.to("/chat/completions"), ...fake.to("/embeddings")];
  const tags = asked.flatMap(({ text }) => /tag-[a-z0-9-]+/.exec(text)?.[0] ?? []);
  const charged = new Map<string, number>();
  for (const { requestTag = "none", costNanoUsd } of fake.bill.values())
    charged.set(requestTag, (charged.get(requestTag) ?? 0) + costNanoUsd);
  return { outcomes, reached: new Set(tags), charged, killsMs };
}

/** Everything in which the ledger and the provider's bill do not agree; empty when all is well. */
export function judge(history: History, { rows, holds, integrity }: LedgerContent): string[] {
  const byId = grouped(rows, (row) => row.request_id);
  const problems = history.outcomes.flatMap((outcome) =>
    problemsOf(history, outcome, byId.get(outcome.call.requestId) ?? []),
  );
  if (holds > 0) problems.push(`${holds} holds are left`);
  if (integrity !== "ok") problems.push(`the file is damaged: ${integrity}`);
  return problems;
}

function problemsOf(history: History, outcome: Outcome, rows: readonly LedgerRow[]): string[] {
  const { call, isClean } = outcome;
  const costs = history.charged.get(call.tag) ?? 0;
  const [row] = rows;
  const say = (text: string): string[] => [
    `${call.requestId}: ${text} ${JSON.stringify({ charged: costs, call, rows: rows.map((one) => told(one)) }, shortened)}`,
  ];
  if (rows.length > 1) return say(`${rows.length} rows`);
  if (row === undefined) return mayLack(history, outcome, costs) ? [] : say("no row");
  if (row.key_name !== call.key) return say(`the row is of the key ${row.key_name}`);
  if (row.cost_nano_usd < costs) return say("costs less than was charged");
  const isExact = row.cost_nano_usd === costs || mayExceed(history, outcome, row);
  return isClean && !isExact ? say("ended cleanly, and costs more than was charged") : [];
}

const told = ({ cost_nano_usd, cost_source, status, error, upstream }: LedgerRow) =>
  [cost_nano_usd, cost_source, upstream, status, error].join(" ");

/** What costs nothing is written within 50 ms: a daemon that was killed before has not. */
const lateMs = 100;

function mayLack(
  { reached, killsMs }: History,
  { call, startedMs, endedMs }: Outcome,
  costs: number,
): boolean {
  if (!reached.has(call.tag)) return true;
  return costs === 0 && killsMs.some((killMs) => killMs >= startedMs && killMs <= endedMs + lateMs);
}

/** A daemon that is killed asks no more what an answer cost in the end. */
const lookUpsMs = 15_000;

const mayExceed = ({ killsMs }: History, { endedMs }: Outcome, row: LedgerRow): boolean =>
  row.cost_source === "estimated" &&
  killsMs.some((killMs) => killMs >= endedMs && killMs <= endedMs + lookUpsMs);

function grouped<Value>(values: readonly Value[], nameOf: (value: Value) => string): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const value of values) {
    const name = nameOf(value);
    groups.set(name, [...(groups.get(name) ?? []), value]);
  }
  return groups;
}

/** Long prompts stay out of what is printed. */
const shortened = (_name: string, value: unknown): unknown =>
  typeof value === "string" ? value.slice(0, 80) : value;

/** Sums of the rows' cost by what `nameOf` says of them, as an object to compare. */
export function sumsOf(
  rows: readonly LedgerRow[],
  nameOf: (row: LedgerRow) => string,
): Record<string, { calls: number; costNanoUsd: number }> {
  const groups = grouped(rows, nameOf);
  return Object.fromEntries(
    [...groups].map(([name, some]) => [
      name,
      { calls: some.length, costNanoUsd: some.reduce((sum, row) => sum + row.cost_nano_usd, 0) },
    ]),
  );
}
