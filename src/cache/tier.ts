/** Where entries are kept, nearest first. */
export type TierName = "memory" | "redis" | "sqlite";

/** What a tier notes beside an entry, to find, count and evict it by. No prompt and no answer is in it. */
export interface EntryNote {
  /** The scope's name. */
  readonly scope: string;
  /** The key of the model that answered. */
  readonly model: string;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
  /** Milliseconds since 1970 from which on the entry is of no use to anybody, not even as a stale one. */
  readonly keepUntilMs: number;
  /** Milliseconds the answer took when it was made; what a hit saves. */
  readonly savedMs: number;
}

/**
 * A tier outside this thread: Redis or SQLite. It keeps bytes by key and knows nothing of what is in them.
 *
 * A tier that is sick says so by `usable`, and is skipped; what is under way then fails soon, and never late.
 */
export interface Tier {
  readonly name: Exclude<TierName, "memory">;
  /** Whether it is worth asking now. */
  readonly usable: () => boolean;
  /** The bytes under a key of 16 bytes; undefined when there are none. Rejects with {@link TierError}. */
  readonly get: (key: Buffer) => Promise<Uint8Array | undefined>;
  /** Writes when there is time; a write that cannot be taken is dropped and counted. Never throws. */
  readonly put: (key: Buffer, bytes: Uint8Array, note: EntryNote) => void;
  /** Removes when there is time. Never throws. */
  readonly remove: (key: Buffer) => void;
  /** What statistics show. */
  readonly state: () => TierState;
  /** Writes what is waiting, as far as that is possible, and lets go of everything. Never rejects. */
  readonly close: () => Promise<void>;
}

export interface TierState {
  /** `up`: in use. `half-open`: being tried again. `down`: skipped. `read-only`: answers, but takes no writes. */
  readonly state: "up" | "half-open" | "down" | "read-only";
  /** Entries and bytes, as far as the tier knows them. */
  readonly entries: number | undefined;
  readonly bytes: number | undefined;
  /** Writes that were given up: a full queue, a sick tier. */
  readonly droppedWrites: number;
  /** Lookups and writes that failed. */
  readonly failures: number;
}

/** A lookup that a tier could not answer; a miss for the caller, and counted. The message names no key. */
export class TierError extends Error {
  override readonly name = "TierError";
}
