import { usdText } from "../core/price.ts";

/** How much may be spent in a day and in a month of UTC, in nano-dollars; what is left out is not limited. */
export interface BudgetLimits {
  readonly dayNanoUsd?: number | undefined;
  readonly monthNanoUsd?: number | undefined;
}

export interface Budgets {
  /** Of all calls together. */
  readonly all?: BudgetLimits | undefined;
  /** Of the calls of one key, by its name. */
  readonly keys?: Readonly<Record<string, BudgetLimits>> | undefined;
}

/** One budget and how it stands, in nano-dollars. */
export interface BudgetState {
  /** Undefined for the budget of all. */
  readonly keyName: string | undefined;
  readonly period: "day" | "month";
  /** Which day or month it is, e.g. `2026-01-31` or `2026-01`. */
  readonly when: string;
  readonly limitNanoUsd: number;
  readonly spentNanoUsd: number;
  /** What the calls under way may cost at most. */
  readonly reservedNanoUsd: number;
}

/** The day of UTC that a time lies in. */
export const dayOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);

/** The month of UTC that a time lies in. */
export const monthOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 7);

/** What was spent in each day and month, and what is held for calls under way. */
export interface Spending {
  /** Adds to the day and the month of `timeMs`; a correction may be negative. */
  readonly spend: (keyName: string | undefined, timeMs: number, nanoUsd: number) => void;
  /** Holds this much, or with a negative amount lets it go. */
  readonly hold: (keyName: string | undefined, nanoUsd: number) => void;
  /** By the key, or by all when it is undefined; in a day or a month. */
  readonly spent: (keyName: string | undefined, when: string) => number;
  readonly reserved: (keyName: string | undefined) => number;
}

/** More than two months of days, and their months: enough for a clock that is set back. */
const periodsMax = 100;

export function createSpending(): Spending {
  const periods = new Map<string, Map<string | undefined, number>>();
  const held = new Map<string | undefined, number>();

  const amountsOf = (when: string): Map<string | undefined, number> => {
    const amounts = periods.get(when) ?? new Map<string | undefined, number>();
    periods.set(when, amounts);
    if (periods.size > periodsMax) {
      const [oldest = when] = [...periods.keys()].sort();
      periods.delete(oldest);
    }
    return amounts;
  };
  return {
    spend(keyName, timeMs, nanoUsd) {
      if (nanoUsd === 0) return;
      for (const when of [dayOf(timeMs), monthOf(timeMs)]) addFor(amountsOf(when), keyName, nanoUsd);
    },
    hold: (keyName, nanoUsd) => addFor(held, keyName, nanoUsd),
    spent: (keyName, when) => periods.get(when)?.get(keyName) ?? 0,
    reserved: (keyName) => held.get(keyName) ?? 0,
  };
}

/** Adds to the sum of the key, and to that of all, which stands under no name. */
function addFor(
  amounts: Map<string | undefined, number>,
  keyName: string | undefined,
  nanoUsd: number,
): void {
  for (const name of new Set([undefined, keyName])) amounts.set(name, (amounts.get(name) ?? 0) + nanoUsd);
}

/** The budgets that a call of this key has to keep to. */
export function budgetsFor(budgets: Budgets, keyName: string | undefined, at: BudgetTime): BudgetState[] {
  const { all, keys = {} } = budgets;
  const own = keyName !== undefined && Object.hasOwn(keys, keyName) ? keys[keyName] : undefined;
  return [...statesOf(all, undefined, at), ...statesOf(own, keyName, at)];
}

/** Every budget there is. */
export function allBudgets({ all, keys = {} }: Budgets, at: BudgetTime): BudgetState[] {
  const ofKeys = Object.entries(keys).flatMap(([name, limits]) => statesOf(limits, name, at));
  return [...statesOf(all, undefined, at), ...ofKeys];
}

export interface BudgetTime {
  readonly spending: Spending;
  readonly nowMs: number;
}

function statesOf(
  limits: BudgetLimits | undefined,
  keyName: string | undefined,
  { spending, nowMs }: BudgetTime,
): BudgetState[] {
  const { dayNanoUsd, monthNanoUsd } = limits ?? {};
  const state = (period: "day" | "month", limitNanoUsd: number | undefined): BudgetState[] => {
    const when = period === "day" ? dayOf(nowMs) : monthOf(nowMs);
    if (limitNanoUsd === undefined) return [];
    const spentNanoUsd = spending.spent(keyName, when);
    // A call that began yesterday may end, and cost, today: what is held counts whenever it was.
    const reservedNanoUsd = spending.reserved(keyName);
    return [{ keyName, period, when, limitNanoUsd, spentNanoUsd, reservedNanoUsd }];
  };
  return [...state("day", dayNanoUsd), ...state("month", monthNanoUsd)];
}

/** The first of the budgets that a call of this cost would exceed; a call that costs nothing exceeds none. */
export function exceeded(states: readonly BudgetState[], maxNanoUsd: number): BudgetState | undefined {
  if (maxNanoUsd === 0) return undefined;
  return states.find(
    ({ limitNanoUsd, spentNanoUsd, reservedNanoUsd }) =>
      spentNanoUsd + reservedNanoUsd + maxNanoUsd > limitNanoUsd,
  );
}

/** What the strictest of the budgets still allows, in nano-dollars, 0 or more; undefined without any. */
export function leftOf(states: readonly BudgetState[]): number | undefined {
  const left = states.map(
    ({ limitNanoUsd, spentNanoUsd, reservedNanoUsd }) => limitNanoUsd - spentNanoUsd - reservedNanoUsd,
  );
  return left.length === 0 ? undefined : Math.max(0, Math.min(...left));
}

/** Which budget is too small, and why, for the client. */
export function exceededText(state: BudgetState, maxNanoUsd: number): string {
  const { keyName, period, when, limitNanoUsd, spentNanoUsd, reservedNanoUsd } = state;
  const whose = keyName === undefined ? "of all calls" : `of the key ${JSON.stringify(keyName)}`;
  return (
    `the budget ${whose} for the ${period} ${when} (UTC) is ${usdText(limitNanoUsd)} USD: ` +
    `${usdText(spentNanoUsd)} USD are spent, ${usdText(reservedNanoUsd)} USD are reserved by calls under way, ` +
    `and this call may cost up to ${usdText(maxNanoUsd)} USD`
  );
}
