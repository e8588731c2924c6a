import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createHistogram } from "../../src/lib/histogram.ts";

describe("a histogram", () => {
  it("tells a quantile that is at most an eighth above the true one and never below it", () => {
    const ms = fc.oneof(
      fc.double({ min: 0.001, max: 50_000_000, noNaN: true }),
      fc.nat({ max: 34 }).map((power) => 2 ** power / 1_000),
    );
    fc.assert(
      fc.property(
        fc.array(ms, { minLength: 1, maxLength: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (all, q) => {
          const histogram = createHistogram();
          for (const one of all) histogram.record(one);
          const sorted = [...all].sort((a, b) => a - b);
          const rank = Math.max(1, Math.ceil(q * all.length));
          const want = sorted[rank - 1] ?? Number.NaN;

          const got = histogram.quantile(q);

          expect(histogram.count).toBe(all.length);
          expect(got).toBeGreaterThanOrEqual(want * (1 - 1e-12));
          expect(got).toBeLessThanOrEqual(want * 1.125 * (1 + 1e-12));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("never falls as the share grows", () => {
    const histogram = createHistogram();
    for (let ms = 1; ms < 5_000; ms += 7) histogram.record(ms);

    const got = [0, 0.1, 0.5, 0.9, 0.99, 1].map((q) => histogram.quantile(q));

    expect(got).toEqual([...got].sort((a, b) => a - b));
  });

  it("says 0 while it is empty", () => {
    expect(createHistogram().quantile(0.5)).toBe(0);
  });

  it.each([0, -1, Number.NaN, 1e300, Number.POSITIVE_INFINITY])(
    "stays whole when %d ms are recorded",
    (ms) => {
      const histogram = createHistogram();

      histogram.record(ms);

      expect(histogram.count).toBe(1);
      expect(Number.isFinite(histogram.quantile(1))).toBe(true);
    },
  );
});
