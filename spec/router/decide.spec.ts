import { describe, expect, it } from "vitest";
import type { Analysis } from "../../src/router/analyze.ts";
import { decide } from "../../src/router/decide.ts";
import type { DecideParts } from "../../src/router/decision.ts";
import { createScores } from "../../src/router/quantiles.ts";
import {
  analysisOf,
  cloud,
  local,
  partsOf,
  sessionOf,
  usualControl,
  usualCuts,
  usualPolicy,
} from "./requests.ts";

const medium = analysisOf({ complexity: "medium", hardness: 0.45, reasons: ["medium: the wording"] });
const high = analysisOf({ complexity: "high", hardness: 0.9, reasons: ["high: a design question"] });
const fresh = { needs_search: true, freshness: 0.9 } satisfies Partial<Analysis>;

const deciding = (more: Partial<DecideParts> = {}) => {
  const decision = decide(partsOf(more));
  return { ...decision, names: decision.order.map(({ model }) => model) };
};

describe("the tiers", () => {
  it("sends what is low to a local model that is loaded, without a search", () => {
    const got = deciding();

    expect(got).toMatchObject({ tier: "low", search: false, verify: false, missing: [], confidence: 0.9 });
    expect(got.names).toEqual(["small:3b", "mid:14b", "big"]);
    expect(got.reasons).toEqual(["low: the wording"]);
  });

  it("sends what is medium to the strongest local model, with a search", () => {
    const got = deciding({ analysis: medium });

    expect(got).toMatchObject({ tier: "medium", search: true, verify: false });
    expect(got.names).toEqual(["mid:14b", "small:3b", "big"]);
  });

  it("sends what is high to the cloud, with a search only for fresh facts", () => {
    expect(deciding({ analysis: high })).toMatchObject({
      tier: "high",
      search: false,
      names: ["big", "mid:14b", "small:3b"],
    });
    expect(deciding({ analysis: { ...high, ...fresh } })).toMatchObject({ tier: "high", search: true });
  });

  it("without a cloud and without a search means the best local model, and says what is missing", () => {
    const candidates = [local("small:3b", { parameters: 3e9 }), local("mid:14b", { parameters: 14e9 })];
    const got = deciding({ analysis: { ...high, ...fresh }, candidates, search: { isAvailable: false } });

    expect(got).toMatchObject({
      names: ["mid:14b", "small:3b"],
      search: false,
      missing: ["cloud", "search"],
    });
    expect(got.reasons).toContain("no search provider is set up");
  });

  it("without a local model lets the cheapest in the cloud do what is low", () => {
    const candidates = [cloud("big"), cloud("cheap", { maxCostNanoUsd: 10 })];

    expect(deciding({ candidates })).toMatchObject({ names: ["cheap", "big"], missing: ["local"] });
    expect(deciding({ candidates, analysis: high })).toMatchObject({ names: ["big", "cheap"], missing: [] });
  });

  it("keeps to the operator's models, in the operator's order", () => {
    const candidates = [
      ...partsOf().candidates,
      local("other:70b", { parameters: 70e9, isLoaded: true }),
      cloud("best"),
    ];
    const policy = { ...usualPolicy, localModels: ["mid:14b", "small:3b"], cloudModels: ["best:latest"] };

    expect(deciding({ candidates, policy }).names).toEqual(["mid:14b", "small:3b", "best"]);
    expect(deciding({ candidates, policy, analysis: high }).names).toEqual(["best", "mid:14b", "small:3b"]);
  });
});

