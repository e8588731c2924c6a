import { pause, type Clock } from "../lib/time.ts";
import type { CacheCounts } from "./counts.ts";
import type { Seal } from "./entry.ts";
import { isSameFingerprint } from "./key.ts";
import type { MemoryTier } from "./memory.ts";
import type { Place } from "./policy.ts";
import { packStored, unpackStored, type Kept, type Stored } from "./stored.ts";
import { type Tier, TierError, type TierName } from "./tier.ts";

/** An answer that was found, and where. */
export interface Found {
  readonly tier: TierName;
  readonly stored: Stored;
}

/** What a lookup brought: a hit, or nothing good enough; then the newest of what was too old, if there was any. */
export interface Lookup {
  readonly hit: Found | undefined;
  readonly old: Found | undefined;
}

/** Says whether a stored answer is good enough for whoever asks. */
export type IsGood = (stored: Stored) => boolean;

/** Lifetimes of an answer, in milliseconds since 1970. */
export interface Lifetime {
  readonly createdMs: number;
  readonly expiresMs: number;
}

/** All tiers as one. */
export interface Cache {
  /** Looks nearest first; at once when memory has it. Never rejects: a sick tier is passed over. */
  readonly find: (place: Place, isGood: IsGood) => Lookup | Promise<Lookup>;
  /** Stores in every tier; false for what is too large to be stored anywhere. */
  readonly fill: (place: Place, kept: Kept, lifetime: Lifetime) => boolean;
  readonly remove: (key: Buffer) => void;
}

export interface CacheParts {
  readonly secret: Uint8Array;
  readonly memory: MemoryTier;
  /** Those that are in use, nearest first. */
  readonly tiers: readonly Tier[];
  readonly counts: CacheCounts;
  readonly clock: Clock;
}

/** A tier that has not answered after so long is no longer waited for alone. */
const hedgeMs = 3;

const nothing: Lookup = { hit: undefined, old: undefined };

export function createCache({ secret, memory, tiers, counts, clock }: CacheParts): Cache {
  const sealOf = (key: Uint8Array): Seal => ({ secret, key });

  const lookInMemory = ({ key, fingerprint }: Place): Stored | undefined => {
    const beganMs = clock.monotonicMs();
    const stored = memory.get(key);
    const isRight = stored !== undefined && isSameFingerprint(stored.fingerprint, fingerprint);
    if (stored !== undefined && !isRight) counts.rejected("memory", "fingerprint");
    counts.looked("memory", isRight, clock.monotonicMs() - beganMs);
    return isRight ? stored : undefined;
  };

  /** What a tier has under the key, checked; what fails the check is removed there. Never rejects. */
  const lookIn = async (tier: Tier, { key, fingerprint }: Place): Promise<Looked | undefined> => {
    const beganMs = clock.monotonicMs();
    const bytes = await tier.get(key).catch((thrown: unknown) => {
      counts.rejected(tier.name, thrown instanceof TierError ? "unanswered" : "failed");
      return undefined;
    });
    counts.looked(tier.name, bytes !== undefined, clock.monotonicMs() - beganMs);
    if (bytes === undefined) return undefined;
    const stored = unpackStored(bytes, sealOf(key));
    const fault = typeof stored === "string" ? stored : undefined;
    if (typeof stored !== "string" && isSameFingerprint(stored.fingerprint, fingerprint))
      return { tier, stored, bytes };
    counts.rejected(tier.name, fault ?? "fingerprint");
    tier.remove(key);
    return undefined;
  };

  const promote = (place: Place, { tier, stored, bytes }: Looked): void => {
    memory.put(place.key, stored);
    const above = tiers.slice(0, tiers.indexOf(tier)).filter((one) => one.usable());
    for (const one of above) one.put(place.key, bytes, noteOf(stored));
    counts.promoted();
  };

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
      const packed = packStored(kept, { ...lifetime, fingerprint }, sealOf(key));
      if (packed === undefined) return false;
      const { stored, bytes } = packed;
      memory.put(key, stored);
      for (const tier of tiers) tier.put(key, bytes, noteOf(stored));
      counts.filled();
      return true;
    },
    remove(key) {
      memory.remove(key);
      for (const tier of tiers) tier.remove(key);
    },
  };
}

interface WalkParts {
  readonly tiers: readonly Tier[];
  readonly lookIn: (tier: Tier, place: Place) => Promise<Looked | undefined>;
  readonly promote: (place: Place, looked: Looked) => void;
  readonly clock: Clock;
}

interface Wanted {
  readonly place: Place;
  readonly isGood: IsGood;
  /** What memory has, if that is too old. */
  readonly held: Stored | undefined;
}

/** Looks through the tiers below memory. */
async function walk(
  { tiers, lookIn, promote, clock }: WalkParts,
  { place, isGood, held }: Wanted,
): Promise<Lookup> {
  const asks = tiers.map((tier) => () => lookIn(tier, place));
  const looked = await firstGood(asks, { isGood: ({ stored }) => isGood(stored), clock });
  if (looked.good !== undefined) {
    promote(place, looked.good);
    return { hit: foundIn(looked.good), old: undefined };
  }
  const olds = looked.others.map(foundIn);
  if (held !== undefined) olds.unshift({ tier: "memory", stored: held });
  return { hit: undefined, old: newest(olds) };
}

interface Looked {
  readonly tier: Tier;
  readonly stored: Stored;
  readonly bytes: Uint8Array;
}

const foundIn = ({ tier, stored }: Looked): Found => ({ tier: tier.name, stored });

const noteOf = ({ scope, model, createdMs, keepUntilMs, savedMs }: Stored) => ({
  scope,
  model,
  createdMs,
  keepUntilMs,
  savedMs,
});

function newest(found: readonly Found[]): Found | undefined {
  return found.toSorted((a, b) => b.stored.createdMs - a.stored.createdMs)[0];
}

interface FirstGoodOptions {
  readonly isGood: (looked: Looked) => boolean;
  readonly clock: Clock;
}

/** Asks one after the other, the next one also when the one before is slow; the first good answer ends it. */
async function firstGood(
  asks: readonly (() => Promise<Looked | undefined>)[],
  { isGood, clock }: FirstGoodOptions,
): Promise<{ good: Looked | undefined; others: Looked[] }> {
  const others: Looked[] = [];
  let settled: (looked: Looked) => void = () => undefined;
  const good = new Promise<Looked>((resolve) => (settled = resolve));
  const running: Promise<void>[] = [];
  for (const [index, ask] of asks.entries()) {
    const one = ask().then((looked) => {
      if (looked === undefined) return;
      if (isGood(looked)) settled(looked);
      else others.push(looked);
    });
    running.push(one);
    const isLast = index === asks.length - 1;
    const early = await Promise.race([
      good,
      isLast
        ? Promise.all(running).then(noneYet)
        : Promise.race([one.then(noneYet), pause(clock, hedgeMs).then(noneYet)]),
    ]);
    if (early !== undefined) return { good: early, others };
  }
  return { good: undefined, others };
}

const noneYet = (): undefined => undefined;
