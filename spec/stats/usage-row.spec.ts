import { describe, expect, it } from "vitest";
import { tidyRow, type UsageRow } from "../../src/stats/usage-row.ts";

const row: UsageRow = {
  requestId: "1",
  timeMs: 1,
  endpoint: "/api/chat",
  askedModel: "auto",
  isCloud: true,
  inputTokens: 1,
  outputTokens: 1,
  cachedTokens: 0,
  reasoningTokens: 0,
  isEstimated: false,
  costNanoUsd: 1,
  costSource: "provider",
  baselineNanoUsd: 1,
  avoidedNanoUsd: 0,
  hops: "",
  status: 200,
};

describe("a row of the ledger", () => {
  it.each([
    ["openai/gpt-4o-mini", "openai/gpt-4o-mini"],
    ["openai/gpt-4o-mini:latest", "openai/gpt-4o-mini"],
    ["registry.ollama.ai/openai/gpt-4o-mini:latest", "openai/gpt-4o-mini"],
    ["registry.ollama.ai/library/tiny:latest", "tiny"],
    ["qwen3:0.6b", "qwen3:0.6b"],
    ["a name/that is/none", "a name/that is/none"],
    [undefined, undefined],
  ])("has one name for a model: %s", (answeredModel, name) => {
    expect(tidyRow({ ...row, answeredModel }).answeredModel).toBe(name);
  });

  it("has whole numbers from nothing, and texts of bounded length", () => {
    const odd = {
      ...row,
      inputTokens: 1.5,
      outputTokens: -3,
      costNanoUsd: Number.NaN,
      askedModel: "x".repeat(999),
    };

    expect(tidyRow(odd)).toMatchObject({ inputTokens: 2, outputTokens: 0, costNanoUsd: 0 });
    expect(tidyRow(odd).askedModel).toHaveLength(256);
  });
});
