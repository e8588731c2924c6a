/** JSON that cannot be read; the message is the one Go's encoding/json would give. */
export class JsonSyntaxError extends Error {
  override readonly name = "JsonSyntaxError";
  /** True when there is nothing but white space. */
  readonly empty: boolean;

  constructor(message: string, empty = false) {
    super(message);
    this.empty = empty;
  }
}

/** Go's decoder gives up at this nesting depth. */
const depthMax = 10_000;

const zero = "0".charCodeAt(0);
const quote = 0x22;
const backslash = 0x5c;

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= zero && byte <= zero + 9;
const isHex = (byte: number): boolean =>
  isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);

/**
 * Finds the first JSON value in `bytes`: from `start` up to, but not including, `end`.
 * Byte by byte and without recursion, so that neither size nor depth can hurt. Throws {@link JsonSyntaxError}.
 */
export function firstJsonValue(bytes: Uint8Array): { start: number; end: number } {
  const start = skipSpace(bytes, 0);
  if (start >= bytes.length) throw new JsonSyntaxError("EOF", true);
  return { start, end: valueEnd(bytes, start) };
}

/**
 * Whether well-formed JSON is nested deeper than Go's decoder takes, which JSON.stringify would overflow the stack on.
 * Strings are stepped over, so that a large image costs nothing.
 */
export function isTooDeep(json: Uint8Array): boolean {
  if (json.length <= depthMax) return false;
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === quote) at = quoteEnd(json, at + 1);
    else if (byte === 0x7b || byte === 0x5b) depth += 1;
    else if (byte === 0x7d || byte === 0x5d) depth -= 1;
    if (depth > depthMax) return true;
  }
  return false;
}

/** The quote that ends the string whose text begins at `from`. */
function quoteEnd(json: Uint8Array, from: number): number {
  for (let at = json.indexOf(quote, from); at >= 0; at = json.indexOf(quote, at + 1)) {
    let escapes = 0;
    while (json[at - 1 - escapes] === backslash) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return json.length;
}

type Container = "object" | "array";

function valueEnd(bytes: Uint8Array, start: number): number {
  const open: Container[] = [];
  let at = start;
  let fresh = true;
  for (;;) {
    at = skipSpace(bytes, at);
    if (fresh && isOpener(bytes[at])) {
      const inner = enter(bytes, at, open);
      at = inner.at;
      if (!inner.empty) continue;
    } else if (fresh) at = scalarEnd(bytes, at);
    const next = afterValue(bytes, at, open);
    if (next.done) return next.at;
    at = next.at;
    fresh = next.fresh;
  }
}

const isOpener = (byte: number | undefined): boolean => byte === 0x7b || byte === 0x5b;

/** Steps into a container: to its first value, or to its end when it is empty. */
function enter(bytes: Uint8Array, from: number, open: Container[]): { at: number; empty: boolean } {
  const kind = bytes[from] === 0x7b ? "object" : "array";
  if (open.push(kind) > depthMax) fail(bytes, from, "exceeded max depth");
  const at = skipSpace(bytes, from + 1);
  if (bytes[at] === closer(kind)) return { at, empty: true };
  return { at: kind === "object" ? memberStart(bytes, at) : at, empty: false };
}

/** What follows a value: the end, a comma and another value, or the closing of its container. */
function afterValue(
  bytes: Uint8Array,
  from: number,
  open: Container[],
): { at: number; done: boolean; fresh: boolean } {
  const kind = open.at(-1);
  if (kind === undefined) return { at: from, done: true, fresh: false };
  const at = skipSpace(bytes, from);
  const byte = bytes[at];
  if (byte === closer(kind)) {
    open.pop();
    return { at: at + 1, done: open.length === 0, fresh: false };
  }
  if (byte !== 0x2c)
    fail(bytes, at, kind === "object" ? "after object key:value pair" : "after array element");
  const value = kind === "object" ? memberStart(bytes, skipSpace(bytes, at + 1)) : at + 1;
  return { at: value, done: false, fresh: true };
}

const closer = (kind: Container): number => (kind === "object" ? 0x7d : 0x5d);

/** Reads `"key" :` and returns where the member's value begins. */
function memberStart(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== quote) fail(bytes, at, "looking for beginning of object key string");
  const colon = skipSpace(bytes, stringEnd(bytes, at));
  if (bytes[colon] !== 0x3a) fail(bytes, colon, "after object key");
  return colon + 1;
}

