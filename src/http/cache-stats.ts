import type { Flown } from "../cache/flight.ts";
import type { OpenCache } from "../cache/open.ts";
import type { SemanticState } from "../cache/semantic/semantic.ts";
import type { Tier } from "../cache/tier.ts";

/** What is shown of the cache. */
export type CacheView = Pick<OpenCache<Flown>, "counts" | "memory" | "tiers" | "cleanup"> & {
  readonly flights: { readonly inFlight: number };
  /** Undefined when questions are not compared by their meaning. */
  readonly semantic: () => SemanticState | undefined;
};

/** The counts of the cache and the state of its tiers, as `/api/stats` shows them. */
export function cacheStats({ counts, memory, tiers, flights, cleanup, semantic }: CacheView) {
  const { lookups, ...said } = counts.snapshot();
  return {
    ...said,
    in_flight: flights.inFlight,
    cleanup: cleanup.state(),
    semantic: semanticStats(semantic()),
    tiers: {
      memory: { state: "up", ...memory.state(), ...lookups["memory"] },
      ...Object.fromEntries(tiers.map((tier) => [tier.name, { ...tierStats(tier), ...lookups[tier.name] }])),
    },
  };
}

function semanticStats(state: SemanticState | undefined) {
  if (state === undefined) return { state: "off" };
  return {
    state: state.breaker,
    lookups: state.lookups,
    eligible: state.eligible,
    candidates: state.candidates,
    guard_rejects: state.guardRejects,
    served: state.served,
    would_serve: state.wouldServe,
    embed_failures: state.embedFailures,
    embed_timeouts: state.embedTimeouts,
    pairs: {
      verified: state.verifiedPairs,
      refused: state.refusedPairs,
      waiting: state.waitingPairs,
      blocked: state.blockedPairs,
    },
    vectors: state.vectors,
  };
}

function tierStats(tier: Tier) {
  const { state, entries, bytes, droppedWrites, failures } = tier.state();
  return { state, entries, bytes, dropped_writes: droppedWrites, failures };
}
