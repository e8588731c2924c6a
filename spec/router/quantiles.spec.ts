import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createScores, createScoresOf, cutsFor, place } from "../../src/router/quantiles.ts";
import { rankOf } from "../../src/router/tiers.ts";
import { analysisOf, usualCuts } from "./requests.ts";

const scoresOf = (all: readonly number[]) => {
  const scores = createScores(usualCuts);
  for (const hardness of all) scores.add(analysisOf({ hardness }));
  return scores;
};
const evenly = (count: number) => Array.from({ length: count }, (_, nth) => (nth + 0.5) / count);

describe("recent scores", () => {
  it("say nothing before there are fifty", () => {
    expect(scoresOf(evenly(49)).reachedBy(0.5)).toBeUndefined();
    expect(scoresOf(evenly(50)).reachedBy(0.5)).toBeCloseTo(0.51);
  });

  it("say what a share of them reaches", () => {
    const scores = scoresOf(evenly(100));

    expect(scores.reachedBy(0.2)).toBeCloseTo(0.805);
    expect(scores.reachedBy(1)).toBeCloseTo(0.005);
    expect(scores.reachedBy(0)).toBe(Number.POSITIVE_INFINITY);
  });

  it("are reached by the share that was asked for, exactly", () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.uniqueArray(unit, { minLength: 50, maxLength: 200 }), unit, (all, share) => {
        const cut = scoresOf(all).reachedBy(share) ?? Number.NaN;
        expect(all.filter((score) => score >= cut).length).toBe(Math.ceil(share * all.length));
      }),
      { numRuns: 2_000 },
    );
  });

  it("are of the last 512", () => {
    const scores = scoresOf([
      ...Array.from({ length: 512 }, () => 0.9),
      ...Array.from({ length: 512 }, () => 0.1),
    ]);

    expect(scores.count()).toBe(512);
    expect(scores.reachedBy(0.01)).toBe(0.1);
  });

  it("are of each owner apart", () => {
    const scoresOf = createScoresOf(usualCuts);
    for (const hardness of evenly(60)) scoresOf("a").add(analysisOf({ hardness }));

    expect([scoresOf("a").count(), scoresOf("b").count()]).toEqual([60, 0]);
  });

  it("leave out what is no question of its own, and what is no number", () => {
    const scores = createScores(usualCuts);
    for (const more of [
      { is_follow_up: true },
      { is_tool_loop: true },
      { confidence: 1 },
      { hardness: Number.NaN },
    ])
      scores.add(analysisOf(more));

    expect(scores.count()).toBe(0);
  });
});

describe("the cuts", () => {
  it("are not moved before enough is known, but by the dial", () => {
    const few = scoresOf([]);

    expect(cutsFor(few, 5)).toBeUndefined();
    expect(cutsFor(few, 10)?.high).toBeLessThan(cutsFor(few, 6)?.high ?? 0);
  });

  it("follow what is usual here, within limits", () => {
    const easy = cutsFor(scoresOf(evenly(100).map((score) => score / 2)), 5);
    const hard = cutsFor(scoresOf(evenly(100).map((score) => 0.5 + score / 2)), 5);
    const idle = cutsFor(scoresOf(evenly(100).map((score) => score / 100)), 5);

    expect(easy?.high).toBeCloseTo(0.46);
    expect(hard?.high).toBeCloseTo(0.58);
    // Where all is easy the least easy is not hard.
    expect(idle?.medium).toBeGreaterThan(0.1);
  });

  it("are moved from where the analyzer's weights have them", () => {
    const shipped = { medium: 0.5, high: 0.8 };

    expect(cutsFor(createScores(shipped), 4)).toMatchObject({
      medium: expect.closeTo(0.55),
      high: expect.closeTo(0.85),
    });
  });

  it("never rise with the dial", () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(unit, { minLength: 50, maxLength: 100 }), (all) => {
        const scores = scoresOf(all);
        const cuts = Array.from({ length: 11 }, (_, dial) => cutsFor(scores, dial));
        for (const name of ["medium", "high"] as const) {
          const values = cuts.map((one) => one?.[name] ?? Number.NaN);
          expect(values).toEqual(values.toSorted((a, b) => b - a));
        }
        for (const one of cuts) expect(one?.high).toBeGreaterThanOrEqual(one?.medium ?? Number.NaN);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("the tier of a request by itself", () => {
  const high = analysisOf({ complexity: "high", hardness: 0.62, confidence: 0.7 });

  it("is the analyzer's own while little is known", () => {
    expect(place(high, scoresOf([]), 5)).toEqual({ tier: "high", confidence: 0.7 });
  });

  it("moves with the dial: a share of the requests goes up", () => {
    const scores = scoresOf(evenly(200));
    const share = (dial: number) =>
      evenly(200).filter((hardness) => place(analysisOf({ hardness }), scores, dial).tier === "high").length /
      200;

    expect(share(0)).toBeLessThan(0.2);
    expect(share(5)).toBeGreaterThan(share(0));
    expect(share(10)).toBeGreaterThan(0.45);
  });

  it("is sure far from a cut and unsure beside it", () => {
    const scores = scoresOf(evenly(200));
    const cut = cutsFor(scores, 5)?.high ?? 0;

    expect(place(analysisOf({ hardness: cut }), scores, 5)).toEqual({ tier: "high", confidence: 0.5 });
    expect(place(analysisOf({ hardness: 0.99 }), scores, 5).confidence).toBeGreaterThan(0.9);
  });

  it("is medium at least where fresh facts are needed", () => {
    const { tier } = place(analysisOf({ needs_search: true, hardness: 0 }), scoresOf(evenly(60)), 0);

    expect(rankOf(tier)).toBe(1);
  });

  it("is not moved where the analyzer is certain", () => {
    const housekeeping = analysisOf({ confidence: 1, hardness: 0.99 });

    expect(place(housekeeping, scoresOf(evenly(60)), 10)).toEqual({ tier: "low", confidence: 1 });
  });
});
