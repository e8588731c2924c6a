import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { antonyms } from "../../src/cache/semantic/antonyms.ts";
import { guardPair } from "../../src/cache/semantic/guard.ts";
import { nearTwins, paraphrases, type Twins } from "./near-twins.ts";

const all: Twins[] = Object.values(nearTwins).flat();
const passes = ([a, b]: Twins): boolean => guardPair(a, b).pass;
const failedTest = ([a, b]: Twins): string => {
  const verdict = guardPair(a, b);
  return verdict.pass ? "none" : verdict.test;
};

const subjects = ["penguins", "the Roman Empire", "binary trees", "Mount Everest", "sourdough bread"];
const templates = [
  (subject: string, count: number | string) => `List ${count} facts about ${subject}`,
  (subject: string, count: number | string) => `What happened to ${subject} in ${count}?`,
  (subject: string, count: number | string) => `Explain ${subject} in ${count} pages.`,
  (subject: string, count: number | string) => `How would ${subject} look after ${count} years?`,
];
const question = fc.record({
  subject: fc.constantFrom(...subjects),
  template: fc.constantFrom(...templates),
});

describe("the guard", () => {
  it("is tried on enough pairs, none of them twice", () => {
    expect(all.length).toBeGreaterThanOrEqual(220);
    expect(new Set(all.map((pair) => [...pair].sort().join("|"))).size).toBe(all.length);
    expect(paraphrases.length).toBeGreaterThanOrEqual(60);
    expect(antonyms.length).toBeGreaterThanOrEqual(150);
  });

  it.each(Object.entries(nearTwins))("lets no pair through that differs by %s", (_kind, pairs) => {
    expect(pairs.filter(passes)).toEqual([]);
    expect(pairs.filter(([a, b]) => passes([b, a]))).toEqual([]);
  });

  it("leaves at most one in eight of them for its last test, and so to a judge", () => {
    const left = all.filter((pair) => failedTest(pair) === "content");

    expect(left.length / all.length).toBeLessThan(1 / 8);
  });

  it("lets most of what differs in case, politeness, contractions and marks through", () => {
    expect(paraphrases.filter(passes).length).toBeGreaterThanOrEqual(40);
  });

  it("says the same in both orders", () => {
    for (const [a, b] of [...all, ...paraphrases]) expect(guardPair(b, a)).toEqual(guardPair(a, b));
  });

  it("lets every question through beside itself", () => {
    for (const text of [...all, ...paraphrases].flat())
      expect([text, guardPair(text, text).pass]).toEqual([text, true]);
  });

  it("sees every change of a number", () => {
    fc.assert(
      fc.property(question, fc.nat(5_000), fc.nat(5_000), ({ subject, template }, one, other) => {
        fc.pre(one !== other);
        expect(failedTest([template(subject, one), template(subject, other)])).toBe("numbers");
      }),
    );
  });

  it("sees every swap of two numbers", () => {
    fc.assert(
      fc.property(fc.nat(5_000), fc.nat(5_000), (one, other) => {
        fc.pre(one !== other);
        expect(passes([`What is ${one} minus ${other}?`, `What is ${other} minus ${one}?`])).toBe(false);
      }),
    );
  });

  it("sees a `not` wherever it is put", () => {
    const sources = all.map(([a]) => a).filter((text) => !/["`]/.test(text));
    fc.assert(
      fc.property(fc.constantFrom(...sources), fc.nat(30), (text, at) => {
        const words = text.split(" ");
        const place = 1 + (at % Math.max(1, words.length - 1));
        expect(failedTest([text, words.toSpliced(place, 0, "not").join(" ")])).not.toBe("none");
      }),
      { numRuns: 500 },
    );
  });

  it("sees two words that changed places", () => {
    const sources = all.map(([a]) => a).filter((text) => !/["`]/.test(text));
    fc.assert(
      fc.property(fc.constantFrom(...sources), fc.nat(30), (text, at) => {
        const words = text.replace(/[.?]$/, "").split(" ");
        const place = at % (words.length - 1);
        const [one = "", other = ""] = words.slice(place, place + 2);
        fc.pre(one.toLowerCase() !== other.toLowerCase());
        expect(passes([text, words.toSpliced(place, 2, other, one).join(" ")])).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("sees a word that is left out", () => {
    const articles = /^(?:a|an|the|please)$/i;
    fc.assert(
      fc.property(fc.constantFrom(...all.map(([a]) => a)), fc.nat(30), (text, at) => {
        const words = text.split(" ");
        const place = 1 + (at % Math.max(1, words.length - 1));
        fc.pre(!articles.test(words[place] ?? "the"));
        expect(passes([text, words.toSpliced(place, 1).join(" ")])).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("sees each pair of opposites", () => {
    for (const [one = "", other = ""] of antonyms) {
      expect(failedTest([`Which one is ${one} here?`, `Which one is ${other} here?`])).not.toMatch(
        /none|content/,
      );
    }
  });
});
