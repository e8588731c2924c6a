import type { Logger } from "../../lib/log.ts";
import type { Clock } from "../../lib/time.ts";

/** Why the file cannot be written, and since when, in milliseconds since 1970. */
export interface Outage {
  readonly sinceMs: number;
  readonly error: string;
}

/** Whether the file can be written; each change is one line in the log. */
export interface Health {
  readonly outage: Outage | undefined;
  readonly up: () => void;
  readonly down: (error: string) => void;
}

export interface HealthParts {
  readonly clock: Clock;
  readonly log: () => Logger;
  readonly onUp: () => void;
}

export function createHealth({ clock, log, onUp }: HealthParts): Health {
  let outage: Outage | undefined;
  return {
    get outage() {
      return outage;
    },
    up() {
      if (outage === undefined) return;
      const forMs = clock.epochMs() - outage.sinceMs;
      outage = undefined;
      log().info("the ledger is written again", { forMs });
      onUp();
    },
    down(error) {
      if (outage !== undefined) return;
      outage = { sinceMs: clock.epochMs(), error };
      log().warn("the ledger cannot be written; its rows are kept in memory", { error });
    },
  };
}
