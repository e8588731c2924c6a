import { openLedgerToRead } from "./database.ts";
import type { TotalsQuery, UsageTotal } from "./messages.ts";
import { totalsFrom } from "./totals.ts";

/** The ledger's file, read while no daemon has it open. */
export interface LedgerFile {
  readonly totals: (query: TotalsQuery) => Promise<UsageTotal[]>;
  readonly close: () => void;
}

/** Opens the file to read only. Throws an Error that says why it cannot be read. */
export function readLedgerFile(path: string): LedgerFile {
  const database = openLedgerToRead(path);
  return {
    totals: async (query) => totalsFrom(database, query),
    close: () => void database.close(),
  };
}
