import type { Clock, Timer } from "../../lib/time.ts";
import { createHealth, type Health } from "./health.ts";
import { createLink, type Link, type LinkParts } from "./link.ts";
import type { Change, LedgerThreadSettings, TotalsQuery, UsageTotal } from "./messages.ts";
import { type ChangeQueue, createChangeQueue, type Outcome } from "./queue.ts";
import { createTotalsDesk, unreadable } from "./totals-desk.ts";

export type StoreParts = Pick<LinkParts, "clock" | "log" | "onLoaded" | "onWrote"> & {
  /** A new file is begun, or the old one is written again: reservations of calls under way are to be said again. */
  readonly onAnew: () => void;
};

export interface StoreState {
  readonly isUp: boolean;
  /** Milliseconds since 1970, while the file cannot be written. */
  readonly sinceMs: number | undefined;
  /** Why, in the words of SQLite or the system. */
  readonly error: string | undefined;
  /** The name that a damaged file was given in this run. */
  readonly setAside: string | undefined;
  /** Changes that never reached the file and never will. */
  readonly dropped: number;
  /** Changes that are not on disk yet. */
  readonly waiting: number;
}

export interface AppendOptions {
  /** Refuse it rather than keep it in memory. */
  readonly needsDisk?: boolean;
  /** Nobody waits for it: it may wait for others, so that they are written together. */
  readonly isLate?: boolean;
}

/** The way to the file: changes in batches, tried again until they are written. */
export interface Store {
  /** Resolves when the first attempt to open the file is over, well or not. */
  readonly tried: Promise<void>;
  /** Never rejects. */
  readonly append: (change: Change, options?: AppendOptions) => Promise<Outcome>;
  /** Rejects with ProxyError while the file cannot be read. */
  readonly totals: (query: TotalsQuery) => Promise<UsageTotal[]>;
  readonly state: () => StoreState;
  /** Tries once more to write what waits, and closes the file. */
  readonly close: () => Promise<void>;
}

/** Rows that nobody waits for are to be on disk within 50 ms. */
const lateMs = 25;

/** Gives nothing back: it is written to know that all before it is. */
const nothing: Change = { kind: "release", uid: "" };

export function createStore(settings: LedgerThreadSettings, parts: StoreParts): Store {
  const { clock, log } = parts;
  const queue = createChangeQueue();
  const health = createHealth({ clock, log, onUp: parts.onAnew });
  const desk = createTotalsDesk();
  let isClosed = false;
  let setAside: string | undefined;
  let dropped = 0;
  const link = createLink(settings, {
    ...parts,
    queue,
    health,
    desk,
    onWrote(message) {
      dropped += message.refused;
      parts.onWrote(message);
    },
    onAside(file) {
      setAside = file;
      parts.onAnew();
    },
  });
  const { append, stop } = createAppend({ clock, queue, health, link, drop: () => (dropped += 1) });
  return {
    tried: link.tried,
    append,
    async totals(query) {
      await link.tried;
      if (!link.isLoaded() || isClosed) throw unreadable(health.outage?.error ?? "it is closed");
      await append(nothing);
      return desk.ask(query, link.post);
    },
    state: () => ({
      isUp: link.isLoaded() && health.outage === undefined,
      sinceMs: health.outage?.sinceMs,
      error: health.outage?.error,
      setAside,
      dropped,
      waiting: queue.size,
    }),
    async close() {
      isClosed = true;
      stop();
      await link.close();
      if (queue.size > 0)
        log().error("the ledger was closed with rows that are not on disk", { rows: queue.size });
    },
  };
}

interface AppendParts {
  readonly clock: Clock;
  readonly queue: ChangeQueue;
  readonly health: Health;
  readonly link: Link;
  /** Counts a change that is lost. */
  readonly drop: () => void;
}

function createAppend({
  clock,
  queue,
  health,
  link,
  drop,
}: AppendParts): Pick<Store, "append"> & { stop: () => void } {
  let late: Timer | undefined;
  let isSoon = false;
  let isStopped = false;
  const flush = (): void => {
    late?.cancel();
    late = undefined;
    isSoon = false;
    link.send();
  };
  const plan = (isLate: boolean): void => {
    if (isLate) late ??= clock.after(lateMs, flush);
    else if (!isSoon) {
      isSoon = true;
      // What comes in the same turn is written in the same transaction.
      setImmediate(flush);
    }
  };
  const append = (
    change: Change,
    { needsDisk = false, isLate = false }: AppendOptions = {},
  ): Promise<Outcome> => {
    const isDown = health.outage !== undefined;
    if (isStopped || (isDown && needsDisk)) {
      if (!needsDisk) drop();
      return Promise.resolve("refused");
    }
    if (isDown && change.kind === "hold") return Promise.resolve("kept");
    return new Promise((resolve) => {
      const isKept = isLate || isDown;
      if (!queue.add({ change, needsDisk, tell: isKept ? undefined : resolve })) drop();
      if (isKept) resolve("kept");
      if (!isDown) plan(isLate);
    });
  };
  return {
    append,
    stop() {
      isStopped = true;
      late?.cancel();
    },
  };
}