function scalarEnd(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === quote) return stringEnd(bytes, at);
  if (byte === 0x2d || isDigit(byte)) return numberEnd(bytes, at);
  for (const word of ["true", "false", "null"]) {
    if (byte === word.charCodeAt(0)) return wordEnd(bytes, at, word);
  }
  return fail(bytes, at, "looking for beginning of value");
}

function wordEnd(bytes: Uint8Array, at: number, word: string): number {
  for (let index = 1; index < word.length; index++) {
    if (bytes[at + index] !== word.charCodeAt(index)) {
      fail(bytes, at + index, `in literal ${word} (expecting '${word[index]}')`);
    }
  }
  return at + word.length;
}

function stringEnd(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  for (; bytes[at] !== quote; at++) {
    const byte = bytes[at];
    if (byte === undefined || byte < 0x20) fail(bytes, at, "in string literal");
    if (byte === backslash) at = escapeEnd(bytes, at + 1);
  }
  return at + 1;
}

/** Returns the last byte of the escape that begins after the backslash. */
function escapeEnd(bytes: Uint8Array, at: number): number {
  const letter = bytes[at];
  if (letter === undefined || !'"\\/bfnrtu'.includes(String.fromCharCode(letter))) {
    fail(bytes, at, "in string escape code");
  }
  if (letter !== 0x75) return at;
  for (let index = 1; index <= 4; index++) {
    const byte = bytes[at + index];
    if (byte === undefined || !isHex(byte)) fail(bytes, at + index, "in \\u hexadecimal character escape");
  }
  return at + 4;
}

function numberEnd(bytes: Uint8Array, start: number): number {
  let at = bytes[start] === 0x2d ? start + 1 : start;
  if (!isDigit(bytes[at])) fail(bytes, at, "in numeric literal");
  at = bytes[at] === zero ? at + 1 : digitsEnd(bytes, at);
  if (bytes[at] === 0x2e) {
    if (!isDigit(bytes[at + 1])) fail(bytes, at + 1, "after decimal point in numeric literal");
    at = digitsEnd(bytes, at + 1);
  }
  return bytes[at] === 0x65 || bytes[at] === 0x45 ? exponentEnd(bytes, at + 1) : at;
}

function exponentEnd(bytes: Uint8Array, from: number): number {
  const at = bytes[from] === 0x2b || bytes[from] === 0x2d ? from + 1 : from;
  if (!isDigit(bytes[at])) fail(bytes, at, "in exponent of numeric literal");
  return digitsEnd(bytes, at);
}

function digitsEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isDigit(bytes[at])) at++;
  return at;
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isSpace(bytes[at])) at++;
  return at;
}

function fail(bytes: Uint8Array, at: number, where: string): never {
  const byte = bytes[at];
  if (byte === undefined) throw new JsonSyntaxError("unexpected EOF");
  throw new JsonSyntaxError(`invalid character ${quoteByte(byte)} ${where}`);
}

const shortEscapes: Readonly<Record<number, string>> = {
  0x07: "\\a",
  0x08: "\\b",
  0x09: "\\t",
  0x0a: "\\n",
  0x0b: "\\v",
  0x0c: "\\f",
  0x0d: "\\r",
  0x5c: "\\\\",
  0x27: "\\'",
};

/** A byte between single quotes, spelt as Go's `strconv.Quote` spells the code point of the same number. */
function quoteByte(byte: number): string {
  const escaped = shortEscapes[byte];
  if (escaped !== undefined) return `'${escaped}'`;
  if (byte < 0x20 || byte === 0x7f) return `'\\x${byte.toString(16).padStart(2, "0")}'`;
  if (byte >= 0x80 && (byte < 0xa1 || byte === 0xad)) return `'\\u00${byte.toString(16)}'`;
  return `'${String.fromCharCode(byte)}'`;
}
