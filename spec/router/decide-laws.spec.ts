import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Analysis } from "../../src/router/analyze.ts";
import type { Control } from "../../src/router/control.ts";
import { decide } from "../../src/router/decide.ts";
import type { DecideParts } from "../../src/router/decision.ts";
import type { Candidate } from "../../src/router/gates.ts";
import { nameOf } from "../../src/router/order.ts";
import { createScores } from "../../src/router/quantiles.ts";
import type { Session } from "../../src/router/session.ts";
import { rankOf, tiers } from "../../src/router/tiers.ts";
import { analysisOf, usualCuts } from "./requests.ts";

const models = ["tiny", "small:3b", "mid:14b", "big", "best:latest"] as const;
const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.oneof(fc.constant(undefined), of);
const tier = fc.constantFrom(...tiers);
const unit = fc.double({ min: 0, max: 1, noNaN: true });

const candidate: fc.Arbitrary<Candidate> = fc.record({
  model: fc.constantFrom(...models),
  upstream: fc.constantFrom("home", "other", "far"),
  isCloud: fc.boolean(),
  capabilities: fc.record({
    tools: maybe(fc.boolean()),
    vision: maybe(fc.boolean()),
    thinking: maybe(fc.boolean()),
  }),
  contextTokens: maybe(fc.constantFrom(512, 2_048, 8_192, 131_072)),
  parameters: maybe(fc.constantFrom(5e8, 3e9, 14e9)),
  isLoaded: fc.boolean(),
  maxCostNanoUsd: fc.oneof(
    fc.constant(0),
    fc.nat(1_000),
    fc.constant(Number.NaN),
    fc.constant(Number.POSITIVE_INFINITY),
  ),
  isAway: maybe(fc.boolean()),
  isTrimmable: maybe(fc.boolean()),
});

const analysis: fc.Arbitrary<Analysis> = fc
  .record({
    complexity: tier,
    hardness: unit,
    needs_search: fc.boolean(),
    language: fc.constantFrom("en", "und", "ja"),
    tokens: fc.constantFrom(0, 100, 1_500, 1_600, 100_000),
    confidence: fc.constantFrom(0.5, 0.55, 0.6, 0.8, 1),
    is_follow_up: fc.boolean(),
    is_tool_loop: fc.boolean(),
  })
  .map((some) => analysisOf(some));

const control: fc.Arbitrary<Control> = fc.record({
  mode: fc.constantFrom("auto", "local", "cloud", "fast"),
  tier: maybe(tier),
  isSearchBarred: fc.boolean(),
  costNanoUsdMax: maybe(fc.nat(1_000)),
});

const session: fc.Arbitrary<Session> = fc.record({
  tier,
  model: fc.constantFrom(...models),
  upstream: fc.constantFrom("home", "other", "far"),
  needsSearch: fc.boolean(),
  isPrivate: fc.boolean(),
  easyTurns: fc.nat(1),
  seenMs: fc.nat(10_000_000),
});

/** Scores of daemons that have just begun, or have seen enough: of all kinds, easy ones, hard ones, ever the same. */
const scores = fc.constantFrom(
  ...[() => [], spread(0, 1), spread(0, 0.4), spread(0.6, 1), spread(0.3, 0.3)].map((some) => {
    const made = createScores(usualCuts);
    for (const hardness of some()) made.add(analysisOf({ hardness }));
    return made;
  }),
);

function spread(from: number, to: number): () => number[] {
  return () => Array.from({ length: 100 }, (_, nth) => from + ((to - from) * nth) / 99);
}

const named = fc.subarray([...models]);

const parts: fc.Arbitrary<DecideParts> = fc.record({
  analysis,
  control,
  session: maybe(session),
  candidates: fc.array(candidate, { maxLength: 8 }),
  search: fc.record({ isAvailable: fc.boolean() }),
  policy: fc.record({
    dial: fc.nat(10),
    onUncertain: fc.constantFrom("verify", "up", "local"),
    fastModel: maybe(fc.constantFrom(...models)),
    localModels: named,
    cloudModels: named,
  }),
  isPrivate: fc.boolean(),
  isLocalOnly: fc.boolean(),
  asks: fc.record({ images: fc.boolean(), tools: fc.boolean(), replyTokens: fc.constantFrom(1, 512, 1_024) }),
  scores,
  budgetNanoUsd: maybe(fc.nat(1_000)),
  nowMs: fc.nat(20_000_000),
});

const law = (name: string, holds: (given: DecideParts) => void): void => {
  it(name, () => fc.assert(fc.property(parts, holds), { numRuns: 3_000 }));
};

const chosen = (given: DecideParts): readonly Candidate[] => {
  const { order, escalateTo } = decide(given);
  return escalateTo === undefined ? order : [...order, escalateTo];
};

