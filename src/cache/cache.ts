import type { Clock } from "../lib/time.ts";
import type { CacheCounts } from "./counts.ts";
import { createLooks } from "./looks.ts";
import type { MemoryTier } from "./memory.ts";
import { createOutgoing } from "./outgoing.ts";
import type { Place } from "./policy.ts";
import { weigh, type Kept } from "./stored.ts";
import type { Tier } from "./tier.ts";
import { type IsGood, type Looked, type Lookup, noteOf, walk } from "./walk.ts";

/** Lifetimes of an answer, in milliseconds since 1970. */
export interface Lifetime {
  readonly createdMs: number;
  readonly expiresMs: number;
}

/** All tiers as one. */
export interface Cache {
  /** Looks nearest first; at once when memory has it. Never rejects: a sick tier is passed over. */
  readonly find: (place: Place, isGood: IsGood) => Lookup | Promise<Lookup>;
  /** Stores in memory at once and in the other tiers soon; false for what is too large to be stored anywhere. */
  readonly fill: (place: Place, kept: Kept, lifetime: Lifetime) => boolean;
  readonly remove: (key: Buffer) => void;
  /** Resolves when everything that was stored is on its way to its tiers. */
  readonly settled: () => Promise<void>;
}

export interface CacheParts {
  readonly secret: Uint8Array;
  readonly memory: MemoryTier;
  /** Those that are in use, nearest first. */
  readonly tiers: readonly Tier[];
  readonly counts: CacheCounts;
  readonly clock: Clock;
}

const nothing: Lookup = { hit: undefined, old: undefined };

export function createCache({ secret, memory, tiers, counts, clock }: CacheParts): Cache {
  const { lookInMemory, lookIn } = createLooks({ secret, memory, counts, clock });

  const promote = (place: Place, { tier, stored, bytes }: Looked): void => {
    memory.put(place.key, stored);
    const above = tiers.slice(0, tiers.indexOf(tier)).filter((one) => one.usable());
    for (const one of above) one.put(place.key, bytes, noteOf(stored));
    counts.promoted();
  };

  const outgoing = createOutgoing(secret, {
    put(key, bytes, stored) {
      for (const tier of tiers) tier.put(key, bytes, noteOf(stored));
    },
    failed: () => counts.unstored("failed"),
  });

  return {
    find(place, isGood) {
      const held = lookInMemory(place);
      if (held !== undefined && isGood(held))
        return { hit: { tier: "memory", stored: held }, old: undefined };
      if (!tiers.some((tier) => tier.usable()))
        return held === undefined ? nothing : { hit: undefined, old: { tier: "memory", stored: held } };
      return walk(
        { tiers: tiers.filter((tier) => tier.usable()), lookIn, promote, clock },
        { place, isGood, held },
      );
    },
    fill(place, kept, lifetime) {
      const { key, fingerprint } = place;
      const weighed = weigh(kept, { ...lifetime, fingerprint });
      if (weighed === undefined) return false;
      memory.put(key, weighed.stored);
      if (tiers.length > 0) outgoing.send(key, weighed);
      counts.filled();
      return true;
    },
    settled: outgoing.settled,
    remove(key) {
      memory.remove(key);
      outgoing.drop(key);
      for (const tier of tiers) tier.remove(key);
    },
  };
}
