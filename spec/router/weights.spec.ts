import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { denseNames } from "../../src/router/features.ts";
import { readWeights, writeWeights } from "../../src/router/weights-file.ts";
import {
  codeAt,
  levelCount,
  places,
  putCode,
  rows,
  sumsOf,
  type Weights,
  weightAt,
  wordsAPlace,
} from "../../src/router/weights.ts";

const file = readFileSync(new URL("../../src/router/weights.bin", import.meta.url));

function someCodes(): Int32Array {
  const codes = new Int32Array(places * wordsAPlace);
  for (const [nth, row] of rows.entries())
    for (let place = 0; place < places; place += 1)
      putCode(codes, row, { place, code: (place * 7 + nth) % 2 ** row.bits });
  return codes;
}

function someWeights(): Weights {
  return {
    prints: Uint8Array.from({ length: places }, (_, place) => place % 251),
    codes: someCodes(),
    levels: Float32Array.from({ length: levelCount }, (_, level) => level - 20),
    dense: Float32Array.from({ length: denseNames.length * rows.length }, (_, index) => index / 8),
    temperatures: { complexity: 1.5, search: 2, hardness: 1, task: 0.5, intent: 1 },
    thresholds: { moreThanLow: 0.25, high: 0.5, fresh: 0.75 },
    cuts: { medium: 0.375, high: 0.625 },
  };
}

describe("weights", () => {
  it("are read as they were written", () => {
    expect(readWeights(writeWeights(someWeights()))).toEqual(someWeights());
  });

  it("are read from a part of a larger buffer", () => {
    const bytes = writeWeights(someWeights());
    const larger = Buffer.concat([Buffer.from([1, 2, 3]), bytes]);

    expect(readWeights(larger.subarray(3))).toEqual(someWeights());
  });

  it.each([
    ["a byte is missing", (bytes: Buffer) => bytes.subarray(1)],
    ["another file", (bytes: Buffer) => Buffer.alloc(bytes.length)],
    ["other features", (bytes: Buffer) => Buffer.from(bytes.map((byte, at) => (at === 8 ? byte ^ 1 : byte)))],
  ])("are refused: %s", (_, broken) => {
    expect(() => readWeights(broken(writeWeights(someWeights())))).toThrow(RangeError);
  });

  it("are summed by row", () => {
    const weights = someWeights();
    const features = {
      at: Int32Array.of(1, 4),
      by: Float32Array.of(2, 0.5),
      dense: new Float32Array(denseNames.length),
    };
    features.dense[1] = 8;

    expect(sumsOf(weights, features)).toEqual(
      rows.map((row, nth) => {
        const hashed = weightAt(weights, row, 1) * 2 + weightAt(weights, row, 4) * 0.5;
        return hashed + (rows.length + nth);
      }),
    );
  });

  it("are levels by number, and no number reaches into another", () => {
    const codes = new Int32Array(places * wordsAPlace);
    const weights = { ...someWeights(), codes };
    for (const [nth, row] of rows.entries())
      putCode(codes, row, { place: 9, code: row.bits === 8 ? 200 : nth });

    const numbers = rows.map(({ bits }, nth) => (bits === 8 ? 200 : nth));
    expect(rows.map((row) => codeAt(codes, row, 9))).toEqual(numbers);
    expect(rows.map((row) => weightAt(weights, row, 9))).toEqual(
      rows.map(({ levelsAt }, nth) => levelsAt + (numbers[nth] ?? 0) - 20),
    );
    expect(rows.map((row) => codeAt(codes, row, 8))).toEqual(rows.map(() => 0));
  });
});

describe("the shipped weights", () => {
  it("are small and of this version", () => {
    expect(file.length).toBeLessThan(400_000);
    expect(readWeights(file).thresholds.fresh).toBeGreaterThan(0);
  });

  it("say something in every row", () => {
    const weights = readWeights(file);
    const loud = rows.map((row) =>
      Array.from({ length: places }, (_, place) => weightAt(weights, row, place)).some(
        (weight) => Math.abs(weight) > 0.1,
      ),
    );

    expect(loud).toEqual(rows.map(() => true));
  });
});
