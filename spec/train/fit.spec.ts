import { describe, expect, it } from "vitest";
import { createBags } from "../../src/router/bag.ts";
import { createVocabulary } from "../../src/router/vocabulary.ts";
import { places, rows, weightAt } from "../../src/router/weights.ts";
import { type Example, exampleOf, fit, quantised } from "./fit.ts";
import { learnt, settings } from "./model.ts";
import { ownPrompts } from "./prompts.ts";

const prompts = ownPrompts().slice(0, 40);
const few = { ...settings, epochs: 2 };
const prints = Uint8Array.from({ length: places }, (_, place) => 1 + (place % 255));
const bags = createBags(createVocabulary(prints));
const examplesOf = (some: typeof prompts): Example[] => some.map((prompt) => exampleOf(prompt, bags));

describe("training", () => {
  it("gives the same weights each time", () => {
    expect(learnt(prompts, [])).toEqual(learnt(prompts, []));
  });

  it("learns something, and something else from other prompts", () => {
    const first = fit(examplesOf(prompts), few);
    const second = fit(examplesOf(prompts.slice(1)), few);

    expect(first.hashed.some((weight) => weight !== 0)).toBe(true);
    expect(first.hashed).not.toEqual(second.hashed);
  });

  it("ships weights that lie near those that were learned", () => {
    const fitted = fit(examplesOf(prompts), few);
    const shipped = quantised(fitted, prints);
    for (const [nth, row] of rows.entries()) {
      const own = Array.from({ length: places }, (_, place) => fitted.hashed[place * rows.length + nth] ?? 0);
      const largest = Math.max(...own.map(Math.abs));
      const off = own.map((weight, place) => Math.abs(weight - weightAt(shipped, row, place)));

      expect(Math.max(...off)).toBeLessThanOrEqual(largest / 4);
    }
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
