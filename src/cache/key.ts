import { createHmac, getHashes, timingSafeEqual } from "node:crypto";

/** Whose answers may be shared, and since when. */
export interface Scope {
  /** Decided by the server alone, never by the request: the tenant, or the one scope of a daemon without keys. */
  readonly name: string;
  /** Counted up to forget every entry at once. */
  readonly epoch: number;
}

/** Bytes of a key; also of a truncated HMAC-SHA-256 where MD5 is refused. */
export const keyBytes = 16;

const algorithm = getHashes().includes("md5") ? "md5" : "sha256";

/**
 * The index of an entry in every tier: 16 bytes of HMAC-MD5 over scope, epoch and fingerprint, each with its length
 * before it. MD5 sees no byte a client could choose: the fingerprint is a SHA-256. It is an index and no more; a hit also
 * needs {@link isSameFingerprint}. Where OpenSSL refuses MD5 (FIPS), HMAC-SHA-256 cut to the same width takes its place.
 */
export function deriveKey(secret: Uint8Array, scope: Scope, fingerprint: Uint8Array): Buffer {
  const name = Buffer.from(scope.name);
  return createHmac(algorithm, secret)
    .update(`${name.length}:`)
    .update(name)
    .update(`${scope.epoch}:${fingerprint.length}:`)
    .update(fingerprint)
    .digest()
    .subarray(0, keyBytes);
}

/** Whether the entry found under a key answers the request that was asked, compared in constant time. */
export function isSameFingerprint(stored: Uint8Array, asked: Uint8Array): boolean {
  return stored.length === asked.length && timingSafeEqual(stored, asked);
}
