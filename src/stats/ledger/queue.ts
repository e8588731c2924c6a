import type { Change } from "./messages.ts";

/** What became of a change: on disk, kept in memory while the file cannot be written, or not taken. */
export type Outcome = "written" | "kept" | "refused";

/** A change on its way to the file. */
export interface Waiting {
  change: Change;
  /** Whether it is of no use in memory alone, so that it is refused when the file cannot be written. */
  readonly needsDisk: boolean;
  /** Told once; left out when nobody waits. */
  tell: ((outcome: Outcome) => void) | undefined;
}

const batchMax = 1_000;
const waitingMax = 10_000;

/** Changes in their order, of which one batch at a time is on its way. */
export interface ChangeQueue {
  /** False when there is no room: nothing was added then. */
  readonly add: (waiting: Waiting) => boolean;
  /** The next batch; the same one again until it is done. */
  readonly batch: () => readonly Change[];
  /** The batch is on disk. */
  readonly done: () => void;
  /** The file cannot be written: nobody waits any longer, and all that may stay in memory stays. */
  readonly keep: () => void;
  readonly size: number;
}

export function createChangeQueue(): ChangeQueue {
  let waiting: Waiting[] = [];
  let batched = 0;

  return {
    add(one) {
      // What gives a reservation back bounds itself: there is one for each call under way.
      if (waiting.length >= waitingMax && one.tell === undefined) return false;
      waiting.push(one);
      return true;
    },
    batch() {
      if (batched === 0) batched = Math.min(batchMax, waiting.length);
      return waiting.slice(0, batched).map(({ change }) => change);
    },
    done() {
      const written = waiting.slice(0, batched);
      waiting = waiting.slice(batched);
      batched = 0;
      for (const { tell } of written) tell?.("written");
    },
    keep() {
      const all = waiting;
      batched = 0;
      waiting = [];
      for (const one of all) {
        const { tell, needsDisk, change } = one;
        one.tell = undefined;
        if (change.kind !== "hold") waiting.push(one);
        // Whether the reservation reached the file is not always known: it is taken out again. One that is kept is said
        // again when the file is written again, if its call is still under way.
        else if (needsDisk)
          waiting.push({
            change: { kind: "release", uid: change.hold.uid },
            needsDisk: false,
            tell: undefined,
          });
        tell?.(needsDisk ? "refused" : "kept");
      }
    },
    get size() {
      return waiting.length;
    },
  };
}
