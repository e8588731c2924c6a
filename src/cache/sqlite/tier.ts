import type { Logger } from "../../lib/log.ts";
import { pause, type Clock } from "../../lib/time.ts";
import { type Tier, TierError, type TierState } from "../tier.ts";
import { createKeeper, type Keeper } from "./keeper.ts";
import { createLookups } from "./lookups.ts";
import type { FileState, SweepResult } from "./messages.ts";
import { createQueue } from "./queue.ts";
import type { RunJob } from "./waiting.ts";

export interface SqliteOptions {
  readonly path: string;
  /** Largest file, in bytes. */
  readonly bytesMax: number;
  /** Longest time an entry is kept. */
  readonly ttlMs: number;
  /** Nothing is written when the disk has less room. */
  readonly diskFreeBytesMin: number;
}

/** The tier on disk. SQLite runs in two threads of its own, one that writes and one that reads. */
export interface SqliteTier extends Tier {
  readonly name: "sqlite";
  /** One cleanup, in slices. Rejects with TierError. */
  readonly sweep: () => Promise<SweepResult>;
  /** Has a job done; `onProgress` hears how far it is, slice by slice. Rejects with TierError. */
  readonly job: RunJob;
}

export interface SqliteParts {
  readonly clock: Clock;
  readonly log: () => Logger;
}

const closeWaitMs = 5_000;

export function createSqliteTier(options: SqliteOptions, { clock, log }: SqliteParts): SqliteTier {
  const file = createFileView(log);
  const lookups = createLookups(clock, (message) => keeper.workers?.toReader(message));
  const queue = createQueue(clock, (message) => {
    keeper.workers?.toWriter(message);
    return keeper.workers !== undefined;
  });
  const keeper: Keeper = createKeeper(options, {
    clock,
    log,
    onReady({ entries, usedBytes }) {
      file.note({ entries, usedBytes, full: undefined });
      queue.flush();
    },
    onMessage(message) {
      if (message.type === "got") {
        lookups.got(message);
        queue.touch(message.touches);
      } else if (message.type === "wrote") {
        queue.wrote(message, message.state.full !== undefined);
        file.note(message.state);
      }
    },
    onStop() {
      lookups.failAll(notOpen);
      queue.forget();
    },
  });
  const job: RunJob = (one, onProgress) =>
    keeper.workers === undefined
      ? Promise.reject(new TierError(notOpen))
      : keeper.workers.job(one, onProgress);
  const isUsable = (): boolean => keeper.workers !== undefined && lookups.isAlive();

  return {
    name: "sqlite",
    usable: isUsable,
    get: (key) => (isUsable() ? lookups.get(new Uint8Array(key)) : Promise.reject(new TierError(notOpen))),
    put(key, bytes, note) {
      const keepUntilMs = Math.min(note.keepUntilMs, clock.epochMs() + options.ttlMs);
      queue.put({ key: new Uint8Array(key), bytes: new Uint8Array(bytes), note: { ...note, keepUntilMs } });
    },
    remove: (key) => queue.remove(new Uint8Array(key)),
    state: () => file.show(isUsable(), queue.dropped, lookups.failures),
    sweep: () => job({ kind: "sweep", nowMs: clock.epochMs() }),
    job,
    async close() {
      queue.flush();
      await Promise.race([pause(clock, closeWaitMs), keeper.stop()]);
    },
  };
}

const notOpen = "the cache's file is not open";

/** What is known of the file; a change between full and not is told once. */
function createFileView(log: () => Logger) {
  let file: FileState = { entries: 0, usedBytes: 0, full: undefined };
  return {
    note(next: FileState): void {
      const reason = next.full;
      if (reason !== undefined && file.full === undefined)
        log().warn("the cache's disk is full: nothing is stored there until there is room", { reason });
      if (reason === undefined && file.full !== undefined) log().info("the cache's disk has room again");
      file = next;
    },
    show: (isUsable: boolean, droppedWrites: number, failures: number): TierState => ({
      state: !isUsable ? "down" : file.full === undefined ? "up" : "read-only",
      entries: file.entries,
      bytes: file.usedBytes,
      droppedWrites,
      failures,
    }),
  };
}
