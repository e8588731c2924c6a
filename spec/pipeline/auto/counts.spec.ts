import { describe, expect, it } from "vitest";
import { type Counted, createRoutingCounts } from "../../../src/pipeline/auto/counts.ts";

const decision = (more: Partial<Counted> = {}): Counted => ({
  tier: "low",
  searched: "no",
  isVerified: false,
  escalated: undefined,
  isPrivate: false,
  missing: [],
  model: "tiny:latest",
  ...more,
});

describe("the counts of what auto decided", () => {
  it("name every tier, outcome and thing that may be missing from the start", () => {
    expect(createRoutingCounts().snapshot()).toEqual({
      decided: 0,
      by_tier: { low: 0, medium: 0, high: 0 },
      by_model: {},
      searched: { yes: 0, no: 0, no_query: 0, no_results: 0, failed: 0 },
      verified: 0,
      escalated: {},
      private: 0,
      missing: { cloud: 0, search: 0, local: 0 },
    });
  });

  it("add up", () => {
    const { note, snapshot } = createRoutingCounts();
    note(decision());
    note(decision({ tier: "high", missing: ["cloud", "search"], isPrivate: true }));
    note(decision({ searched: "failed", isVerified: true, escalated: "dated", model: "big" }));
    note(decision({ isVerified: true, escalated: "dated, but upstream_failed" }));
    note(decision({ model: undefined }));

    expect(snapshot()).toMatchObject({
      decided: 5,
      by_tier: { low: 4, high: 1 },
      by_model: { "tiny:latest": 3, big: 1 },
      searched: { no: 4, failed: 1 },
      verified: 2,
      escalated: { dated: 2 },
      private: 1,
      missing: { cloud: 1, search: 1, local: 0 },
    });
  });

  it("are bounded: of many models the later ones are counted together", () => {
    const { note, snapshot } = createRoutingCounts();
    for (let number = 0; number < 500; number += 1) note(decision({ model: `model-${number}` }));
    note(decision({ model: "model-0" }));

    const models = snapshot().by_model;
    expect(Object.keys(models)).toHaveLength(201);
    expect(models).toMatchObject({ "model-0": 2, other: 300 });
  });

  it("are handed out as copies", () => {
    const { note, snapshot } = createRoutingCounts();
    const before = snapshot();
    note(decision());

    expect([before.decided, before.by_tier.low, before.by_model]).toEqual([0, 0, {}]);
  });
});
