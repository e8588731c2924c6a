import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFramer, FrameTooLongError, linesOf, type FrameKind } from "../../src/lib/framing.ts";

const kinds: readonly FrameKind[] = ["line", "event"];

/** The letters that matter to framing, letters of several bytes among them. */
const streamText = fc
  .array(fc.constantFrom("\n", "\n\n", "\r\n", "\r\n\r\n", "\r", "a", "data: x", "é", "日", "🦙", "\u2028"), {
    maxLength: 40,
  })
  .map((parts) => parts.join(""));

/** A stream and a way to cut it, inside letters too. */
const cutStream = streamText.chain((text) => {
  const bytes = Buffer.from(text);
  return fc
    .array(fc.nat({ max: bytes.length }), { maxLength: 12 })
    .map((cuts) => ({ bytes, pieces: pieces(bytes, cuts) }));
});

function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

function run(
  kind: FrameKind,
  parts: readonly Uint8Array[],
  bytesMax = 1_000,
): { frames: Buffer; rest: Buffer } {
  const framer = createFramer(kind, bytesMax);
  const frames = parts.map((part) => framer.push(part) ?? new Uint8Array(0));
  return { frames: Buffer.concat(frames), rest: Buffer.from(framer.rest()) };
}

describe.each(kinds)("framing by %s", (kind) => {
  it("loses, adds and changes no byte, however the stream is cut", () => {
    fc.assert(
      fc.property(cutStream, ({ bytes, pieces: parts }) => {
        const { frames, rest } = run(kind, parts);

        expect(Buffer.concat([frames, rest])).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it("finds the same whole frames however the stream is cut", () => {
    fc.assert(
      fc.property(cutStream, ({ bytes, pieces: parts }) => {
        expect(run(kind, parts)).toEqual(run(kind, [bytes]));
      }),
      { numRuns: 500 },
    );
  });

  it("gives out nothing but whole frames", () => {
    fc.assert(
      fc.property(cutStream, ({ pieces: parts }) => {
        const framer = createFramer(kind, 1_000);
        for (const part of parts) {
          const whole = framer.push(part);
          if (whole === undefined) continue;
          expect(Buffer.from(whole).toString("latin1")).toMatch(kind === "line" ? /\n$/ : /(?:^|\n)\r?\n$/);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("never holds more than its bound", () => {
    const framer = createFramer(kind, 8);

    framer.push(Buffer.from("12345678"));

    expect(() => framer.push(Buffer.from("9"))).toThrow(FrameTooLongError);
  });

  it("lets no frame through that is over the bound, however it arrives", () => {
    const end = kind === "line" ? "\n" : "\n\n";
    const long = Buffer.from(`ok${end}${"x".repeat(50)}${end}ok${end}`);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: long.length }), { maxLength: 6 }), (cuts) => {
        expect(() => run(kind, pieces(long, cuts), 20)).toThrow(FrameTooLongError);
      }),
    );
  });
});

describe("framing", () => {
  it.each([
    ["line", "a\nb", "a\n", "b"],
    ["line", "a\r\nb\r\n", "a\r\nb\r\n", ""],
    ["event", "data: a\n\ndata: b\n", "data: a\n\n", "data: b\n"],
    ["event", "data: a\r\n\r\ndata: b\r\n", "data: a\r\n\r\n", "data: b\r\n"],
    ["event", "data: a\n\r\n", "data: a\n\r\n", ""],
    ["event", "data: a\r\n\n", "data: a\r\n\n", ""],
  ] as const)("by %s cuts %j", (kind, text, frames, rest) => {
    const got = run(kind, [Buffer.from(text)]);

    expect(got.frames.toString()).toBe(frames);
    expect(got.rest.toString()).toBe(rest);
  });

  it("hands on a piece that ends where a frame does without copying it", () => {
    const chunk = Buffer.from("a\nb\n");

    expect(createFramer("line", 10).push(chunk)).toBe(chunk);
  });

  it("reads the lines of some frames without their ends and without blank ones", () => {
    expect(linesOf(Buffer.from("a\r\n\nb\u2028c\né\n"))).toEqual(["a", "b\u2028c", "é"]);
  });
});
