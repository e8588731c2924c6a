import { describe, expect, it } from "vitest";
import { nobodyFor, type NobodyParts } from "../../../src/pipeline/auto/nobody.ts";
import type { Candidate, Reason } from "../../../src/router/gates.ts";
import { noModels, type Upstream } from "../../../src/upstream/upstream.ts";

const upstream = (name: string, more: Partial<Upstream> = {}): Upstream =>
  ({
    name,
    isCloud: false,
    configured: true,
    trouble: undefined,
    health: { state: "up", retryInMs: () => 0 },
    models: { ...noModels, seenAtMs: 1 },
    ...more,
  }) as unknown as Upstream;

const downFor = (ms: number): Partial<Upstream> => ({
  health: { state: "down", retryInMs: () => ms } as Upstream["health"],
});
const unseen = { models: noModels };

const local = upstream("local", downFor(7_000));
const cloud = upstream("cloud", { isCloud: true });

const refused = (model: string, at: Upstream, reason: Reason) => ({
  candidate: { model, upstream: at.name, isCloud: at.isCloud } as Candidate,
  reason,
});

const nobody = (
  upstreams: readonly Upstream[],
  all: NobodyParts["decision"]["refused"],
  more: Partial<NobodyParts> = {},
) => {
  const decision = { refused: all };
  const { code, status, retryAfterMs, message } = nobodyFor({
    decision,
    upstreams,
    mustStay: false,
    budgetNanoUsd: undefined,
    ...more,
  });
  return { code, status, retryAfterMs, message };
};

describe("why nobody may answer", () => {
  it.each([
    ["local_only", { mustStay: true }],
    ["private", { mustStay: true }],
    ["over_budget", {}],
    ["over_max_cost", {}],
    ["too_long", {}],
  ] as const)("is that a local model is away, though the cloud's is %s", (reason, more) => {
    const all = [refused("gpt", cloud, reason), refused("tiny", local, "away")];

    expect(nobody([local, cloud], all, more)).toEqual({
      code: "no_upstream",
      status: 503,
      retryAfterMs: 7_000,
      message: `no model may answer this request: upstream local is down (tiny: away, gpt: ${reason})`,
    });
  });

  it("is that a configured upstream in the house was never seen", () => {
    const dead = upstream("dead", { ...downFor(3_000), ...unseen });
    const all = [refused("gpt", cloud, "private")];

    expect(nobody([dead, cloud], all, { mustStay: true })).toMatchObject({
      status: 503,
      message: "no model may answer this request: upstream dead is down (gpt: private)",
    });
    const looked = { ...dead, configured: false };
    expect(nobody([looked, cloud], all, { mustStay: true }).status).toBe(403);
  });

  it("is not that an upstream is away to which the call may not go", () => {
    const dead = upstream("dead", { ...downFor(3_000), ...unseen, isCloud: true });
    const all = [refused("gpt", cloud, "local_only")];

    expect(nobody([dead, cloud], all, { mustStay: true })).toMatchObject({
      code: "local_only",
      status: 403,
      retryAfterMs: undefined,
    });
  });

  it.each([
    ["too_long", 400],
    ["no_vision", 400],
    ["no_tools", 400],
    ["local_only", 403],
  ] as const)("is that a local model is %s where the cloud is barred", (reason, status) => {
    const all = [refused("gpt", cloud, "local_only"), refused("tiny", upstream("up"), reason)];

    expect(nobody([upstream("up"), cloud], all, { mustStay: true }).status).toBe(status);
  });

  it("names those first that decide, of very many", () => {
    const many = Array.from({ length: 300 }, (_one, nth) => refused(`gpt-${nth}`, cloud, "private"));

    const { message } = nobody([local, cloud], [...many, refused("tiny", local, "away")], { mustStay: true });

    expect(message).toContain("(tiny: away, gpt-0: private, ");
    expect(message).toMatch(/, and 296 more\)$/);
  });

  it("is told with the real wait and the trouble of each upstream", () => {
    const rejected = upstream("cloud", {
      isCloud: true,
      trouble: "upstream cloud rejects the API key",
      troubleForMs: () => 290_000,
    });
    const all = [refused("gpt", rejected, "away")];

    expect(nobody([rejected], all)).toEqual({
      code: "no_upstream",
      status: 503,
      retryAfterMs: 290_000,
      message: "no model may answer this request: upstream cloud rejects the API key (gpt: away)",
    });
    const both = nobody([local, rejected], [...all, refused("tiny", local, "away")]);
    expect(both.retryAfterMs).toBe(7_000);
    expect(both.message).toContain("upstream local is down, upstream cloud rejects the API key");
  });

  it("is told of each upstream where no model is known", () => {
    const dead = upstream("dead", { ...downFor(3_000), ...unseen });
    const loading = upstream("llama", { ...unseen, trouble: "upstream llama is loading its model" });

    expect(nobody([dead, loading, upstream("bare")], [])).toEqual({
      code: "no_upstream",
      status: 503,
      retryAfterMs: 1_000,
      message:
        "auto has no model to choose from: upstream dead is down, upstream llama is loading its model, " +
        "upstream bare has no model that auto may use",
    });
    expect(nobody([], []).message).toBe("auto has no model to choose from");
  });

  it("is the house where every upstream is outside of it, seen or not", () => {
    const dead = upstream("cloud", { ...downFor(3_000), ...unseen, isCloud: true });

    expect(nobody([dead], [], { mustStay: true })).toMatchObject({ code: "local_only", status: 403 });
    expect(nobody([dead], []).status).toBe(503);
  });

  it("says what is left of a budget", () => {
    const { status, message } = nobody([cloud], [refused("gpt", cloud, "over_budget")], {
      budgetNanoUsd: 5_000_000,
    });

    expect(status).toBe(402);
    expect(message).toMatch(/\(gpt: over_budget\): 0\.005\d* USD are left of its budget$/);
  });
});