describe("what a client insists on", () => {
  const asking = (more: object) => ({ control: { ...usualControl, ...more } });

  it("is the tier", () => {
    expect(deciding(asking({ tier: "high" }))).toMatchObject({
      tier: "high",
      confidence: 1,
      names: ["big", "mid:14b", "small:3b"],
    });
    expect(deciding({ ...asking({ tier: "low" }), analysis: high, session: sessionOf() })).toMatchObject({
      tier: "low",
    });
    expect(deciding(asking({ tier: "medium" }))).toMatchObject({ tier: "medium", search: true });
  });

  it("is no search", () => {
    expect(deciding({ ...asking({ isSearchBarred: true }), analysis: medium })).toMatchObject({
      search: false,
      maySearch: false,
      missing: [],
    });
  });

  it("is the house: nothing of auto:local leaves it", () => {
    const got = deciding({ ...asking({ mode: "local" }), analysis: { ...high, ...fresh } });

    expect(got).toMatchObject({
      names: ["mid:14b", "small:3b"],
      search: false,
      maySearch: false,
      missing: [],
    });
    expect(got.refused).toMatchObject([{ reason: "local_only", candidate: { model: "big" } }]);
  });

  it("is the cloud, and where there is none, that is said", () => {
    expect(deciding(asking({ mode: "cloud" })).names[0]).toBe("big");
    expect(deciding({ ...asking({ mode: "cloud" }), candidates: [local("small:3b")] })).toMatchObject({
      names: ["small:3b"],
      missing: ["cloud"],
    });
  });

  it("is the quickest answer: the model set for it, else the smallest that is loaded", () => {
    const candidates = [
      local("tiny", { parameters: 5e8 }),
      local("loaded:8b", { parameters: 8e9, isLoaded: true }),
      local("loaded:3b", { parameters: 3e9, isLoaded: true }),
      cloud("big"),
    ];
    const fast = {
      ...asking({ mode: "fast" }),
      candidates,
      analysis: { ...high, ...fresh, confidence: 0.5 },
    };

    expect(deciding(fast)).toMatchObject({
      names: ["loaded:3b", "loaded:8b", "tiny", "big"],
      search: false,
      verify: false,
    });
    expect(
      deciding({
        ...fast,
        policy: { ...usualPolicy, fastModel: "big", localModels: ["tiny"], cloudModels: ["none"] },
      }).names,
    ).toEqual(["big", "tiny"]);
  });

  it("is the quickest answer, and no reason names the model set for it where that is not the one", () => {
    const reasonsWith = (fastModel: string | undefined, more: Partial<DecideParts> = {}) =>
      deciding({ ...asking({ mode: "fast" }), ...more, policy: { ...usualPolicy, fastModel } }).reasons;

    expect(reasonsWith("mid:14b")).toContain("the model set as the fast one");
    expect(reasonsWith(undefined)).toContain("the quickest model");
    expect(reasonsWith("nosuch")).toContain(
      "the quickest model: the one set as the fast one may not answer, or is not there",
    );
    for (const reasons of [reasonsWith("nosuch"), reasonsWith("mid:14b", { candidates: [] })])
      expect(reasons).not.toContain("the model set as the fast one");
  });

  it("is the quickest answer, for which no cloud is missed", () => {
    expect(
      deciding({ ...asking({ mode: "fast" }), candidates: [local("tiny")], analysis: high }).missing,
    ).toEqual([]);
  });

  it("is the most it wants to pay", () => {
    const got = deciding({ ...asking({ costNanoUsdMax: 4_999_999 }), analysis: high });

    expect(got.names).toEqual(["mid:14b", "small:3b"]);
    expect(got.refused).toMatchObject([{ reason: "over_max_cost" }]);
  });
});

describe("what must not leave the house", () => {
  it.each([{ isPrivate: true }, { isLocalOnly: true }, { session: sessionOf({ isPrivate: true }) }])(
    "%j",
    (more) => {
      const got = deciding({ ...more, analysis: { ...high, ...fresh } });

      expect(got).toMatchObject({
        tier: "high",
        names: ["mid:14b", "small:3b"],
        search: false,
        maySearch: false,
        verify: false,
      });
      expect(got.refused).toHaveLength(1);
    },
  );

  it("is answered by nobody when only the cloud is there", () => {
    const got = deciding({ isPrivate: true, candidates: [cloud("big"), cloud("cheap")], analysis: medium });

    expect(got).toMatchObject({ names: [], search: false, escalateTo: undefined });
    expect(got.reasons).toContain("nobody may answer: private (2)");
  });

  it("is not sent out when the local model is away", () => {
    const got = deciding({ isPrivate: true, candidates: [local("small", { isAway: true }), cloud("big")] });

    expect(got.names).toEqual([]);
    expect(got.reasons).toContain("nobody may answer: away, private");
  });
});

