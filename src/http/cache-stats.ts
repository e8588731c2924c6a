import type { Flown } from "../cache/flight.ts";
import type { OpenCache } from "../cache/open.ts";
import type { Tier } from "../cache/tier.ts";

/** What is shown of the cache. */
export type CacheView = Pick<OpenCache<Flown>, "counts" | "memory" | "tiers" | "cleanup"> & {
  readonly flights: { readonly inFlight: number };
};

/** The counts of the cache and the state of its tiers, as `/api/stats` shows them. */
export function cacheStats({ counts, memory, tiers, flights, cleanup }: CacheView) {
  const { lookups, ...said } = counts.snapshot();
  return {
    ...said,
    in_flight: flights.inFlight,
    cleanup: cleanup.state(),
    tiers: {
      memory: { state: "up", ...memory.state(), ...lookups["memory"] },
      ...Object.fromEntries(tiers.map((tier) => [tier.name, { ...tierStats(tier), ...lookups[tier.name] }])),
    },
  };
}

function tierStats(tier: Tier) {
  const { state, entries, bytes, droppedWrites, failures } = tier.state();
  return { state, entries, bytes, dropped_writes: droppedWrites, failures };
}
