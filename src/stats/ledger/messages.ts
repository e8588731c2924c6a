import type { CostSource, UsageRow } from "../usage-row.ts";

/** A reservation as the file holds it. */
export interface HoldRow {
  /** Unique, whatever the id of the request, which a client may choose. The row that comes of it has it too. */
  readonly uid: string;
  readonly requestId: string;
  readonly timeMs: number;
  readonly keyName: string | undefined;
  readonly endpoint: string;
  readonly model: string;
  readonly upstream: string;
  readonly maxNanoUsd: number;
}

/** What is corrected of a row when the provider tells more. */
export interface Amendment {
  readonly costNanoUsd: number;
  readonly costSource: CostSource;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
}

/** One change of the file. Each may be done twice: the second time changes nothing. */
export type Change =
  | { readonly kind: "hold"; readonly hold: HoldRow }
  | { readonly kind: "settle"; readonly uid: string; readonly row: UsageRow }
  | { readonly kind: "release"; readonly uid: string }
  | {
      readonly kind: "amend";
      readonly requestId: string;
      /** Which row of that request; the last one when it is undefined. */
      readonly uid: string | undefined;
      readonly amendment: Amendment;
    };

/** What calls add up to; money in nano-dollars. */
export interface Sums {
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costNanoUsd: number;
  readonly avoidedNanoUsd: number;
  readonly baselineNanoUsd: number;
}

/** Calls of one day, key, model and upstream. */
export interface Group extends Sums {
  /** A time within the day, in milliseconds since 1970. */
  readonly timeMs: number;
  readonly keyName: string | undefined;
  readonly model: string;
  readonly upstream: string | undefined;
}

export const totalsBy = ["model", "key", "day", "upstream"] as const;
export type TotalsBy = (typeof totalsBy)[number];

export interface TotalsQuery {
  readonly by: TotalsBy;
  /** From this time on, in milliseconds since 1970. */
  readonly sinceMs?: number | undefined;
  /** Before this time, in milliseconds since 1970. */
  readonly untilMs?: number | undefined;
}

export interface UsageTotal extends Sums {
  /** The model, key, day or upstream; `none` for calls that had none, and `other` for what is too much to list. */
  readonly name: string;
  /** What was not spent compared with the baseline; negative when more was. */
  readonly savingNanoUsd: number;
}

export interface LedgerThreadSettings {
  readonly path: string;
  /** Tells the reservations of this run from those that an earlier one left behind. */
  readonly owner: string;
}

export type ToLedger =
  | { readonly type: "open" }
  /** In one transaction; without changes it only tries whether the file can be written. */
  | { readonly type: "write"; readonly changes: readonly Change[] }
  | { readonly type: "totals"; readonly id: number; readonly query: TotalsQuery }
  /** Finish, close the file, and end. */
  | { readonly type: "end" };

export type FromLedger =
  /** The file is open; told before anything is written. */
  | { readonly type: "opened"; readonly groups: readonly Group[]; readonly interrupted: readonly HoldRow[] }
  | {
      readonly type: "wrote";
      /** What amendments changed, as calls to be added. */
      readonly corrections: readonly Group[];
      /** Changes that the file refuses, whenever they are tried. */
      readonly refused: number;
    }
  /** The file cannot be opened or written now; nothing of the batch was. */
  | { readonly type: "failed"; readonly error: string }
  /** The file was damaged and has another name now; a new one is begun. */
  | {
      readonly type: "aside";
      readonly file: string;
      readonly error: string;
      /** Rows that could be read and are in the new file. */
      readonly rescued: number;
    }
  | { readonly type: "totals"; readonly id: number; readonly totals: readonly UsageTotal[] }
  | { readonly type: "no-totals"; readonly id: number; readonly error: string };
