import { createHmac, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { crc32, deflateRaw, deflateRawSync, inflateRawSync } from "node:zlib";

/** One answer as every tier keeps it. */
export interface Entry {
  /** SHA-256 of the canonical request it answers: 32 bytes. */
  readonly fingerprint: Uint8Array;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
  /** Milliseconds since 1970; from then on the entry is stale. */
  readonly expiresMs: number;
  /** The answer itself, as the one who stored it wrote it. */
  readonly payload: Uint8Array;
}

/** Where an entry lies, and the install's secret: an entry moved to another key, or made elsewhere, is no entry. */
export interface Seal {
  readonly secret: Uint8Array;
  readonly key: Uint8Array;
}

/** Why some bytes are not an entry. */
export type EntryFault = "foreign" | "version" | "length" | "checksum" | "seal";

export const headerBytes = 80;
/** Larger payloads are never stored, and never unpacked. */
export const payloadBytesMax = 8 * 1_024 ** 2;

const magic = 0x43_51_53_52;
const version = 1;
const codecs = { plain: 0, deflate: 1 } as const;
/** Below this, packing costs more than it saves. */
const plainBytesMax = 1_024;
/** Above this, packing would hold up everyone else. */
const atOnceBytesMax = 65_536;
const packing = { level: 1 };
const deflateAside = promisify<Uint8Array, typeof packing, Buffer>(deflateRaw);

/** Offsets in the header; all numbers are little-endian. */
const at = {
  magic: 0,
  version: 4,
  codec: 5,
  created: 8,
  expires: 16,
  fingerprint: 24,
  rawBytes: 56,
  checksum: 60,
  seal: 64,
} as const;

/** Writes an entry: a header of 80 bytes and its payload, packed when it is longer than 1 KB. */
export function encodeEntry(entry: Entry, seal: Seal): Buffer {
  const { length } = checked(entry.payload);
  if (length <= plainBytesMax) return withHeader(entry, { body: entry.payload, codec: codecs.plain }, seal);
  return withHeader(entry, { body: deflateRawSync(entry.payload, packing), codec: codecs.deflate }, seal);
}

/** The same, a payload of more than 64 KB packed in another thread. Rejects like {@link encodeEntry} throws. */
export async function encodeEntryAside(entry: Entry, seal: Seal): Promise<Buffer> {
  if (checked(entry.payload).length <= atOnceBytesMax) return encodeEntry(entry, seal);
  return withHeader(entry, { body: await deflateAside(entry.payload, packing), codec: codecs.deflate }, seal);
}

function checked(payload: Uint8Array): Uint8Array {
  if (payload.length <= payloadBytesMax) return payload;
  throw new RangeError(`a payload of ${payload.length} bytes is too large`);
}

interface Packed {
  readonly body: Uint8Array;
  readonly codec: number;
}

function withHeader(entry: Entry, { body, codec }: Packed, seal: Seal): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(magic, at.magic);
  header.writeUInt8(version, at.version);
  header.writeUInt8(codec, at.codec);
  header.writeDoubleLE(entry.createdMs, at.created);
  header.writeDoubleLE(entry.expiresMs, at.expires);
  header.set(entry.fingerprint, at.fingerprint);
  header.writeUInt32LE(entry.payload.length, at.rawBytes);
  header.writeUInt32LE(crc32(body), at.checksum);
  header.set(sealOf(header, body, seal), at.seal);
  return Buffer.concat([header, body]);
}

/** Reads an entry and checks all of it; a fault when it is damaged, foreign, or not the one that was put there. */
export function decodeEntry(bytes: Uint8Array, seal: Seal): Entry | EntryFault {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (whole.length < headerBytes || whole.readUInt32LE(at.magic) !== magic) return "foreign";
  if (whole.readUInt8(at.version) !== version) return "version";
  const body = whole.subarray(headerBytes);
  if (crc32(body) !== whole.readUInt32LE(at.checksum)) return "checksum";
  if (!timingSafeEqual(sealOf(whole, body, seal), whole.subarray(at.seal, headerBytes))) return "seal";
  const payload = unpack(body, whole.readUInt8(at.codec), whole.readUInt32LE(at.rawBytes));
  if (payload === undefined) return "length";
  return {
    fingerprint: whole.subarray(at.fingerprint, at.rawBytes),
    createdMs: whole.readDoubleLE(at.created),
    expiresMs: whole.readDoubleLE(at.expires),
    payload,
  };
}

/** Covers the key, the header up to the seal itself, and the payload as stored. */
function sealOf(header: Buffer, body: Uint8Array, { secret, key }: Seal): Buffer {
  return createHmac("sha256", secret)
    .update(key)
    .update(header.subarray(0, at.seal))
    .update(body)
    .digest()
    .subarray(0, headerBytes - at.seal);
}

function unpack(body: Buffer, codec: number, rawBytes: number): Uint8Array | undefined {
  if (codec === codecs.plain) return body.length === rawBytes ? body : undefined;
  if (codec !== codecs.deflate || rawBytes > payloadBytesMax) return undefined;
  const raw = inflated(body, rawBytes);
  return raw?.length === rawBytes ? raw : undefined;
}

/** Undefined for what cannot be unpacked, or is longer than it said. */
function inflated(body: Buffer, bytesMax: number): Buffer | undefined {
  try {
    return inflateRawSync(body, { maxOutputLength: Math.max(1, bytesMax) });
  } catch {
    return undefined;
  }
}
