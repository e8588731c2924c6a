import { describe, expect, it } from "vitest";
import { exampleOf, fit, quantised } from "./fit.ts";
import { settings } from "./model.ts";
import { ownPrompts, variants } from "./prompts.ts";

const prompts = ownPrompts().slice(0, 40);
const few = { ...settings, epochs: 2 };

describe("training", () => {
  it("gives the same weights each time", () => {
    const once = (): unknown => quantised(fit([...prompts, ...variants(prompts)].map(exampleOf), few));

    expect(once()).toEqual(once());
  });

  it("learns something, and something else from other prompts", () => {
    const first = fit(prompts.map(exampleOf), few);
    const second = fit(prompts.slice(1).map(exampleOf), few);

    expect(first.hashed.some((weight) => weight !== 0)).toBe(true);
    expect(first.hashed).not.toEqual(second.hashed);
  });

  it("has prompts with all labels and no text twice", () => {
    const all = ownPrompts();

    expect(all.length).toBeGreaterThan(4_000);
    expect(new Set(all.map(({ text }) => text.trim().toLowerCase())).size).toBeGreaterThan(all.length * 0.99);
    for (const prompt of all) {
      expect(["low", "medium", "high"]).toContain(prompt.complexity);
      expect(["code", "debug", "docs", "architecture", "general"]).toContain(prompt.task);
      expect(["simple", "aggregation", "rag", "schema", "tools"]).toContain(prompt.intent);
      if (prompt.search === true) expect(prompt.complexity).not.toBe("low");
    }
  });
});
