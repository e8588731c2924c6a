import type { Logger } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import { createCache, type Cache } from "./cache.ts";
import { createCacheCounts, type CacheCounts } from "./counts.ts";
import { createFlights, type Flights, type Flown } from "./flight.ts";
import { payloadBytesMax } from "./entry.ts";
import { createMemoryTier, type MemoryOptions, type MemoryTier } from "./memory.ts";
import { openCacheSecret, type CacheSecret } from "./secret.ts";
import { createServed, type Served } from "./served.ts";
import type { Tier } from "./tier.ts";

/** What is read at the start only; what holds for one request is in the policy. */
export interface CacheOptions {
  readonly dataDir: string;
  readonly memory: MemoryOptions;
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
  readonly counts: CacheCounts;
  readonly secret: CacheSecret;
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
  const tiers: readonly Tier[] = [];
  return {
    cache: createCache({ secret: secret.secret, memory, tiers, counts, clock }),
    memory,
    tiers,
    flights: createFlights<What>({ bytesMax: payloadBytesMax, watchersMax }),
    served: createServed(clock),
    counts,
    secret,
    async close() {
      await Promise.all(tiers.map((tier) => tier.close()));
    },
  };
}
