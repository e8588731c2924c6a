import type { UsageRow } from "./usage-row.ts";

/** Sees to it that a request has one row, whichever is over first: its connection, or what it costs. */
export interface OneRow {
  /** An account was opened that will write the row of this request; `wrote` or `gaveUp` must be called once. */
  readonly begin: (requestId: string) => void;
  /** The account wrote the row. */
  readonly wrote: (requestId: string) => void;
  /** Nothing was charged: the row is to tell how the request itself ended. */
  readonly gaveUp: (requestId: string) => void;
  /** The connection is over: writes this row, unless an account does. */
  readonly note: (row: UsageRow) => void;
}

/** An id that a client chose may stand for several requests at once: each counts. */
interface Waiting {
  open: number;
  /** Rows that were written while the connection was still there. */
  written: number;
  /** Rows of connections that were over before their account was. */
  readonly rows: UsageRow[];
}

/** Questions of the daemon's own have an account and no connection: the oldest are forgotten. */
const requestsMax = 10_000;

export function createOneRow(write: (row: UsageRow) => void): OneRow {
  const waiting = new Map<string, Waiting>();
  const tidy = (id: string, { open, written, rows }: Waiting): void => {
    if (open === 0 && written === 0 && rows.length === 0) waiting.delete(id);
  };
  return {
    begin(id) {
      const one = waiting.get(id) ?? { open: 0, written: 0, rows: [] };
      one.open += 1;
      waiting.set(id, one);
      if (waiting.size <= requestsMax) return;
      const [oldest = id] = waiting.keys();
      waiting.delete(oldest);
    },
    wrote(id) {
      const one = waiting.get(id);
      if (one === undefined) return;
      one.open -= 1;
      if (one.rows.shift() === undefined) one.written += 1;
      tidy(id, one);
    },
    gaveUp(id) {
      const one = waiting.get(id);
      if (one === undefined) return;
      one.open -= 1;
      const row = one.rows.shift();
      if (row !== undefined) write(row);
      tidy(id, one);
    },
    note(row) {
      const one = waiting.get(row.requestId);
      if (one === undefined) return write(row);
      if (one.written > 0) one.written -= 1;
      else if (one.open > one.rows.length) one.rows.push(row);
      else write(row);
      tidy(row.requestId, one);
    },
  };
}
