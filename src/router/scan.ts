import {
  apostrophe,
  colon,
  comma,
  dot,
  exclamation,
  newline,
  question,
  space,
  underscore,
  zero,
} from "./codes.ts";
import { foldBits, foldMask, foldOf, known, learn, sortOf, sorts } from "./letters.ts";
import { createUnits, isDigit } from "./units.ts";

/** What is known of a word from its letters alone; bits. */
export const traits = {
  /** Begins with a capital. */
  capital: 1,
  /** Has capitals only, and two at least. */
  capitals: 2,
  /** A capital follows a small letter. */
  camel: 4,
  /** An underscore or a dot stands inside. */
  underscore: 8,
  dot: 16,
  number: 32,
  /** A number with a dot, comma or colon inside. */
  parts: 64,
  /** A number of more than four digits. */
  long: 128,
} as const;

/** The words of a text, in their order. */
export interface Tokens {
  readonly text: string;
  /** The text again, in units. */
  readonly units: Uint16Array;
  readonly length: number;
  readonly count: number;
  /** Where each word begins, and ends. */
  readonly from: Uint16Array;
  readonly to: Uint16Array;
  /** Stands for the word without its case, accents and the digits of numbers. */
  readonly hash: Int32Array;
  readonly traits: Uint8Array;
  /** Of numbers, the first part. */
  readonly value: Int32Array;
  /** The sentence that each word is in, from 0. */
  readonly sentence: Uint16Array;
}

/** Where the hash of a word begins. */
export const startOfHash = 0x811c9dc5 | 0;
const prime = 0x01000193;
const isStop = (unit: number): boolean =>
  unit === dot || unit === exclamation || unit === question || unit === colon;
const isWideStop = (unit: number): boolean => unit === 0x3002 || unit === 0xff01 || unit === 0xff1f;

/** One step of FNV-1a. Accents that stand alone change nothing. */
export const mixed = (hash: number, unit: number): number =>
  unit === 0 ? hash : Math.imul(hash ^ unit, prime);

/** Units that are read of a text: more are not looked at. */
export const scannedMax = 4_096;

// What the scanner works with while it reads one text. It stands here, and not in an object that is made for each text,
// because V8 then knows where it is: reading takes a third of the time.
const { units, read } = createUnits(scannedMax);
const from = new Uint16Array(scannedMax);
const to = new Uint16Array(scannedMax);
const hash = new Int32Array(scannedMax);
const traitsAt = new Uint8Array(scannedMax);
const value = new Int32Array(scannedMax);
const sentence = new Uint16Array(scannedMax);
const table = known;
const { joiner, digit } = sorts;
const bitsOfFold = foldBits;
const maskOfFold = foldMask;
let end = 0;
let count = 0;
let nth = 0;
/** Whether a stop was the last thing, and whether what comes next begins a sentence. */
let isStopped = false;
let isNext = false;

/**
 * Reads a text. Words are runs of letters with what joins them, numbers, question marks and signs of money, and each
 * letter of scripts without spaces. Linear in the text.
 */
export function scan(text: string): Tokens {
  read(text);
  end = Math.min(text.length, scannedMax);
  learn(units, end);
  count = 0;
  nth = 0;
  isStopped = false;
  isNext = false;
  readAll();
  return {
    text,
    units: units.slice(0, end),
    length: end,
    count,
    from: from.slice(0, count),
    to: to.slice(0, count),
    hash: hash.slice(0, count),
    traits: traitsAt.slice(0, count),
    value: value.slice(0, count),
    sentence: sentence.slice(0, count),
  };
}

function readAll(): void {
  for (let at = 0; at < end;) {
    const unit = units[at] ?? 0;
    const sort = (table[unit] ?? 0) >>> bitsOfFold;
    if (sort > joiner) {
      at = readToken(at, sort);
      count += 1;
    } else {
      readGap(unit, sort);
      at += 1;
    }
  }
}

function readGap(unit: number, sort: number): void {
  if (unit === space) {
    if (isStopped) isNext = true;
  } else if (unit === newline || isWideStop(unit)) isNext = true;
  else if (sort !== sorts.space) isStopped = isStop(unit);
}

