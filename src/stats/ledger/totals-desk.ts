import { ProxyError } from "../../core/error.ts";
import type { FromLedger, ToLedger, TotalsQuery, UsageTotal } from "./messages.ts";

/** Questions to the thread that wait for their answers. */
export interface TotalsDesk {
  /** Rejects with ProxyError when the file cannot be read. */
  readonly ask: (query: TotalsQuery, post: (message: ToLedger) => void) => Promise<UsageTotal[]>;
  readonly answered: (message: FromLedger & { type: "totals" | "no-totals" }) => void;
  /** The thread is gone, and its answers with it. */
  readonly rejectAll: (error: string) => void;
}

interface Asked {
  readonly resolve: (totals: UsageTotal[]) => void;
  readonly reject: (error: ProxyError) => void;
}

export function createTotalsDesk(): TotalsDesk {
  const asked = new Map<number, Asked>();
  let last = 0;
  return {
    ask: (query, post) =>
      new Promise((resolve, reject) => {
        last += 1;
        asked.set(last, { resolve, reject });
        post({ type: "totals", id: last, query });
      }),
    answered(message) {
      const one = asked.get(message.id);
      asked.delete(message.id);
      if (message.type === "totals") one?.resolve([...message.totals]);
      else one?.reject(unreadable(message.error));
    },
    rejectAll(error) {
      for (const { reject } of asked.values()) reject(unreadable(error));
      asked.clear();
    },
  };
}

/** What whoever asks for totals is told. */
export const unreadable = (error: string): ProxyError =>
  new ProxyError("ledger_unavailable", `the ledger cannot be read: ${error}`);
