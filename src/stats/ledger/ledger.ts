import { randomBytes } from "node:crypto";
import { ProxyError } from "../../core/error.ts";
import type { Logger } from "../../lib/log.ts";
import type { Clock } from "../../lib/time.ts";
import {
  type Budgets,
  budgetsFor,
  createSpending,
  exceeded,
  exceededText,
  leftOf,
  type Spending,
} from "../budget.ts";
import { count, tidyRow, type UsageRow } from "../usage-row.ts";
import type { Amendment, HoldRow, TotalsQuery, UsageTotal } from "./messages.ts";
import { type LedgerSnapshot, shownLedger } from "./snapshot.ts";
import { createStore, type Store } from "./store.ts";
import { createTally, groupOf, type Tally } from "./tally.ts";

/** A call that is about to be made and may cost something. */
export interface Reservation {
  readonly requestId: string;
  readonly keyName: string | undefined;
  readonly model: string;
  readonly upstream: string;
  readonly endpoint: string;
  /** The most it can cost, in nano-dollars. */
  readonly maxNanoUsd: number;
}

/** What is reserved for one call. The first of `settle` and `release` counts; another one changes nothing. */
export interface Hold {
  /**
   * The call is over and is this row. Resolves when that is on disk, or is kept in memory because the file cannot be
   * written, which the state of the ledger tells. Never rejects.
   */
  readonly settle: (row: UsageRow) => Promise<void>;
  /** The call was not made. Resolves as `settle` does. */
  readonly release: () => Promise<void>;
  /** Corrects the row that `settle` wrote, and no other of a request with the same id. Resolves as `settle` does. */
  readonly amend: (amendment: Amendment) => Promise<void>;
}

/** What a process that was killed had reserved; counted at its highest cost until it is amended. */
export interface OpenHold {
  readonly requestId: string;
  readonly upstream: string;
  readonly model: string;
  readonly keyName: string | undefined;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly maxNanoUsd: number;
}

/** What was called and what it cost, on disk. */
export interface Ledger {
  /**
   * Checks the budgets and reserves; resolves when the reservation is on disk. Rejects with ProxyError:
   * `budget_exceeded`, or `ledger_unavailable` when a budget applies and the file cannot be written.
   */
  readonly reserve: (reservation: Reservation) => Promise<Hold>;
  /**
   * What a call of this key may cost now, in nano-dollars; undefined without a budget. Only a look: another call may
   * reserve it next.
   */
  readonly left: (keyName: string | undefined) => number | undefined;
  /** Notes a call for which nothing was reserved; on disk within 50 ms. What is too much is dropped and counted. */
  readonly note: (row: UsageRow) => void;
  /** Corrects the last row of a request; resolves as `settle` does. An unknown request changes nothing. */
  readonly amend: (requestId: string, amendment: Amendment) => Promise<void>;
  /** What was found reserved when the file was opened; resolves when it was tried. */
  readonly openHolds: () => Promise<readonly OpenHold[]>;
  /** Sums of what is on disk. Rejects with ProxyError `ledger_unavailable`. */
  readonly totals: (query: TotalsQuery) => Promise<UsageTotal[]>;
  /** For `/api/stats`, out of memory. */
  readonly snapshot: () => LedgerSnapshot;
  readonly close: () => Promise<void>;
}

export interface LedgerOptions {
  /** Where the file is. */
  readonly path: string;
  /** The budgets as they are now: asked anew for each call, since they may be changed. */
  readonly budgets: () => Budgets;
}

export interface LedgerParts {
  readonly clock: Clock;
  readonly log: () => Logger;
}

