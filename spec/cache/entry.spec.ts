import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeEntry, encodeEntry, headerBytes, payloadBytesMax, type Entry } from "../../src/cache/entry.ts";

const seal = { secret: Buffer.alloc(32, 1), key: Buffer.alloc(16, 2) };

const entryOf = (payload: Uint8Array): Entry => ({
  fingerprint: Buffer.alloc(32, 3),
  createdMs: 1_700_000_000_000,
  expiresMs: 1_700_000_060_000,
  payload,
});
const text = (length: number) =>
  Buffer.from("What the model said. ".repeat(length / 21 + 1).slice(0, length));

function read(bytes: Uint8Array): Entry {
  const entry = decodeEntry(bytes, seal);
  if (typeof entry === "string") throw new Error(entry);
  return entry;
}

describe("an entry", () => {
  it.each([0, 1, 1_024, 1_025, 100_000])("comes back with its payload of %d bytes", (length) => {
    const entry = entryOf(text(length));
    const got = read(encodeEntry(entry, seal));

    expect(Buffer.from(got.payload).equals(entry.payload)).toBe(true);
    expect(got.createdMs).toBe(entry.createdMs);
    expect(got.expiresMs).toBe(entry.expiresMs);
    expect(Buffer.from(got.fingerprint).equals(entry.fingerprint)).toBe(true);
  });

  it("comes back whatever its bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4_096 }), (payload) => {
        expect(Buffer.from(read(encodeEntry(entryOf(payload), seal)).payload).equals(payload)).toBe(true);
      }),
    );
  });

  it("is packed above 1 KB, and not below", () => {
    expect(encodeEntry(entryOf(text(1_024)), seal)).toHaveLength(headerBytes + 1_024);
    expect(encodeEntry(entryOf(text(2_048)), seal).length).toBeLessThan(1_024);
  });

  it("is refused over the largest size", () => {
    expect(() => encodeEntry(entryOf(new Uint8Array(payloadBytesMax + 1)), seal)).toThrow("too large");
  });
});

describe("bytes that are no entry", () => {
  const bytes = encodeEntry(entryOf(randomBytes(600)), seal);

  it("are told from one for every byte that is changed, and every length it is cut to", () => {
    const accepted: string[] = [];
    for (let index = 0; index < bytes.length; index++) {
      const flipped = Buffer.from(bytes);
      flipped[index] = (flipped[index] ?? 0) ^ 0x10;
      if (typeof decodeEntry(flipped, seal) !== "string") accepted.push(`flipped at ${index}`);
      if (typeof decodeEntry(bytes.subarray(0, index), seal) !== "string") accepted.push(`cut at ${index}`);
    }

    expect(accepted).toEqual([]);
  });

  it("are foreign, of another version, or damaged", () => {
    const newer = Buffer.from(bytes);
    newer[4] = 2;
    const damaged = Buffer.from(bytes);
    damaged[200] = (damaged[200] ?? 0) ^ 1;

    expect(decodeEntry(Buffer.from("hello"), seal)).toBe("foreign");
    expect(decodeEntry(Buffer.alloc(200), seal)).toBe("foreign");
    expect(decodeEntry(newer, seal)).toBe("version");
    expect(decodeEntry(damaged, seal)).toBe("checksum");
  });

  it("are an entry of another key or of another install", () => {
    expect(decodeEntry(bytes, { ...seal, key: Buffer.alloc(16, 9) })).toBe("seal");
    expect(decodeEntry(bytes, { ...seal, secret: Buffer.alloc(32, 9) })).toBe("seal");
  });
});
