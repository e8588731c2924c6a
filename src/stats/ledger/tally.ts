import { usdText } from "../../core/price.ts";
import { dayOf, monthOf, type Spending } from "../budget.ts";
import type { UsageRow } from "../usage-row.ts";
import type { Group, Sums } from "./messages.ts";
import { addSums, noSums } from "./sums.ts";

/** Sums as `/api/stats` shows them: money as nano-dollars, and the cost as decimal dollars too. */
export interface ShownSums {
  readonly calls: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cost_nano_usd: number;
  readonly cost_usd: string;
  readonly avoided_nano_usd: number;
  readonly avoided_usd: string;
  readonly baseline_nano_usd: number;
  readonly baseline_usd: string;
  readonly saving_nano_usd: number;
  readonly saving_usd: string;
}

export interface ShownTally {
  readonly today: ShownSums;
  readonly this_month: ShownSums;
  readonly all: ShownSums;
  readonly by_model: Readonly<Record<string, ShownSums>>;
  readonly by_upstream: Readonly<Record<string, ShownSums>>;
  readonly by_key: Readonly<Record<string, ShownSums>>;
  /** The last days that had calls, the oldest first. */
  readonly by_day: Readonly<Record<string, ShownSums>>;
}

/** What all calls add up to, kept in memory. */
export interface Tally {
  readonly add: (group: Group) => void;
  readonly shown: (nowMs: number) => ShownTally;
}

const namesMax = 200;
const daysShown = 31;
const periodsMax = 100;

/** `spending` is kept in step with the sums. */
export function createTally(spending: Spending): Tally {
  const periods = new Map<string, Sums>();
  const byModel = new Map<string, Sums>();
  const byUpstream = new Map<string, Sums>();
  const byKey = new Map<string, Sums>();
  let all = noSums;
  return {
    add(group) {
      const { timeMs, keyName, model, upstream } = group;
      all = addSums(all, group);
      for (const when of [dayOf(timeMs), monthOf(timeMs)]) addPeriod(periods, when, group);
      addName(byModel, model, group);
      addName(byUpstream, upstream ?? "none", group);
      addName(byKey, keyName ?? "none", group);
      spending.spend(keyName, timeMs, group.costNanoUsd);
    },
    shown(nowMs) {
      const days = [...periods].filter(([when]) => when.length > monthOf(nowMs).length);
      days.sort(([one], [other]) => (one < other ? -1 : 1));
      return {
        today: shownSums(periods.get(dayOf(nowMs)) ?? noSums),
        this_month: shownSums(periods.get(monthOf(nowMs)) ?? noSums),
        all: shownSums(all),
        by_model: shownNames(byModel),
        by_upstream: shownNames(byUpstream),
        by_key: shownNames(byKey),
        by_day: shownNames(days.slice(-daysShown)),
      };
    },
  };
}

function addPeriod(periods: Map<string, Sums>, when: string, sums: Sums): void {
  periods.set(when, addSums(periods.get(when) ?? noSums, sums));
  if (periods.size <= periodsMax) return;
  const [oldest = when] = [...periods.keys()].sort();
  periods.delete(oldest);
}

function addName(names: Map<string, Sums>, name: string, sums: Sums): void {
  const known = names.has(name) || names.size < namesMax - 1 ? name : "other";
  names.set(known, addSums(names.get(known) ?? noSums, sums));
}

const shownNames = (names: Iterable<readonly [string, Sums]>): Record<string, ShownSums> =>
  Object.fromEntries([...names].map(([name, sums]) => [name, shownSums(sums)]));

/** Sums under the names that JSON has for them. */
export function shownSums(sums: Sums): ShownSums {
  const saving = sums.baselineNanoUsd - sums.costNanoUsd;
  return {
    calls: sums.calls,
    input_tokens: sums.inputTokens,
    output_tokens: sums.outputTokens,
    cost_nano_usd: sums.costNanoUsd,
    cost_usd: usdText(sums.costNanoUsd),
    avoided_nano_usd: sums.avoidedNanoUsd,
    avoided_usd: usdText(sums.avoidedNanoUsd),
    baseline_nano_usd: sums.baselineNanoUsd,
    baseline_usd: usdText(sums.baselineNanoUsd),
    saving_nano_usd: saving,
    saving_usd: usdText(saving),
  };
}

/** One call, as a group of its own. */
export const groupOf = (row: UsageRow): Group => ({
  timeMs: row.timeMs,
  keyName: row.keyName,
  model: row.answeredModel ?? row.askedModel,
  upstream: row.upstream,
  calls: 1,
  inputTokens: row.inputTokens,
  outputTokens: row.outputTokens,
  costNanoUsd: row.costNanoUsd,
  avoidedNanoUsd: row.avoidedNanoUsd,
  baselineNanoUsd: row.baselineNanoUsd,
});
