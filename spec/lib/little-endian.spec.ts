import { describe, expect, it } from "vitest";
import { numbersIn } from "../../src/lib/little-endian.ts";

describe("numbers of four bytes", () => {
  it("are read the lowest byte first, from wherever they lie, and leave those bytes alone", () => {
    const bytes = Buffer.alloc(11);
    bytes.writeInt32LE(-5, 3);
    bytes.writeInt32LE(0x01020304, 7);
    const before = Buffer.from(bytes);

    const numbers = new Int32Array(numbersIn(bytes.subarray(3)));
    numbers[0] = 7;

    expect([...new Int32Array(numbersIn(bytes.subarray(3)))]).toEqual([-5, 0x01020304]);
    expect(bytes).toEqual(before);
  });
});
