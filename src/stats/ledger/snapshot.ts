import { usdText } from "../../core/price.ts";
import { allBudgets, type Budgets, type BudgetState, type Spending } from "../budget.ts";
import type { StoreState } from "./store.ts";
import type { ShownTally, Tally } from "./tally.ts";

/** One budget, as `/api/stats` shows it. */
export interface ShownBudget {
  readonly scope: "all" | "key";
  readonly key: string | null;
  readonly period: "day" | "month";
  /** The day or month of UTC. */
  readonly when: string;
  readonly limit_nano_usd: number;
  readonly limit_usd: string;
  readonly spent_nano_usd: number;
  readonly spent_usd: string;
  readonly reserved_nano_usd: number;
  readonly reserved_usd: string;
}

/** What `/api/stats` shows of the ledger. */
export interface LedgerSnapshot extends ShownTally {
  readonly budgets: readonly ShownBudget[];
  readonly ledger: {
    readonly state: "ok" | "starting" | "unavailable";
    /** When it became unavailable. */
    readonly since: string | null;
    readonly error: string | null;
    /** The name that a damaged file was given: the sums may lack what is in it. */
    readonly set_aside: string | null;
    readonly dropped_rows: number;
    readonly waiting_rows: number;
  };
}

export interface SnapshotParts {
  readonly store: StoreState;
  readonly tally: Tally;
  readonly spending: Spending;
  readonly budgets: Budgets;
  readonly nowMs: number;
}

export function shownLedger({ store, tally, spending, budgets, nowMs }: SnapshotParts): LedgerSnapshot {
  const { sinceMs, isUp } = store;
  return {
    ...tally.shown(nowMs),
    budgets: allBudgets(budgets, { spending, nowMs }).map((state) => shownBudget(state)),
    ledger: {
      state: isUp ? "ok" : sinceMs === undefined ? "starting" : "unavailable",
      since: sinceMs === undefined ? null : new Date(sinceMs).toISOString(),
      error: store.error ?? null,
      set_aside: store.setAside ?? null,
      dropped_rows: store.dropped,
      waiting_rows: store.waiting,
    },
  };
}

const shownBudget = (state: BudgetState): ShownBudget => ({
  scope: state.keyName === undefined ? "all" : "key",
  key: state.keyName ?? null,
  period: state.period,
  when: state.when,
  limit_nano_usd: state.limitNanoUsd,
  limit_usd: usdText(state.limitNanoUsd),
  spent_nano_usd: state.spentNanoUsd,
  spent_usd: usdText(state.spentNanoUsd),
  reserved_nano_usd: state.reservedNanoUsd,
  reserved_usd: usdText(state.reservedNanoUsd),
});
