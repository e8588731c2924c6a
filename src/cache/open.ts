import type { Logger } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import { createCache, type Cache } from "./cache.ts";
import { createCacheCounts, type CacheCounts } from "./counts.ts";
import { createFlights, type Flights, type Flown } from "./flight.ts";
import { payloadBytesMax } from "./entry.ts";
import { createMemoryTier, type MemoryOptions, type MemoryTier } from "./memory.ts";
import { openCacheSecret, type CacheSecret } from "./secret.ts";
import { createBackups } from "./care/backups.ts";
import { type Care, createCare } from "./care/care.ts";
import { type Cleanup, createCleanup } from "./cleanup.ts";
import type { SweepResult } from "./sqlite/messages.ts";
import { createSqliteTier, type SqliteOptions } from "./sqlite/tier.ts";
import type { RedisOptions } from "./redis/connection.ts";
import { createRedisTier } from "./redis/tier.ts";
import { createRecent, type Recent } from "./recent.ts";
import { createServed, type Served } from "./served.ts";
import type { Tier } from "./tier.ts";

/** What is read at the start only; what holds for one request is in the policy. */
export interface CacheOptions {
  readonly dataDir: string;
  readonly memory: MemoryOptions;
  /** Undefined when there is no Redis. */
  readonly redis: RedisOptions | undefined;
  /** Undefined when nothing is kept on disk. */
  readonly sqlite: SqliteOptions | undefined;
  readonly cleanupMs: number;
}

export interface OpenParts {
  readonly clock: Clock;
  readonly log: () => Logger;
}

/** The cache with all its parts, for as long as the daemon runs. */
export interface OpenCache<What extends Flown> {
  readonly cache: Cache;
  readonly memory: MemoryTier;
  readonly tiers: readonly Tier[];
  readonly flights: Flights<What>;
  readonly served: Served;
  readonly recent: Recent;
  readonly counts: CacheCounts;
  readonly secret: CacheSecret;
  readonly cleanup: Cleanup<SweepResult | undefined>;
  readonly care: Care;
  /** Writes what is waiting and lets go of everything. Never rejects. */
  readonly close: () => Promise<void>;
}

const watchersMax = 1_000;

export function openCache<What extends Flown>(options: CacheOptions, parts: OpenParts): OpenCache<What> {
  const { clock, log } = parts;
  const secret = openCacheSecret(options.dataDir);
  if (secret.problem !== undefined)
    log().warn("the cache's secret cannot be kept, so that its entries end with the process", {
      problem: secret.problem,
    });
  const counts = createCacheCounts();
  const memory = createMemoryTier(options.memory, clock);
  const sqlite = options.sqlite === undefined ? undefined : createSqliteTier(options.sqlite, parts);
  const redis =
    options.redis === undefined
      ? undefined
      : createRedisTier(options.redis, { ...parts, random: Math.random });
  const tiers = [redis, sqlite].filter((tier) => tier !== undefined);
  const cleanup = createCleanup<SweepResult | undefined>({
    sweep: async () => sqlite?.sweep(),
    intervalMs: options.cleanupMs,
    random: Math.random,
    ...parts,
  });
  if (sqlite !== undefined) cleanup.start();
  const cache = createCache({ secret: secret.secret, memory, tiers, counts, clock });
  return {
    cache,
    memory,
    tiers,
    flights: createFlights<What>({ bytesMax: payloadBytesMax, watchersMax }),
    served: createServed(clock),
    recent: createRecent(),
    counts,
    secret,
    cleanup,
    care: createCare({
      memory,
      redis,
      sqlite,
      secret,
      backups: createBackups(options.dataDir),
      nowMs: clock.epochMs,
      log,
    }),
    async close() {
      cleanup.stop();
      await cache.settled();
      await Promise.all(tiers.map((tier) => tier.close()));
    },
  };
}
