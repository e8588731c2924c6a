import { numbersIn } from "../lib/little-endian.ts";

/** The hashed features that weights know. */
export interface Vocabulary {
  /** Places are from 0 to before it. */
  readonly size: number;
  /** The place of a feature, or -1: what is not known weighs nothing. */
  readonly placeOf: (hash: number) => number;
}

/** Places of one group lie side by side. */
export const groupPlaces = 4;

/** Where a feature may be, in one of two groups, and the print by which it is known there. */
export interface Home {
  readonly first: number;
  readonly second: number;
  /** 1 to 255. */
  readonly print: number;
}

/** The homes of a feature in a table of so many groups, fewer than 65,536. */
export function homeOf(hash: number, groups: number): Home {
  const one = spread(hash);
  const two = spreadAgain(one);
  return { first: groupAt(one, groups), second: groupAt(two, groups), print: printOf(two) };
}

const spread = (hash: number): number => {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
};

const spreadAgain = (hash: number): number => {
  const mixed = Math.imul(hash, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
};

const groupAt = (hash: number, groups: number): number => ((hash >>> 16) * groups) >>> 16;

const printOf = (hash: number): number => hash & 0xff || 1;

/**
 * Looks features up in a cuckoo filter (Fan et al. 2014): a print of eight bits for each place, 0 where it is empty. Of a
 * hundred features that are not in it about three are taken for one that is.
 */
export function createVocabulary(prints: Uint8Array): Vocabulary {
  // The four prints of each group in one number, the first lowest.
  const words = new Int32Array(numbersIn(prints));
  const groups = words.length;
  const placeIn = (group: number, print: number): number => {
    // Bytes that are equal become zero, and of these the lowest one keeps its highest bit here.
    const differ = (words[group] ?? 0) ^ Math.imul(print, lowBits);
    const equal = (differ - lowBits) & ~differ & highBits;
    return equal === 0 ? -1 : group * groupPlaces + ((31 - Math.clz32(equal & -equal)) >> 3);
  };
  return {
    size: prints.length,
    placeOf(hash) {
      const one = spread(hash);
      const two = spreadAgain(one);
      const print = printOf(two);
      const place = placeIn(groupAt(one, groups), print);
      return place >= 0 ? place : placeIn(groupAt(two, groups), print);
    },
  };
}

const lowBits = 0x01010101;
const highBits = 0x80808080 | 0;
