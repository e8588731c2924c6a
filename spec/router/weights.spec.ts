import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { buckets } from "../../src/router/bag.ts";
import { denseNames } from "../../src/router/features.ts";
import { readWeights, rows, sumsOf, type Weights, writeWeights } from "../../src/router/weights.ts";

const file = readFileSync(new URL("../../src/router/weights.bin", import.meta.url));

function someWeights(): Weights {
  return {
    hashed: Int8Array.from({ length: buckets * rows.length }, (_, index) => (index % 255) - 127),
    scales: Float32Array.from(rows, (_, row) => 0.5 + row),
    dense: Float32Array.from({ length: denseNames.length * rows.length }, (_, index) => index / 8),
    temperatures: { complexity: 1.5, search: 2, hardness: 1, task: 0.5, intent: 1 },
    thresholds: { moreThanLow: 0.25, high: 0.5, fresh: 0.75 },
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
    const { hashed, scales, dense } = someWeights();
    const features = {
      at: Int32Array.of(1),
      by: Float32Array.of(2),
      dense: new Float32Array(denseNames.length),
    };
    features.dense[1] = 8;

    const sums = sumsOf({ hashed, scales, dense }, features);

    expect(sums).toEqual(
      rows.map((_, row) => (((row * buckets + 1) % 255) - 127) * 2 * (0.5 + row) + (rows.length + row)),
    );
  });
});

describe("the shipped weights", () => {
  it("are small and of this version", () => {
    expect(file.length).toBeLessThan(400_000);
    expect(readWeights(file).thresholds.fresh).toBeGreaterThan(0);
  });

  it("say something in every row", () => {
    const { hashed } = readWeights(file);
    const loud = rows.map((_, row) =>
      hashed.subarray(row * buckets, (row + 1) * buckets).some((value) => value !== 0),
    );

    expect(loud).toEqual(rows.map(() => true));
  });
});