describe("whatever is asked, and whoever is there", () => {
  law("nothing private or of the house goes to the cloud or into a search", (given) => {
    const stays =
      given.isPrivate || given.isLocalOnly || given.control.mode === "local" || given.session?.isPrivate;
    if (stays !== true) return;
    const { search, maySearch } = decide(given);
    expect(search || maySearch).toBe(false);
    expect(chosen(given).filter(({ isCloud }) => isCloud)).toEqual([]);
  });

  law("nothing costs more than is left or may be paid, two answers together neither", (given) => {
    const limit = Math.min(given.budgetNanoUsd ?? Infinity, given.control.costNanoUsdMax ?? Infinity);
    if (limit === Infinity) return;
    for (const { maxCostNanoUsd } of chosen(given)) expect(maxCostNanoUsd).toBeLessThanOrEqual(limit);
    const { order, escalateTo } = decide(given);
    if (escalateTo !== undefined && escalateTo.maxCostNanoUsd > 0)
      expect((order[0]?.maxCostNanoUsd ?? 0) + escalateTo.maxCostNanoUsd).toBeLessThanOrEqual(limit);
  });

  law("images and tools go to no model that lacks them, and nothing to one that is away", (given) => {
    for (const { capabilities, isAway } of chosen(given)) {
      if (given.asks.images) expect(capabilities.vision).not.toBe(false);
      if (given.asks.tools) expect(capabilities.tools).not.toBe(false);
      expect(isAway).not.toBe(true);
    }
  });

  law(
    "nothing goes where it does not fit, unless it fits nowhere and can be trimmed there, which is told",
    (given) => {
      const tokens = given.analysis.tokens + given.asks.replyTokens;
      const { isTrimmed, reasons, maySearch } = decide(given);
      for (const { contextTokens = Infinity, isTrimmable } of chosen(given))
        if (contextTokens < tokens) expect([isTrimmed, isTrimmable]).toEqual([true, true]);
      if (!isTrimmed) return;
      const whole = given.candidates.map((one) => ({ ...one, isTrimmable: false }));
      expect(decide({ ...given, candidates: whole }).order).toEqual([]);
      expect(maySearch).toBe(false);
      expect(reasons).toContain("too long for everyone who may answer now: its oldest turns are left out");
    },
  );

  law("the web is asked only where its results have room", (given) => {
    const { search, maySearch, order } = decide({ ...given, search: { ...given.search, tokensMax: 1_000 } });
    const [first] = order;
    if (first === undefined || !(search || maySearch)) return;
    const tokens = given.analysis.tokens + given.asks.replyTokens + 1_000;
    expect(first.contextTokens ?? Infinity).toBeGreaterThanOrEqual(tokens);
  });

  law("everyone who may answer is either in the order or refused for a reason, once", (given) => {
    const { order, refused, reasons } = decide(given);
    const seen = [...order, ...refused.map(({ candidate }) => candidate)];
    const unique = new Set(seen);
    expect(unique.size).toBe(seen.length);
    const isListed = (one: Candidate): boolean => {
      const list = one.isCloud ? given.policy.cloudModels : given.policy.localModels;
      return list.length === 0 || list.some((name) => nameOf(name) === nameOf(one.model));
    };
    expect(given.candidates.filter((one) => isListed(one) && !unique.has(one))).toEqual([]);
    if (order.length === 0) expect(reasons.at(-1)).toMatch(/^nobody may answer: ./);
  });

  law("the same decision is made twice", (given) => {
    const { scores, ...rest } = given;
    expect(decide({ ...structuredClone(rest), scores })).toEqual(decide(given));
  });

  law("a tool loop keeps its model as long as that may answer", (given) => {
    const { session } = given;
    if (session === undefined || !given.analysis.is_tool_loop) return;
    const { order, isLocked, verify, escalateTo } = decide(given);
    const isSame = ({ model }: Candidate): boolean => nameOf(model) === nameOf(session.model);
    expect(isLocked).toBe(order.some(isSame));
    if (!isLocked) return;
    expect(order.findIndex(isSame)).toBe(0);
    if (order.some((one) => isSame(one) && one.upstream === session.upstream))
      expect(order[0]?.upstream).toBe(session.upstream);
    expect([verify, escalateTo]).toEqual([false, undefined]);
  });

  law(
    "a follow-up is not answered below the tier of its conversation, nor a turn below its floor",
    (given) => {
      if (given.session === undefined || given.control.tier !== undefined) return;
      const got = rankOf(decide(given).tier);
      const idleSteps = Math.floor(Math.max(0, given.nowMs - given.session.seenMs) / (30 * 60_000));
      const leans = given.analysis.is_follow_up || given.analysis.is_tool_loop;
      expect(got).toBeGreaterThanOrEqual(rankOf(given.session.tier) - (leans ? 0 : idleSteps));
    },
  );

  law("the dial only moves up", (given) => {
    const ranks = Array.from({ length: 11 }, (_, dial) =>
      rankOf(decide({ ...given, policy: { ...given.policy, dial } }).tier),
    );
    expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
  });

  law("doubt is never silent", (given) => {
    const { tier, confidence, verify, reasons, order } = decide(given);
    if (tier !== "low" || confidence >= 0.6 || order.length === 0) return;
    expect(given.policy.onUncertain === "up" && !given.analysis.is_tool_loop).toBe(false);
    expect(reasons.some((reason) => reason.startsWith("unsure"))).toBe(true);
    if (verify) expect(given.policy.onUncertain).toBe("verify");
  });

  law("an answer that is checked is a local one, and has someone behind it, or the web", (given) => {
    const { verify, order, escalateTo, maySearch, search, isLocked } = decide(given);
    if (!verify) return;
    expect(order[0]?.isCloud).toBe(false);
    expect(isLocked).toBe(false);
    if (escalateTo === undefined) expect([maySearch, search]).toEqual([true, false]);
    else expect(order.slice(1)).toContain(escalateTo);
  });
});