function readToken(start: number, sort: number): number {
  if (isNext && count > 0) nth += 1;
  isNext = false;
  isStopped = false;
  from[count] = start;
  sentence[count] = nth;
  value[count] = 0;
  if (sort === sorts.letter || sort === sorts.capital) return readWord(start);
  const unit = units[start] ?? 0;
  return isDigit(unit) ? readNumber(start) : readSign(start, unit);
}

function readSign(start: number, unit: number): number {
  to[count] = start + 1;
  hash[count] = mixed(startOfHash, foldOf(unit));
  traitsAt[count] = 0;
  isStopped = isStop(unit);
  isNext = isWideStop(unit);
  return start + 1;
}

function readWord(start: number): number {
  let at = start;
  let code = startOfHash;
  let seen = 0;
  /** The hash and the end without dots and apostrophes behind it. */
  let solid = code;
  let after = start;
  for (; at < end; at += 1) {
    const found = table[units[at] ?? 0] ?? 0;
    const sort = found >>> bitsOfFold;
    if (sort < joiner || sort > digit) break;
    seen |= 1 << sort;
    code = mixed(code, found & maskOfFold);
    if (isTrailing(found & maskOfFold)) continue;
    solid = code;
    after = at + 1;
  }
  to[count] = after;
  hash[count] = solid;
  traitsAt[count] = seen === lettersOnly ? 0 : traitsOf(start, after);
  isStopped = units[at - 1] === dot;
  return at;
}

function readNumber(start: number): number {
  let at = afterDigits(start);
  let bits = traits.number | (at - start > 4 ? traits.long : 0);
  let code = withZeros(startOfHash, at - start);
  value[count] = valueOf(start, at);
  while (at < end && isJoint(units[at] ?? 0)) {
    const after = afterDigits(at + 1);
    if (after === at + 1) break;
    code = withZeros(mixed(code, units[at] ?? 0), after - at - 1);
    bits |= traits.parts | (after - at > 5 ? traits.long : 0);
    at = after;
  }
  to[count] = at;
  hash[count] = code;
  traitsAt[count] = bits;
  return at;
}

const lettersOnly = 1 << sorts.letter;

function traitsOf(start: number, after: number): number {
  let bits = 0;
  let capitals = 0;
  let last = 0;
  for (let at = start; at < after; at += 1) {
    const unit = units[at] ?? 0;
    const sort = sortOf(unit);
    if (sort === sorts.capital) {
      capitals += 1;
      if (last === sorts.letter) bits |= traits.camel;
    } else if (sort === joiner && at > start) bits |= joinerTrait(unit, at === after - 1);
    last = sort;
  }
  return capitals === 0 ? bits : bits | capitalTraits(units[start] ?? 0, capitals === after - start);
}

/** What a sign inside a word says of it. */
function joinerTrait(unit: number, isLast: boolean): number {
  if (isLast) return 0;
  return unit === underscore ? traits.underscore : unit === dot ? traits.dot : 0;
}

function capitalTraits(first: number, isAll: boolean): number {
  if (sortOf(first) !== sorts.capital) return 0;
  return isAll ? traits.capital | traits.capitals : traits.capital;
}

function afterDigits(start: number): number {
  let at = start;
  while (at < end && isDigit(units[at] ?? 0)) at += 1;
  return at;
}

/** Digits do not matter, only whether they are one, two or more. */
function withZeros(hash: number, digits: number): number {
  let code = hash;
  for (let left = Math.min(3, digits); left > 0; left -= 1) code = mixed(code, zero);
  return code;
}

function valueOf(start: number, after: number): number {
  let number = 0;
  for (let at = start; at < Math.min(after, start + 9); at += 1)
    number = number * 10 + (units[at] ?? 0) - zero;
  return number;
}

const isJoint = (unit: number): boolean => unit === dot || unit === comma || unit === colon;
const isTrailing = (fold: number): boolean => fold === dot || fold === apostrophe;
