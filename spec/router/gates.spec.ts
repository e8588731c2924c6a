import { describe, expect, it } from "vitest";
import { asksOf, type Candidate, type Needs, refusedBecause } from "../../src/router/gates.ts";
import { cloud, local, requestOf, user } from "./requests.ts";

const nothing: Needs = { isPrivate: false, isLocalOnly: false, images: false, tools: false, tokens: 1_000 };

describe("the gates", () => {
  it.each<[string, Candidate, Partial<Needs>, string | undefined]>([
    ["what asks nothing", cloud("a"), {}, undefined],
    ["private in the cloud", cloud("a"), { isPrivate: true, isLocalOnly: true }, "private"],
    ["private at home", local("a"), { isPrivate: true, isLocalOnly: true }, undefined],
    ["local only", cloud("a"), { isLocalOnly: true }, "local_only"],
    ["images, unknown", local("a"), { images: true }, undefined],
    [
      "images, lacking at home",
      local("a", { capabilities: { vision: false } }),
      { images: true },
      "no_vision",
    ],
    ["images, lacking", cloud("a", { capabilities: { vision: false } }), { images: true }, "no_vision"],
    ["tools, unknown", cloud("a"), { tools: true }, undefined],
    ["tools, lacking", cloud("a", { capabilities: { tools: false } }), { tools: true }, "no_tools"],
    ["tools, lacking and not asked for", cloud("a", { capabilities: { tools: false } }), {}, undefined],
    ["just fits", local("a", { contextTokens: 1_000 }), {}, undefined],
    ["just too long", local("a", { contextTokens: 999 }), {}, "too_long"],
    ["just within budget", cloud("a", { maxCostNanoUsd: 10 }), { budgetNanoUsd: 10 }, undefined],
    ["over budget", cloud("a", { maxCostNanoUsd: 10 }), { budgetNanoUsd: 9 }, "over_budget"],
    ["free with a budget overdrawn", local("a"), { budgetNanoUsd: -5 }, undefined],
    ["over what the client pays", cloud("a", { maxCostNanoUsd: 10 }), { costNanoUsdMax: 9 }, "over_max_cost"],
    [
      "a cost nobody knows",
      cloud("a", { maxCostNanoUsd: Number.NaN }),
      { costNanoUsdMax: 9 },
      "over_max_cost",
    ],
    ["away", local("a", { isAway: true }), {}, "away"],
    ["private and away", cloud("a", { isAway: true }), { isPrivate: true }, "private"],
  ])("%s", (_, candidate, needs, reason) => {
    expect(refusedBecause(candidate, { ...nothing, ...needs })).toBe(reason);
  });
});

describe("what a request asks", () => {
  it("is seen in its needs and in its messages", () => {
    const picture = { ...user("what is this?"), images: [{ mediaType: "image/png", base64: "AA==" }] };
    const tool = { name: "f", description: undefined, parameters: undefined };

    expect(asksOf(requestOf([user("hi")]))).toEqual({ images: false, tools: false, replyTokens: 512 });
    expect(asksOf(requestOf([picture, user("and now?")]))).toMatchObject({ images: true });
    expect(asksOf(requestOf([user("hi")], { tools: [tool] }))).toMatchObject({ tools: true });
    expect(asksOf(requestOf([user("hi")], { needs: ["tools", "images"] }))).toMatchObject({
      tools: true,
      images: true,
    });
  });

  it.each([
    [16, 16],
    [100_000, 1_024],
    [-1, 512],
    [undefined, 512],
  ])("leaves room: of %s tokens wanted %s", (outputTokensMax, replyTokens) => {
    const request = requestOf([user("hi")], { sampling: { outputTokensMax, stop: [] } });

    expect(asksOf(request).replyTokens).toBe(replyTokens);
  });
});
