import type { MemoryTier } from "./memory.ts";
import { globPattern, namesOf } from "./names.ts";
import type { CacheSecret } from "./secret.ts";
import type { EntryFilter, EntryRow, PurgeResult } from "./sqlite/messages.ts";
import type { SqliteTier } from "./sqlite/tier.ts";
import type { Stored } from "./stored.ts";
import type { Tier } from "./tier.ts";

/** What administrators do with the cache. */
export interface Care {
  /** Entries on disk in the order of their keys, from the one after `after`; none without a disk. */
  readonly list: (filter: EntryFilter, after: string, limit: number) => Promise<EntryRow[]>;
  /**
   * Removes what the filter means, from every tier; with `dryRun` nothing goes. Without any filter a new epoch begins as
   * well, so that nothing is found again wherever it still lies. Counts what is on disk, or without a disk in memory.
   */
  readonly purge: (filter: EntryFilter, dryRun: boolean) => Promise<PurgeResult>;
}

export interface CareParts {
  readonly memory: MemoryTier;
  readonly tiers: readonly Tier[];
  readonly sqlite: SqliteTier | undefined;
  readonly secret: CacheSecret;
}

export function createCare({ memory, tiers, sqlite, secret }: CareParts): Care {
  const forget = (keys: readonly Uint8Array[]): void => {
    for (const key of keys) for (const tier of tiers) if (tier !== sqlite) tier.remove(Buffer.from(key));
  };
  return {
    list: async (filter, after, limit) =>
      sqlite === undefined ? [] : sqlite.job({ kind: "list", filter, after, limit }),
    async purge(filter, dryRun) {
      const isAll = Object.values(filter).every((value) => value === undefined);
      const inMemory = memory.purge((key, stored) => isMeant(filter, key, stored), dryRun);
      if (isAll && !dryRun) secret.nextEpoch();
      return sqlite === undefined
        ? inMemory
        : sqlite.job({ kind: "purge", filter, dryRun }, ({ keys = [] }) => forget(keys));
    },
  };
}

function isMeant({ model, scope, keyPrefix, beforeMs }: EntryFilter, key: Buffer, stored: Stored): boolean {
  return (
    (model === undefined || namesOf(stored.model).some((name) => globPattern(model).test(name))) &&
    (scope === undefined || stored.scope === scope) &&
    (keyPrefix === undefined || key.toString("hex").startsWith(keyPrefix.toLowerCase())) &&
    (beforeMs === undefined || stored.createdMs < beforeMs)
  );
}
