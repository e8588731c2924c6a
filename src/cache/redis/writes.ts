import type { Logger } from "../../lib/log.ts";
import type { Clock } from "../../lib/time.ts";
import { wordOf } from "./connection.ts";
import type { Trust } from "./trust.ts";

/** Writes nobody waits for. What cannot be taken is dropped and counted. */
export interface Writes {
  /** `size` in bytes. */
  readonly send: (size: number, write: () => Promise<unknown>) => void;
  readonly dropped: number;
  /** Whether the server refuses writes: it is a replica, or has no memory left. */
  readonly isRefused: boolean;
}

export interface WritesParts {
  readonly clock: Clock;
  readonly log: () => Logger;
  readonly trust: Trust;
  readonly isReady: () => boolean;
}

const writesMax = 1_000;
const writeBytesMax = 16 * 1_024 ** 2;
/** How long a server that refuses writes is not written to. */
const refusedMs = 10_000;

export function createWrites({ clock, log, trust, isReady }: WritesParts): Writes {
  let underWay = 0;
  let bytes = 0;
  let dropped = 0;
  let refusedUntilMs: number | undefined;

  const mayWrite = (size: number): boolean => {
    const isFull = underWay >= writesMax || bytes + size > writeBytesMax;
    const isBarred = refusedUntilMs !== undefined && clock.monotonicMs() < refusedUntilMs;
    return isReady() && trust.state === "up" && !isFull && !isBarred;
  };
  const notWritten = (thrown: unknown): void => {
    dropped += 1;
    if (!refusesWrites(thrown)) return trust.failed();
    if (refusedUntilMs === undefined)
      log().warn("Redis takes no writes; it is still read", { reason: wordOf(thrown) });
    refusedUntilMs = clock.monotonicMs() + refusedMs;
  };

  return {
    send(size, write) {
      if (!mayWrite(size)) {
        dropped += 1;
        return;
      }
      underWay += 1;
      bytes += size;
      void write()
        .then(() => (refusedUntilMs = undefined), notWritten)
        .finally(() => {
          underWay -= 1;
          bytes -= size;
        });
    },
    get dropped() {
      return dropped;
    },
    get isRefused() {
      return refusedUntilMs !== undefined;
    },
  };
}

const refusesWrites = (thrown: unknown): boolean =>
  /^(?:READONLY|OOM|MISCONF|NOREPLICAS|NOPERM)\b/.test(wordOf(thrown));
