import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { deriveKey, isSameFingerprint, keyBytes } from "../../src/cache/key.ts";

const secret = Buffer.alloc(32, 7);
const print = createHash("sha256").update("a question").digest();

describe("the key of an entry", () => {
  it("is the HMAC-MD5 of scope, epoch and fingerprint, each with its length before it", () => {
    expect(deriveKey(secret, { name: "local", epoch: 1 }, print)).toHaveLength(keyBytes);
    expect(deriveKey(secret, { name: "local", epoch: 1 }, print).toString("hex")).toBe(
      "0b3456f52395c66eceb3dbab3580e6f5",
    );
  });

  it("differs for another secret, scope, epoch or fingerprint", () => {
    const keys = [
      deriveKey(secret, { name: "a", epoch: 1 }, print),
      deriveKey(Buffer.alloc(32, 8), { name: "a", epoch: 1 }, print),
      deriveKey(secret, { name: "b", epoch: 1 }, print),
      deriveKey(secret, { name: "a", epoch: 2 }, print),
      deriveKey(secret, { name: "a", epoch: 1 }, createHash("sha256").update("another").digest()),
    ].map((key) => key.toString("hex"));

    expect(new Set(keys).size).toBe(keys.length);
  });

  it("cannot be steered by a scope that spells the parts behind it", () => {
    const one = deriveKey(secret, { name: "a1:", epoch: 1 }, print);
    const other = deriveKey(secret, { name: "a", epoch: 11 }, print);

    expect(one.equals(other)).toBe(false);
  });

  it("is no more than an index: an entry with another fingerprint is not the answer", () => {
    expect(isSameFingerprint(print, Buffer.from(print))).toBe(true);
    expect(isSameFingerprint(print, randomBytes(32))).toBe(false);
    expect(isSameFingerprint(print.subarray(1), print)).toBe(false);
  });
});
