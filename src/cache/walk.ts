import { pause, type Clock } from "../lib/time.ts";
import type { Place } from "./policy.ts";
import type { Stored } from "./stored.ts";
import type { Tier, TierName } from "./tier.ts";

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

/** A tier that has not answered after so long is no longer waited for alone. */
const hedgeMs = 3;

export interface WalkParts {
  readonly tiers: readonly Tier[];
  readonly lookIn: (tier: Tier, place: Place) => Promise<Looked | undefined>;
  readonly promote: (place: Place, looked: Looked) => void;
  readonly clock: Clock;
}

export interface Wanted {
  readonly place: Place;
  readonly isGood: IsGood;
  /** What memory has, if that is too old. */
  readonly held: Stored | undefined;
}

/** Looks through the tiers below memory. */
export async function walk(
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

/** What a tier had. */
export interface Looked {
  readonly tier: Tier;
  readonly stored: Stored;
  readonly bytes: Uint8Array;
}

const foundIn = ({ tier, stored }: Looked): Found => ({ tier: tier.name, stored });

/** What a tier has to know of an answer to keep house. */
export const noteOf = ({ scope, model, createdMs, keepUntilMs, savedMs }: Stored) => ({
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
