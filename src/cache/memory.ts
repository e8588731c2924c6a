import { LRUCache } from "lru-cache";
import type { Clock } from "../lib/time.ts";
import type { Stored } from "./stored.ts";

export interface MemoryOptions {
  readonly entriesMax: number;
  /** Bytes of all entries together, as {@link Stored} estimates them. */
  readonly bytesMax: number;
  /** Larger entries are left to the tiers below. */
  readonly entryBytesMax: number;
  readonly ttlMs: number;
}

/** The nearest tier: answers at once, holds answers unpacked, and forgets with the process. */
export interface MemoryTier {
  readonly get: (key: Buffer) => Stored | undefined;
  readonly put: (key: Buffer, stored: Stored) => void;
  readonly remove: (key: Buffer) => void;
  /** Removes what `matches`; returns how many entries and bytes that was. With `dryRun` nothing goes. */
  readonly purge: (
    matches: (key: Buffer, stored: Stored) => boolean,
    dryRun: boolean,
  ) => { readonly entries: number; readonly bytes: number };
  readonly state: () => { readonly entries: number; readonly bytes: number; readonly evicted: number };
}

/** What an entry takes besides its text. */
const overheadBytes = 400;

export function createMemoryTier(options: MemoryOptions, clock: Clock): MemoryTier {
  let evicted = 0;
  const entries = new LRUCache<string, Stored>({
    max: Math.max(1, options.entriesMax),
    maxSize: Math.max(1, options.bytesMax),
    maxEntrySize: Math.max(1, options.entryBytesMax),
    sizeCalculation: (stored) => stored.bytes + overheadBytes,
    ttl: Math.max(1, options.ttlMs),
    ttlResolution: 1_000,
    perf: { now: clock.monotonicMs },
    dispose: (_stored, _key, reason) => {
      if (reason === "evict") evicted += 1;
    },
  });
  const isOff = options.entriesMax === 0 || options.bytesMax === 0 || options.ttlMs === 0;
  return {
    get: (key) => entries.get(key.toString("latin1")),
    put(key, stored) {
      if (!isOff) entries.set(key.toString("latin1"), stored);
    },
    remove: (key) => void entries.delete(key.toString("latin1")),
    purge(matches, dryRun) {
      const found = [...entries.entries()].filter(([key, stored]) =>
        matches(Buffer.from(key, "latin1"), stored),
      );
      if (!dryRun) for (const [key] of found) entries.delete(key);
      return { entries: found.length, bytes: found.reduce((sum, [, stored]) => sum + stored.bytes, 0) };
    },
    state: () => ({ entries: entries.size, bytes: entries.calculatedSize, evicted }),
  };
}
