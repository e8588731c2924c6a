import { describe, expect, it } from "vitest";
import type { Call } from "../../../src/core/call.ts";
import type { JsonObject } from "../../../src/lib/json.ts";
import { holdersFor } from "../../../src/pipeline/auto/candidates.ts";
import { noModels, type Upstream } from "../../../src/upstream/upstream.ts";

const upstream = (name: string, entries: readonly JsonObject[], more: Partial<Upstream> = {}): Upstream =>
  ({
    name,
    isCloud: false,
    trouble: undefined,
    health: { state: "up" },
    models: { ...noModels, byKey: new Map(entries.map((entry) => [JSON.stringify(entry), entry])) },
    ...more,
  }) as unknown as Upstream;

const of = (upstreams: readonly Upstream[], pinnedUpstream?: string) =>
  holdersFor({ pinnedUpstream } as Call, upstreams, {
    mostCost: () => 7,
    canTrim: ({ upstream: { name } }) => name === "b",
  }).map(({ candidate }) => candidate);

describe("the models that auto may choose from", () => {
  it("are not the demo model where something else is configured, unless the client insists", () => {
    const demo = upstream("demo", [{ name: "demo:latest" }], { type: "demo", configured: true });
    const usual = upstream("ollama", [], { type: "ollama", configured: false });
    const own = upstream("own", [], { type: "ollama", configured: true, health: { state: "down" } as never });
    const names = (...parts: Parameters<typeof of>) => of(...parts).map(({ model }) => model);

    expect(names([usual, demo])).toEqual(["demo:latest"]);
    expect(names([own, demo])).toEqual([]);
    expect(names([own, demo], "demo")).toEqual(["demo:latest"]);
  });

  it("know whether a call that is too long is made to fit", () => {
    const entries = [{ name: "m:latest" }];

    expect(of([upstream("a", entries), upstream("b", entries)]).map((one) => one.isTrimmable)).toEqual([
      false,
      true,
    ]);
  });

  it("are those that write text", () => {
    const found = of([
      upstream("a", [
        { name: "qwen3:8b", details: { parameter_size: "8.2B", context_length: 40_960 } },
        { name: "nomic-embed-text:latest", details: { family: "nomic-bert" } },
        { name: "e5:latest", capabilities: ["embedding"] },
        { name: "moe:latest", details: { parameter_size: "8x7B" }, capabilities: ["completion", "tools"] },
      ]),
    ]);

    expect(found).toMatchObject([
      { model: "qwen3:8b", parameters: 8.2e9, contextTokens: 40_960, isCloud: false, maxCostNanoUsd: 0 },
      { model: "moe:latest", parameters: 56e9, capabilities: { tools: true, vision: false } },
    ]);
    expect(found[0]?.capabilities.tools).toBeUndefined();
  });

  it("leave the house where their server is outside, or asks somebody outside itself", () => {
    const remote = { name: "gpt-oss:120b", remote_host: "https://ollama.com:443" };
    const found = of([
      upstream("a", [remote, { name: "big:120b-cloud" }, { name: "near" }]),
      upstream("b", [{ name: "far" }], { isCloud: true }),
    ]);

    expect(found.map(({ isCloud, maxCostNanoUsd }) => [isCloud, maxCostNanoUsd])).toEqual([
      [true, 7],
      [true, 7],
      [false, 0],
      [true, 7],
    ]);
  });

  it("are at the upstream that the client insists on alone, and away where that is down or in trouble", () => {
    const all = [
      upstream("a", [{ name: "m" }], { trouble: "no credit" }),
      upstream("b", [{ name: "m" }], { health: { state: "down" } as Upstream["health"] }),
      upstream("c", [{ name: "m" }]),
    ];

    expect(of(all).map(({ isAway }) => isAway)).toEqual([true, true, false]);
    expect(of(all, "b").map(({ upstream: name }) => name)).toEqual(["b"]);
  });
});