describe("a conversation that is too long for everyone", () => {
  const long = analysisOf({ tokens: 50_000 });
  const candidates = [
    local("small:3b", { contextTokens: 4_096, isTrimmable: true }),
    local("mid:14b", { contextTokens: 8_192, isTrimmable: true }),
    local("odd:14b", { contextTokens: 8_192 }),
  ];

  it("goes to whoever has the most room where it may be trimmed, and says so", () => {
    const got = deciding({ analysis: long, candidates });

    expect(got).toMatchObject({ names: ["mid:14b", "small:3b"], isTrimmed: true, search: false });
    expect(got.reasons).toContain("too long for everyone who may answer now: its oldest turns are left out");
  });

  it("goes to nobody where it may not", () => {
    const fixed = candidates.map((one) => ({ ...one, isTrimmable: false }));

    expect(deciding({ analysis: long, candidates: fixed })).toMatchObject({ names: [], isTrimmed: false });
  });

  it("is not searched for on the web later either, which would make it longer", () => {
    expect(deciding({ analysis: long, candidates }).maySearch).toBe(false);
    const tight = [local("small:3b", { contextTokens: 4_096 })];
    const search = { isAvailable: true, tokensMax: 3_900 };
    expect(deciding({ candidates: tight, search }).maySearch).toBe(false);
    expect(deciding({ candidates: tight, search: { ...search, tokensMax: 1_000 } }).maySearch).toBe(true);
  });

  it("goes to the one who has room for it, whole", () => {
    const far = { ...cloud("big"), contextTokens: 131_072 };
    const got = deciding({ analysis: long, candidates: [...candidates, far] });

    expect(got).toMatchObject({ names: ["big"], isTrimmed: false });
  });

  it("stays in the house and within its budget all the same", () => {
    const far = { ...cloud("big"), contextTokens: 16_384 };
    const got = deciding({
      analysis: long,
      candidates: [...candidates, far],
      isPrivate: true,
    });

    expect(got.names).toEqual(["mid:14b", "small:3b"]);
  });
});

describe("doubt", () => {
  const unsure = analysisOf({ confidence: 0.55 });

  it("has a local answer checked, with the cloud behind it", () => {
    const got = deciding({ analysis: unsure });

    expect(got).toMatchObject({ tier: "low", verify: true, names: ["small:3b", "mid:14b", "big"] });
    expect(got.escalateTo?.model).toBe("big");
    expect(got.reasons).toContain("unsure: the answer is checked first");
  });

  it("goes a tier up where that is wanted", () => {
    const got = deciding({ analysis: unsure, policy: { ...usualPolicy, onUncertain: "up" } });

    expect(got).toMatchObject({ tier: "medium", ownTier: "low", search: true, verify: false });
    expect(got.reasons).toContain("medium: unsure, so a tier up");
  });

  it("trusts the local model where that is wanted, and says so", () => {
    const got = deciding({ analysis: unsure, policy: { ...usualPolicy, onUncertain: "local" } });

    expect(got).toMatchObject({ tier: "low", verify: false });
    expect(got.reasons).toContain("unsure: the local model is trusted");
  });

  it("is said when nobody else could answer", () => {
    const alone = { analysis: unsure, candidates: [local("only")] };
    const got = deciding({ ...alone, search: { isAvailable: false } });

    expect(got).toMatchObject({ verify: false, escalateTo: undefined });
    expect(got.reasons).toContain("unsure, but nobody else may answer");
    expect(deciding(alone)).toMatchObject({ verify: true, escalateTo: undefined });
  });

  it("is said of an answer from the cloud too, which nobody checks", () => {
    const got = deciding({ analysis: unsure, control: { ...usualControl, mode: "cloud" } });

    expect(got).toMatchObject({ verify: false, escalateTo: undefined });
    expect(got.reasons).toContain("unsure");
  });

  it("is had of a language nobody knows, and not of a program's own requests", () => {
    expect(deciding({ analysis: analysisOf({ language: "und" }) }).verify).toBe(true);
    expect(deciding({ analysis: analysisOf({ language: "und", confidence: 1 }) }).verify).toBe(false);
  });

  it("is had of a language nobody knows, however far from every cut its score lies", () => {
    const analysis = analysisOf({ language: "und", hardness: 0 });
    const scores = createScores(usualCuts);
    for (let nth = 0; nth < 100; nth += 1) scores.add(analysisOf({ hardness: nth / 99 }));

    expect(deciding({ analysis, scores })).toMatchObject({ tier: "low", confidence: 1, verify: true });
  });

  it("is had of fresh facts that could not be looked up", () => {
    expect(deciding({ analysis: { ...medium, ...fresh }, search: { isAvailable: false } })).toMatchObject({
      verify: true,
    });
  });

  it("goes to a larger local model where the cloud is barred, and within what may be paid", () => {
    expect(deciding({ analysis: unsure, isLocalOnly: true }).escalateTo?.model).toBe("mid:14b");
    const candidates = [local("paid", { maxCostNanoUsd: 10 }), cloud("big", { maxCostNanoUsd: 95 })];
    expect(deciding({ analysis: unsure, candidates, budgetNanoUsd: 105 }).escalateTo?.model).toBe("big");
    const search = { isAvailable: false };
    expect(deciding({ analysis: unsure, candidates, budgetNanoUsd: 104, search })).toMatchObject({
      verify: false,
      escalateTo: undefined,
    });
  });
});

