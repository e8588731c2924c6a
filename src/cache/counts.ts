import type { Operation } from "../core/call.ts";
import { createHistogram, type Histogram } from "../lib/histogram.ts";
import type { EntryFault } from "./entry.ts";
import type { TierName } from "./tier.ts";

/** What the cache said of one request. */
export type CacheResult = "hit" | "miss" | "pass" | "stale" | "coalesced" | "semantic";

/** One request as the cache dealt with it. */
export interface Outcome {
  readonly result: CacheResult;
  readonly model: string;
  readonly operation: Operation;
  /** Where a hit came from. */
  readonly tier: TierName | undefined;
  /** Why it was no hit. */
  readonly reason: string | undefined;
  /** What a hit spared. */
  readonly saved: { readonly inputTokens: number; readonly outputTokens: number; readonly ms: number };
}

/** Why something that lay in a tier was not used. */
export type Rejection = EntryFault | "fingerprint" | "unanswered" | "failed";

/** Counts of the cache since the process started. Bounded: of models that clients made up only so many are told apart. */
export interface CacheCounts {
  readonly note: (outcome: Outcome) => void;
  /** One lookup in one tier; `ms` it took. */
  readonly looked: (tier: TierName, found: boolean, ms: number) => void;
  readonly rejected: (tier: TierName, why: Rejection) => void;
  readonly filled: () => void;
  /** An answer that was not stored, and why. */
  readonly unstored: (reason: string) => void;
  readonly promoted: () => void;
  readonly unloaded: () => void;
  readonly snapshot: () => CountsSnapshot;
}

export type CountsSnapshot = ReturnType<typeof snapshotOf>;

interface Tally {
  requests: number;
  eligible: number;
  hits: number;
}

const tiers: readonly TierName[] = ["memory", "redis", "sqlite"];
const modelsMax = 200;
const noSavings = { inputTokens: 0, outputTokens: 0, ms: 0 };

export const savedNothing: Outcome["saved"] = noSavings;

export function createCacheCounts(): CacheCounts {
  const counts = emptyCounts();
  return {
    note(outcome) {
      bump(counts.results, outcome.result);
      if (outcome.result === "pass") bump(counts.passReasons, outcome.reason ?? "");
      else if (outcome.result === "miss") bump(counts.missReasons, outcome.reason ?? "");
      addTo(tallyOf(counts, outcome.model), outcome);
      addTo(counts.all, outcome);
      if (outcome.tier !== undefined && outcome.result === "hit") bump(counts.hitsByTier, outcome.tier);
      counts.saved.inputTokens += outcome.saved.inputTokens;
      counts.saved.outputTokens += outcome.saved.outputTokens;
      counts.saved.ms += outcome.saved.ms;
    },
    looked(tier, found, ms) {
      bump(counts.lookups, tier);
      if (found) bump(counts.found, tier);
      counts.latency[tier].record(ms);
    },
    rejected: (tier, why) => bump(counts.rejections, `${tier}_${why}`),
    filled: () => void (counts.fills += 1),
    unstored: (reason) => bump(counts.unstored, reason),
    promoted: () => void (counts.promotions += 1),
    unloaded: () => void (counts.unloads += 1),
    snapshot: () => snapshotOf(counts),
  };
}

function emptyCounts() {
  return {
    results: new Map<string, number>(),
    passReasons: new Map<string, number>(),
    missReasons: new Map<string, number>(),
    hitsByTier: new Map<string, number>(),
    lookups: new Map<string, number>(),
    found: new Map<string, number>(),
    rejections: new Map<string, number>(),
    unstored: new Map<string, number>(),
    models: new Map<string, Tally>(),
    all: { requests: 0, eligible: 0, hits: 0 },
    latency: { memory: createHistogram(), redis: createHistogram(), sqlite: createHistogram() },
    saved: { ...noSavings },
    fills: 0,
    promotions: 0,
    unloads: 0,
  };
}

type Counts = ReturnType<typeof emptyCounts>;

function bump(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function tallyOf({ models }: Counts, model: string): Tally {
  const name = models.has(model) || models.size < modelsMax ? model : "other";
  const tally = models.get(name) ?? { requests: 0, eligible: 0, hits: 0 };
  models.set(name, tally);
  return tally;
}

function addTo(tally: Tally, { result }: Outcome): void {
  tally.requests += 1;
  if (result !== "pass") tally.eligible += 1;
  if (result === "hit" || result === "semantic") tally.hits += 1;
}

const rate = (part: number, whole: number): number =>
  whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 10_000;

const ratesOf = (tally: Tally) => ({
  ...tally,
  eligible_hit_rate: rate(tally.hits, tally.eligible),
  overall_hit_rate: rate(tally.hits, tally.requests),
});

const latencyOf = (histogram: Histogram) => ({
  count: histogram.count,
  p50: rounded(histogram.quantile(0.5)),
  p99: rounded(histogram.quantile(0.99)),
});
const rounded = (ms: number): number => Math.round(ms * 1_000) / 1_000;

function snapshotOf(counts: Counts) {
  const of = (map: ReadonlyMap<string, number>, name: string): number => map.get(name) ?? 0;
  return {
    ...ratesOf(counts.all),
    results: Object.fromEntries(counts.results),
    pass_reasons: Object.fromEntries(counts.passReasons),
    miss_reasons: Object.fromEntries(counts.missReasons),
    saved: {
      input_tokens: counts.saved.inputTokens,
      output_tokens: counts.saved.outputTokens,
      seconds: rounded(counts.saved.ms / 1_000),
    },
    fills: counts.fills,
    not_stored: Object.fromEntries(counts.unstored),
    promotions: counts.promotions,
    unloads: counts.unloads,
    validation_failures: Object.fromEntries(counts.rejections),
    lookups: Object.fromEntries(
      tiers.map((tier) => [
        tier,
        {
          lookups: of(counts.lookups, tier),
          found: of(counts.found, tier),
          hits: of(counts.hitsByTier, tier),
          hit_rate: rate(of(counts.hitsByTier, tier), counts.all.eligible),
          latency_ms: latencyOf(counts.latency[tier]),
        },
      ]),
    ),
    models: Object.fromEntries([...counts.models].map(([name, tally]) => [name, ratesOf(tally)])),
  };
}