/** Opens the ledger; a file that is not there is made. */
export function createLedger({ path, budgets }: LedgerOptions, { clock, log }: LedgerParts): Ledger {
  const spending = createSpending();
  const tally = createTally(spending);
  const live = new Map<string, HoldRow>();
  let found: readonly HoldRow[] = [];
  const store = createStore(
    { path, owner: newUid() },
    {
      clock,
      log,
      onLoaded({ groups, interrupted }) {
        for (const group of groups) tally.add(group);
        found = interrupted;
      },
      onWrote({ corrections }) {
        for (const correction of corrections) tally.add(correction);
      },
      onAnew() {
        for (const hold of live.values()) void store.append({ kind: "hold", hold });
      },
    },
  );
  const holds = createHolds({ store, tally, spending, live });
  return {
    async reserve(reservation) {
      await store.tried;
      const maxNanoUsd = count(reservation.maxNanoUsd);
      const nowMs = clock.epochMs();
      const states = budgetsFor(budgets(), reservation.keyName, { spending, nowMs });
      const isLimited = maxNanoUsd > 0 && states.length > 0;
      if (isLimited && !store.state().isUp) throw unavailable(store);
      const over = exceeded(states, maxNanoUsd);
      if (over !== undefined) throw new ProxyError("budget_exceeded", exceededText(over, maxNanoUsd));
      return holds.open({ ...reservation, maxNanoUsd, uid: newUid(), timeMs: nowMs }, isLimited);
    },
    left: (keyName) => leftOf(budgetsFor(budgets(), keyName, { spending, nowMs: clock.epochMs() })),
    note(row) {
      const tidy = tidyRow(row);
      tally.add(groupOf(tidy));
      void store.append({ kind: "settle", uid: newUid(), row: tidy }, { isLate: true });
    },
    amend: (requestId, amendment) => amend(store, { requestId, uid: undefined }, amendment),
    async openHolds() {
      await store.tried;
      return found.map(({ uid: _uid, endpoint: _endpoint, ...hold }) => hold);
    },
    totals: (query) => store.totals(query),
    snapshot: () =>
      shownLedger({ store: store.state(), tally, spending, budgets: budgets(), nowMs: clock.epochMs() }),
    close: () => store.close(),
  };
}

/** Ids of requests are chosen by clients: two may have the same. */
async function amend(
  store: Store,
  of: { readonly requestId: string; readonly uid: string | undefined },
  amendment: Amendment,
): Promise<void> {
  const costNanoUsd = count(amendment.costNanoUsd);
  await store.append({ kind: "amend", ...of, amendment: { ...amendment, costNanoUsd } });
}

const newUid = (): string => randomBytes(9).toString("base64url");

/** The refusal of a call that may not be made unless it is written down. */
const unavailable = (store: Store): ProxyError =>
  new ProxyError(
    "ledger_unavailable",
    `the ledger cannot be written (${store.state().error ?? "it is closed"}), and a budget applies to this call`,
  );

interface HoldParts {
  readonly store: Store;
  readonly tally: Tally;
  readonly spending: Spending;
  /** Those that are under way. */
  readonly live: Map<string, HoldRow>;
}

interface Holds {
  readonly open: (row: HoldRow, isLimited: boolean) => Promise<Hold>;
}

function createHolds({ store, tally, spending, live }: HoldParts): Holds {
  const give = (hold: HoldRow): void => {
    live.delete(hold.uid);
    spending.hold(hold.keyName, -hold.maxNanoUsd);
  };
  return {
    async open(hold, isLimited) {
      const { uid } = hold;
      spending.hold(hold.keyName, hold.maxNanoUsd);
      live.set(uid, hold);
      if ((await store.append({ kind: "hold", hold }, { needsDisk: isLimited })) === "refused") {
        give(hold);
        throw unavailable(store);
      }
      let ending: Promise<void> | undefined;
      const settle = async (row: UsageRow): Promise<void> => {
        const tidy = tidyRow(row);
        give(hold);
        tally.add(groupOf(tidy));
        await store.append({ kind: "settle", uid, row: tidy });
      };
      const release = async (): Promise<void> => {
        give(hold);
        await store.append({ kind: "release", uid });
      };
      return {
        settle: (row) => (ending ??= settle(row)),
        release: () => (ending ??= release()),
        amend: (amendment) => amend(store, { requestId: hold.requestId, uid }, amendment),
      };
    },
  };
}
