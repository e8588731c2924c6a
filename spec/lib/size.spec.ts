import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatSize, parseSize } from "../../src/lib/size.ts";

describe("a size", () => {
  it.each([
    ["512", 512],
    ["0", 0],
    ["1KiB", 1_024],
    ["1kb", 1_000],
    ["64 MB", 64_000_000],
    ["10GiB", 10 * 1_024 ** 3],
    ["1.5KiB", 1_536],
    [" 2tib ", 2 * 1_024 ** 4],
  ])("%j is %d bytes", (text, want) => {
    expect(parseSize(text)).toBe(want);
  });

  it.each(["", "MiB", "-1", "1e3", "5 llamas", "1 K", "5constructor", "1MiB2", "0x10", "NaN"])(
    "%j is none",
    (text) => {
      expect(parseSize(text)).toBeUndefined();
    },
  );

  it("is read back as it was written", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 5_000 }),
        fc.constantFrom(1, 1_000, 1_024, 1_024 ** 2, 1_024 ** 3, 1_024 ** 4),
        (n, unit) => {
          expect(parseSize(formatSize(n * unit))).toBe(n * unit);
        },
      ),
    );
  });
});
