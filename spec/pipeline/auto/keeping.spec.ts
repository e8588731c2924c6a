import { describe, expect, it } from "vitest";
import { keepingOf } from "../../../src/pipeline/auto/keeping.ts";
import { cloud, local } from "../../router/requests.ts";

const small = local("small");
const large = cloud("large");
const plan = {
  decision: { order: [small, large], escalateTo: large, search: false },
  analysis: { needs_search: false },
  isPrivate: false,
};
const made = {
  searched: "no" as const,
  escalated: undefined,
  sent: { model: "small", upstream: "home", fitted: undefined },
};
const told = { told: { "X-Chasqui-Tier": "low" }, cost: { "X-Chasqui-Cost": "0.5" } };
const isKept = (how: Partial<typeof plan>, more: object = {}): boolean =>
  keepingOf({ ...plan, ...how }, { ...made, ...more }, told).isKept;

describe("an answer of auto", () => {
  it("is kept when the first choice gave it, or whom it was escalated to", () => {
    expect(isKept({})).toBe(true);
    expect(isKept({}, { escalated: "refusal", sent: { ...made.sent, model: "large" } })).toBe(true);
  });

  it("is kept when the first choice gave it once more, with web results", () => {
    expect(isKept({}, { escalated: "dated", searched: "yes" })).toBe(true);
  });

  it("is not kept when somebody else gave it, when it was trimmed, or when it is private", () => {
    expect(isKept({}, { sent: { ...made.sent, model: "large" } })).toBe(false);
    expect(isKept({}, { escalated: "refusal, but upstream_down" })).toBe(false);
    expect(isKept({}, { sent: { ...made.sent, fitted: "trimmed" } })).toBe(false);
    expect(isKept({ isPrivate: true })).toBe(false);
    expect(isKept({}, { sent: { ...made.sent, upstream: "demo" } })).toBe(false);
  });

  it("is not kept when a search was wanted and brought nothing", () => {
    const decision = { ...plan.decision, search: true };

    expect(isKept({ decision }, { searched: "no_results" })).toBe(false);
    expect(isKept({ decision }, { searched: "yes" })).toBe(true);
  });

  it("is fresh for ten minutes when it is about now, else as long as others", () => {
    const freshMs = (needs: boolean, searched: "no" | "yes"): number =>
      keepingOf({ ...plan, analysis: { needs_search: needs } }, { ...made, searched }, told).freshMsMax;

    expect(freshMs(false, "yes")).toBe(600_000);
    expect(freshMs(true, "no")).toBe(600_000);
    expect(freshMs(false, "no")).toBe(Number.POSITIVE_INFINITY);
  });

  it("costs nothing when it is given again, and names who gave it", () => {
    const { told: headers } = keepingOf(plan, made, {
      ...told,
      cost: { "X-Chasqui-Cost": "0.5", "X-Chasqui-Baseline-Cost": "0.7" },
    });

    expect(headers).toEqual({
      "X-Chasqui-Tier": "low",
      "X-Chasqui-Baseline-Cost": "0.7",
      "X-Chasqui-Model": "small",
      "X-Chasqui-Cost": "0.00",
    });
  });
});
