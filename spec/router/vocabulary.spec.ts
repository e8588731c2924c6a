import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createVocabulary, homeOf } from "../../src/router/vocabulary.ts";
import { createRandom } from "../support/random.ts";
import { printsOf } from "../train/vocabulary.ts";

const places = 4_096;
const random = createRandom(5);
const hashOf = (): number => Math.floor(random() * 2 ** 32) | 0;
const some = [...new Set(Array.from({ length: 6_000 }, hashOf))];
const known = some.slice(0, Math.floor(places * 0.97));

describe("a vocabulary", () => {
  it("knows nearly all features that were put in it, in a place of their own", () => {
    const { placeOf, size } = createVocabulary(printsOf(some, places));
    const found = known.map(placeOf).filter((place) => place >= 0);

    expect(size).toBe(places);
    expect(found.length).toBeGreaterThan(known.length * 0.995);
    expect(Math.max(...found)).toBeLessThan(places);
    expect(new Set(found).size).toBeGreaterThan(known.length * 0.97);
  });

  it("takes few others for one of them", () => {
    const { placeOf } = createVocabulary(printsOf(some, places));
    const others = Array.from({ length: 20_000 }, hashOf).filter((hash) => !some.includes(hash));
    const taken = others.filter((hash) => placeOf(hash) >= 0);

    expect(taken.length / others.length).toBeLessThan(0.05);
  });

  it("knows nothing when it is empty", () => {
    const { placeOf } = createVocabulary(new Uint8Array(places));

    expect(some.every((hash) => placeOf(hash) === -1)).toBe(true);
  });

  it("is the same each time it is filled", () => {
    expect(printsOf(some, places)).toEqual(printsOf(some, places));
  });

  it("keeps whatever is put in a table with room", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer(), { maxLength: 200 }), (hashes) => {
        const { placeOf } = createVocabulary(printsOf(hashes, places));
        return hashes.every((hash) => placeOf(hash) >= 0);
      }),
    );
  });
});

describe("the home of a feature", () => {
  it("is within the table, whatever its size, and its print is never that of an empty place", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 65_535 }), (hash, groups) => {
        const { first, second, print } = homeOf(hash, groups);
        return first >= 0 && first < groups && second >= 0 && second < groups && print > 0 && print < 256;
      }),
    );
  });
});
