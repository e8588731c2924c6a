import { dayOf } from "../budget.ts";
import type { Handle } from "./database.ts";
import type { Group, Sums, TotalsBy, TotalsQuery, UsageTotal } from "./messages.ts";
import { addSums, noSums } from "./sums.ts";

const dayMs = 86_400_000;

const sums = `count(*) AS calls, sum(input_tokens) AS inputTokens, sum(output_tokens) AS outputTokens,
  sum(cost_nano_usd) AS costNanoUsd, sum(avoided_nano_usd) AS avoidedNanoUsd,
  sum(baseline_nano_usd) AS baselineNanoUsd`;

const columns: Readonly<Record<TotalsBy, string>> = {
  model: "coalesce(answered_model, asked_model)",
  key: "coalesce(key_name, 'none')",
  upstream: "coalesce(upstream, 'none')",
  day: `time_ms / ${dayMs}`,
};

/** Clients make up the names of models: the list ends here, and the rest is one line. */
const namesMax = 1_000;

/** What the calls of a time add up to: days in their order, anything else by cost. Throws what SQLite throws. */
export function totalsFrom(database: Handle, { by, sinceMs, untilMs }: TotalsQuery): UsageTotal[] {
  const find = database.prepare<[number, number], Sums & { readonly name: string | number }>(
    `SELECT ${columns[by]} AS name, ${sums} FROM call WHERE time_ms >= ? AND time_ms < ? GROUP BY 1
     ORDER BY ${by === "day" ? "1 DESC" : "costNanoUsd DESC, calls DESC, 1"}`,
  );
  const totals: UsageTotal[] = [];
  let other: Sums | undefined;
  for (const { name, ...more } of find.iterate(sinceMs ?? 0, untilMs ?? Number.MAX_SAFE_INTEGER)) {
    const shown = typeof name === "number" ? dayOf(name * dayMs) : name;
    if (totals.length < namesMax) totals.push(totalOf(shown, more));
    else other = addSums(other ?? noSums, more);
  }
  if (other !== undefined) totals.push(totalOf("other", other));
  return by === "day" ? totals.toReversed() : totals;
}

const totalOf = (name: string, more: Sums): UsageTotal => ({
  name,
  ...more,
  savingNanoUsd: more.baselineNanoUsd - more.costNanoUsd,
});

interface StoredGroup extends Sums {
  readonly timeMs: number;
  readonly keyName: string | null;
  readonly model: string;
  readonly upstream: string | null;
}

/** All that the file holds, in groups; the dearest first. Throws what SQLite throws. */
export function groupsFrom(database: Handle): Group[] {
  const find = database.prepare<[], StoredGroup>(
    `SELECT time_ms / ${dayMs} * ${dayMs} AS timeMs, key_name AS keyName, ${columns.model} AS model, upstream, ${sums}
     FROM call GROUP BY 1, 2, 3, 4 ORDER BY costNanoUsd DESC, calls DESC`,
  );
  const groups: Group[] = [];
  for (const { keyName, upstream, ...group } of find.iterate())
    groups.push({ ...group, keyName: keyName ?? undefined, upstream: upstream ?? undefined });
  return groups;
}
