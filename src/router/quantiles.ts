import type { Analysis, Complexity } from "./analyze.ts";
import { LRUCache } from "lru-cache";
import { higherOf, lowerOf } from "./tiers.ts";
import type { Cuts } from "./weights.ts";

/** The hardness of recent requests. */
export interface RecentScores {
  /** Where the cuts lie by the shipped thresholds, about. */
  readonly shipped: Cuts;
  readonly count: () => number;
  /** The hardness that a share of the recent requests reaches; undefined while too few are known. */
  readonly reachedBy: (share: number) => number | undefined;
}

/** Recent requests, to which new ones are added. */
export interface Scores extends RecentScores {
  /** Adds a request's hardness, if it is one of its own: follow-ups, tool loops and housekeeping tell nothing. */
  readonly add: (analysis: Analysis) => void;
}

const kept = 512;
/** Fewer say too little about what is usual here. */
const countMin = 50;

/** Keeps the hardness of the last 512 requests. `shipped` comes with the analyzer's weights. */
export function createScores(shipped: Cuts): Scores {
  const ring: number[] = [];
  let next = 0;
  let sorted: readonly number[] | undefined = [];
  return {
    shipped,
    count: () => ring.length,
    add(analysis) {
      const { hardness } = analysis;
      if (!Number.isFinite(hardness) || isCertain(analysis)) return;
      if (analysis.is_follow_up || analysis.is_tool_loop) return;
      ring[next] = hardness;
      next = (next + 1) % kept;
      sorted = undefined;
    },
    reachedBy(share) {
      if (ring.length < countMin) return undefined;
      sorted ??= ring.toSorted((a, b) => b - a);
      const nth = Math.ceil(Math.min(1, Math.max(0, share)) * sorted.length);
      // A share of nothing is reached by nobody: the cut lies above the hardest.
      return nth === 0 ? Number.POSITIVE_INFINITY : sorted[nth - 1];
    },
  };
}

/** The recent requests of each owner: what others ask moves nobody's cuts. */
export type ScoresOf = (owner: string) => Scores;

const ownersMax = 200;

/** Keeps them for the owners of late. */
export function createScoresOf(shipped: Cuts): ScoresOf {
  const owners = new LRUCache<string, Scores>({ max: ownersMax });
  return (owner) => {
    const scores = owners.get(owner) ?? createScores(shipped);
    owners.set(owner, scores);
    return scores;
  };
}

/** Titles, tags and empty requests: their analysis does not rest on a score, and no dial moves it. */
export const isCertain = ({ confidence }: Analysis): boolean => confidence === 1;

export const dialMax = 10;
export const usualDial = 5;

/** By the dial, what share of requests is medium or more, and what share is high. */
const mediumShares = [0.1, 0.16, 0.23, 0.3, 0.38, 0.45, 0.52, 0.6, 0.68, 0.76, 0.85];
const highShares = [0.02, 0.05, 0.08, 0.12, 0.16, 0.2, 0.26, 0.33, 0.41, 0.5, 0.6];

/** How far the usual traffic may move a cut: where everything is easy, the least easy of it is still not hard. */
const driftMax = 0.06;
/** How far one step of the dial moves a cut at the least, of 0 to 1. */
const stepOfDial = 0.05;

/**
 * Where the cuts lie: at quantiles of recent requests, because how requests rank is known better than what their
 * scores mean. Undefined while too few are known and the dial is where it was shipped: then the analyzer's own
 * answer holds. A higher dial never has a higher cut.
 */
export function cutsFor(recent: RecentScores, dial: number): Cuts | undefined {
  const { shipped } = recent;
  const at = Math.min(dialMax, Math.max(0, Math.round(dial)));
  const moved = (usualDial - at) * stepOfDial;
  const medium = recent.reachedBy(mediumShares[at] ?? 0);
  const high = recent.reachedBy(highShares[at] ?? 0);
  if (medium === undefined || high === undefined)
    return at === usualDial ? undefined : { medium: shipped.medium + moved, high: shipped.high + moved };
  const near = (score: number, middle: number): number =>
    Math.min(middle + moved + driftMax, Math.max(middle + moved - driftMax, score));
  return { medium: near(medium, shipped.medium), high: near(high, shipped.high) };
}

/** A tier, and how sure it is, from 0.5 to 1. */
export interface Placed {
  readonly tier: Complexity;
  readonly confidence: number;
}

/** The tier of a request by itself, by what is usual here and where the dial stands. */
export function place(analysis: Analysis, recent: RecentScores, dial: number): Placed {
  const { complexity, confidence } = analysis;
  if (isCertain(analysis)) return { tier: complexity, confidence };
  const raised = (tier: Complexity): Complexity => (analysis.needs_search ? higherOf(tier, "medium") : tier);
  const cuts = cutsFor(recent, dial);
  if (cuts === undefined) return { tier: raised(complexity), confidence };
  const byCuts = cutAt(analysis.hardness, cuts);
  // With few requests known the shipped answer counts, and the dial may only move it its own way.
  const isShipped = recent.reachedBy(1) === undefined;
  const isTurnedUp = dial > usualDial;
  const tier = !isShipped ? byCuts : isTurnedUp ? higherOf(byCuts, complexity) : lowerOf(byCuts, complexity);
  const own = raised(tier);
  return { tier: own, confidence: isShipped ? confidence : distanceOf(analysis.hardness, cuts, own) };
}

const cutAt = (hardness: number, { medium, high }: Cuts): Complexity =>
  hardness >= high ? "high" : hardness >= medium ? "medium" : "low";

/** How far the nearest cut is, as a share of the way there is on that side; from 0.5. */
function distanceOf(hardness: number, { medium, high }: Cuts, tier: Complexity): number {
  const from = (cut: number): number =>
    hardness >= cut ? (hardness - cut) / Math.max(0.01, 1 - cut) : (cut - hardness) / Math.max(0.01, cut);
  const distance =
    tier === "high" ? from(high) : tier === "low" ? from(medium) : Math.min(from(medium), from(high));
  return 0.5 + Math.min(1, distance) / 2;
}
