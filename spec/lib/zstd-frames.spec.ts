import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { largestWindow } from "../../src/lib/zstd-frames.ts";
import { skippableFrame, windows, zstdFrame } from "../support/zstd.ts";

const mebibyte = 1_024 ** 2;
const raw = Buffer.from("hello");
const repeated = { repeat: 0x41, times: 100 };

const block = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.record({ repeat: fc.nat(255), times: fc.nat(1_000) }),
);
/** A frame and the window that it asks for. */
const frame = fc.oneof(
  fc
    .record({
      blocks: fc.array(block, { minLength: 1, maxLength: 3 }),
      exponent: fc.nat(31),
      eighths: fc.nat(7),
      checksum: fc.boolean(),
    })
    .map(({ blocks, exponent, eighths, checksum }) => ({
      bytes: zstdFrame(blocks, { window: (exponent << 3) | eighths, checksum }),
      window: 2 ** (exponent + 10) * (1 + eighths / 8),
    })),
  fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 3 }).map((blocks) => ({
    bytes: zstdFrame(blocks),
    window: blocks.reduce((sum, one) => sum + one.length, 0),
  })),
  fc
    .record({ content: fc.uint8Array({ maxLength: 40 }), kind: fc.nat(15) })
    .map(({ content, kind }) => ({ bytes: skippableFrame(content, kind), window: 0 })),
);

describe("the window that a zstd text asks for", () => {
  it.each([
    ["1 KiB", 1_024],
    ["1 MiB", mebibyte],
    ["8 MiB", 8 * mebibyte],
    ["9 MiB", 9 * mebibyte],
    ["1.9 GiB", 1.875 * 1_024 ** 3],
  ] as const)("is read from the head of a frame: %s", (name, want) => {
    expect(largestWindow(zstdFrame([raw], { window: windows[name] }))).toBe(want);
  });

  it("is over a gibibyte in ten bytes", () => {
    expect(largestWindow(Buffer.from("28b52ffd00a709000041", "hex"))).toBeGreaterThan(1_024 ** 3);
  });

  it("is the size of what is in it for a frame of one segment, however wide the size is written", () => {
    const block = Buffer.concat([Uint8Array.of(0x29, 0, 0), raw]);
    const frames = ["2005", "60ff00", "a005000000", "e00500000000000000"].map((head) =>
      Buffer.concat([Buffer.from(`28b52ffd${head}`, "hex"), block]),
    );

    expect(frames.map((one) => largestWindow(one))).toEqual([5, 511, 5, 5]);
  });

  it("is found behind the number of a dictionary", () => {
    for (const [flag, bytes] of [
      [1, 1],
      [2, 2],
      [3, 4],
    ] as const) {
      const head = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, flag, windows["9 MiB"]);
      const text = Buffer.concat([head, new Uint8Array(bytes), Uint8Array.of(0x0b, 0, 0, 0x41)]);
      expect(largestWindow(text)).toBe(9 * mebibyte);
    }
  });

  it("is that of the greediest of several frames, wherever it stands", () => {
    const small = zstdFrame([raw, repeated], { window: windows["1 KiB"], checksum: true });
    const large = zstdFrame([repeated, raw], { window: windows["9 MiB"], checksum: true });

    expect(largestWindow(Buffer.concat([small, large]))).toBe(9 * mebibyte);
    expect(largestWindow(Buffer.concat([large, small]))).toBe(9 * mebibyte);
    expect(largestWindow(Buffer.concat([small, skippableFrame(raw), large]))).toBe(9 * mebibyte);
  });

  it("is that of the greediest for any frames in a row", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 5 }), (frames) => {
        const text = Buffer.concat(frames.map((one) => one.bytes));
        expect(largestWindow(text)).toBe(Math.max(0, ...frames.map((one) => one.window)));
      }),
    );
  });

  it("is the same wherever the text lies in its buffer", () => {
    const text = zstdFrame([raw], { window: windows["9 MiB"] });
    const around = Buffer.concat([Buffer.alloc(7, 0xff), text, Buffer.alloc(7, 0xff)]);

    expect(largestWindow(around.subarray(7, 7 + text.length))).toBe(9 * mebibyte);
  });
});

describe("a zstd text that is not well-formed", () => {
  it.each([
    ["something else", Buffer.from('{"model":"tiny"}')],
    ["a frame with something behind it", Buffer.concat([zstdFrame([raw]), Buffer.from("tail")])],
    ["gzip", Buffer.from("1f8b0800000000000003", "hex")],
  ])("has no window: %s", (_, text) => {
    expect(largestWindow(text)).toBeUndefined();
  });

  it.each([
    ["before its first block", zstdFrame([raw], { window: 0 }), 8],
    ["between two blocks", zstdFrame([raw, raw], { window: 0 }), 14],
    ["in its magic number", zstdFrame([raw], { window: 0 }), 3],
    ["in the head of a skippable one", skippableFrame(raw), 6],
  ])("has no window when the frame is cut %s", (_, text, length) => {
    expect(largestWindow(text.subarray(0, length))).toBeUndefined();
  });

  it("is answered for any bytes at all, behind a good beginning too", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, magic) => {
        const text = magic ? Buffer.concat([Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), bytes]) : bytes;
        const got = largestWindow(text);
        expect(got === undefined || got >= 0).toBe(true);
      }),
    );
  });
});