describe("a conversation", () => {
  const followUp = analysisOf({ is_follow_up: true, confidence: 0.6 });
  const loop = analysisOf({ is_tool_loop: true });
  const local14 = sessionOf({ tier: "low", model: "mid:14b", upstream: "home" });

  it("hands its tier and its model to a follow-up", () => {
    expect(deciding({ analysis: followUp, session: sessionOf(), nowMs: 3 * 3_600_000 })).toMatchObject({
      tier: "high",
      names: ["big", "mid:14b", "small:3b"],
    });
    expect(deciding({ analysis: followUp, session: local14 }).names).toEqual(["mid:14b", "small:3b", "big"]);
  });

  it("moves a follow-up up that is surely harder, and no other", () => {
    const harder = { ...high, is_follow_up: true };

    expect(deciding({ analysis: harder, session: local14 })).toMatchObject({
      tier: "high",
      names: ["big", "mid:14b", "small:3b"],
    });
    expect(deciding({ analysis: { ...harder, confidence: 0.55 }, session: local14 })).toMatchObject({
      tier: "low",
    });
  });

  it("looks things up again for a follow-up of a question that needed it", () => {
    expect(deciding({ analysis: followUp, session: { ...local14, needsSearch: true } }).search).toBe(true);
    expect(deciding({ analysis: followUp, session: local14 }).search).toBe(false);
  });

  it("keeps the model of a tool loop, whatever else is said", () => {
    const control = { ...usualControl, mode: "cloud" } as const;
    const got = deciding({
      analysis: { ...loop, complexity: "high", confidence: 0.5 },
      session: local14,
      control,
    });

    expect(got).toMatchObject({ tier: "low", isLocked: true, verify: false, escalateTo: undefined });
    expect(got.names[0]).toBe("mid:14b");
  });

  it("gives a tool loop's model up when it may not answer any more", () => {
    const got = deciding({ analysis: loop, session: sessionOf(), isPrivate: true });

    expect(got).toMatchObject({ isLocked: false, names: ["mid:14b", "small:3b"] });
  });

  it("keeps a tool loop at the same server when two have the model", () => {
    const candidates = [local("mid:14b", { upstream: "other", isLoaded: true }), local("mid:14b")];

    expect(deciding({ analysis: loop, session: local14, candidates }).order[0]?.upstream).toBe("home");
  });

  it("holds a floor under a turn of its own, for a time", () => {
    const at = (minutes: number) => deciding({ session: sessionOf(), nowMs: minutes * 60_000 });

    expect([at(29).tier, at(30).tier, at(60).tier, at(6_000).tier]).toEqual(["high", "medium", "low", "low"]);
    // What is left of a harder question is no reason to search.
    expect(at(30).search).toBe(false);
  });
});

describe("web results", () => {
  const asked = { analysis: { ...analysisOf({ tokens: 1_000 }), ...fresh } };
  const search = { isAvailable: true, tokensMax: 2_000 };

  it("need room in the prompt of whoever answers", () => {
    const candidates = [local("narrow", { contextTokens: 2_000 }), cloud("wide", { contextTokens: 100_000 })];

    expect(deciding({ ...asked, candidates, search })).toMatchObject({ search: true, names: ["wide"] });
  });

  it("are left out where nobody has that room", () => {
    const candidates = [local("narrow", { contextTokens: 2_000 })];

    expect(deciding({ ...asked, candidates, search })).toMatchObject({ search: false, names: ["narrow"] });
  });
});
