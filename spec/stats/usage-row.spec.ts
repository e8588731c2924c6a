import { describe, expect, it } from "vitest";
import { tidyRow } from "../../src/stats/usage-row.ts";
import { usageRow } from "../support/usage-row.ts";

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
    expect(tidyRow(usageRow(answeredModel === undefined ? {} : { answeredModel })).answeredModel).toBe(name);
  });

  it("has whole numbers from nothing, and texts of bounded length", () => {
    const odd = usageRow({
      inputTokens: 1.5,
      outputTokens: -3,
      costNanoUsd: Number.NaN,
      askedModel: "x".repeat(999),
    });

    expect(tidyRow(odd)).toMatchObject({ inputTokens: 2, outputTokens: 0, costNanoUsd: 0 });
    expect(tidyRow(odd).askedModel).toHaveLength(256);
  });
});
