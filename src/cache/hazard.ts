/** Why a body cannot be compared by what JavaScript made of it. Each is also the reason the cache gives for a pass. */
export type Hazard = "bigint" | "duplicate_keys" | "integer_keys";

const quote = 0x22;
const backslash = 0x5c;
const digitsMax = 15;
const arrayIndex = /^(0|[1-9]\d{0,9})$/;

/**
 * Looks through well-formed JSON for what `JSON.parse` does not keep, so that two different requests could look equal:
 * numbers of 16 digits or more (or beyond a double), a key said twice in one object, in whatever case, and keys that
 * look like array indices, which V8 moves to the front. Reads the first value only, and ignores what follows it.
 */
export function findHazard(json: Uint8Array): Hazard | undefined {
  const scan: Scan = {
    bytes: Buffer.from(json.buffer, json.byteOffset, json.byteLength),
    open: [],
    atKey: false,
    hazard: undefined,
  };
  for (let at = 0; at < scan.bytes.length && scan.hazard === undefined; at++) {
    const byte = scan.bytes[at] ?? 0;
    if (byte === quote) at = passString(scan, at);
    else if (startsNumber(byte)) at = passNumber(scan, at);
    else if (!passMark(scan, byte)) break;
  }
  return scan.hazard;
}

interface Scan {
  readonly bytes: Buffer;
  /** The containers around the place of reading: the keys of an object so far, or undefined for an array. */
  readonly open: (Set<string> | undefined)[];
  atKey: boolean;
  hazard: Hazard | undefined;
}

/** Returns the index of the string's last byte. */
function passString(scan: Scan, at: number): number {
  const end = closingQuote(scan.bytes, at + 1);
  if (scan.atKey) scan.hazard = keyHazard(scan.bytes.toString("utf8", at, end + 1), scan.open.at(-1));
  scan.atKey = false;
  return end;
}

/** Returns the index of the number's last byte. */
function passNumber(scan: Scan, at: number): number {
  const end = numberEnd(scan.bytes, at);
  if (isInexact(scan.bytes.toString("latin1", at, end))) scan.hazard = "bigint";
  return end - 1;
}

/** Enters and leaves containers; false once the value is over. */
function passMark(scan: Scan, byte: number): boolean {
  if (byte === 0x2c) scan.atKey = scan.open.at(-1) !== undefined;
  else if (byte === 0x7b || byte === 0x5b) {
    scan.open.push(byte === 0x7b ? new Set() : undefined);
    scan.atKey = byte === 0x7b;
  } else if (byte === 0x7d || byte === 0x5d) {
    scan.open.pop();
    scan.atKey = false;
    return scan.open.length > 0;
  }
  return true;
}

function keyHazard(token: string, seen: Set<string> | undefined): Hazard | undefined {
  const key: unknown = token.includes("\\") ? JSON.parse(token) : token.slice(1, -1);
  const folded = String(key).toLowerCase();
  if (arrayIndex.test(folded)) return "integer_keys";
  if (seen?.has(folded)) return "duplicate_keys";
  seen?.add(folded);
  return undefined;
}

/** The index of the quote that ends the string whose text begins at `from`. */
function closingQuote(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(quote, from); at >= 0; at = bytes.indexOf(quote, at + 1)) {
    let escapes = 0;
    while (bytes[at - 1 - escapes] === backslash) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return bytes.length;
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const startsNumber = (byte: number): boolean => byte === 0x2d || isDigit(byte);

function numberEnd(bytes: Buffer, start: number): number {
  let at = start + 1;
  for (; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    const inNumber =
      isDigit(byte) || byte === 0x2e || byte === 0x65 || byte === 0x45 || byte === 0x2b || byte === 0x2d;
    if (!inNumber) break;
  }
  return at;
}

function isInexact(token: string): boolean {
  if (token.length <= digitsMax && !/e/i.test(token)) return false;
  const digits = token.replace(/e.*$/i, "").replaceAll(/\D/g, "");
  return digits.length > digitsMax || !Number.isFinite(Number(token));
}
