import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTail } from "../../src/dialect/tail.ts";

describe("the tail of a stream", () => {
  it("is the whole of a short one", () => {
    const tail = createTail();
    tail.push(Buffer.from("one "));

    tail.push(Buffer.from("two"));

    expect(Buffer.from(tail.bytes()).toString()).toBe("one two");
  });

  it("always ends as the stream does, and stays small however long that is", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9_000 }), { maxLength: 60 }), (lengths) => {
        const tail = createTail();
        const pieces = lengths.map((length, index) => Buffer.alloc(length, index));
        for (const piece of pieces) tail.push(piece);

        const all = Buffer.concat(pieces);
        const kept = Buffer.from(tail.bytes());

        expect(kept.equals(all.subarray(all.length - kept.length))).toBe(true);
        expect(kept.length).toBeGreaterThanOrEqual(Math.min(all.length, 8_000));
        expect(kept.length).toBeLessThan(64_000);
      }),
    );
  });

  it("holds the last piece whole, even one larger than it likes", () => {
    const tail = createTail();
    tail.push(Buffer.alloc(50_000, "a"));

    tail.push(Buffer.alloc(200_000, "b"));

    expect(Buffer.from(tail.bytes()).subarray(-200_000).equals(Buffer.alloc(200_000, "b"))).toBe(true);
  });
});
