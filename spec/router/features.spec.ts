import { describe, expect, it } from "vitest";
import { createBags } from "../../src/router/bag.ts";
import { denseNames, featuresOf } from "../../src/router/features.ts";
import { isolate } from "../../src/router/isolate.ts";

import { createOpenVocabulary } from "../train/vocabulary.ts";

const bags = createBags(createOpenVocabulary());
const given = { tools: [], format: undefined, needs: [] };
const of = (text: string, year = 2026, isExplained = false) =>
  featuresOf(isolate({ messages: [{ role: "user", text }] }), given, { bags, year, isExplained });
const dense = (text: string, name: string) => of(text).dense[denseNames.indexOf(name)];

describe("features", () => {
  it("have a name each", () => {
    expect(new Set(denseNames).size).toBe(denseNames.length);
    expect(of("hello").dense.length).toBe(denseNames.length);
  });

  it("are the same for the same text, whatever was looked at before", () => {
    const first = of("who is the mayor of Ghent?");
    of("something else entirely, and longer");

    expect(of("who is the mayor of Ghent?")).toEqual(first);
  });

  it("do not depend on case and gaps between words", () => {
    const plain = of("how many legs has a crab");

    expect(of("how  many   legs has a crab ")).toEqual(plain);
    expect(of("HOW MANY LEGS HAS A CRAB").at).toEqual(plain.at);
  });

  it.each([
    ["prove that it converges", "prove"],
    ["beweise, dass es gilt", "prove"],
    ["weather in Oslo", "weather"],
    ["what happens right now", "now"],
    ["TypeError: x is undefined", "fault"],
    ["write a haiku", "creative"],
  ])("know the class of a word: %s", (text, name) => {
    expect(dense(text, name)).toBeGreaterThan(0);
    expect(dense("zzz", name)).toBe(0);
  });

  it("tell a year that is past from one to come", () => {
    expect(of("who won in 2024", 2026).at).not.toEqual(of("who won in 2024", 2024).at);
    expect(of("who won in 1998", 2026).at).toEqual(of("who won in 1966", 2026).at);
  });

  it("see the last question of a long telling", () => {
    const telling = "I went to the market and bought a bag of apples from an old man. ".repeat(5);
    const { names } = of(`${telling}What is 7 times 8?`, 2026, true);

    expect(dense(`${telling}What is 7 times 8?`, "share of the ask")).toBeLessThan(0.2);
    expect([...(names?.values() ?? [])]).toContain("times 8");
  });

  it("are bounded for a text of a megabyte", () => {
    expect(of("lorem ipsum dolor ".repeat(60_000)).at.length).toBeLessThan(6_000);
  });
});
