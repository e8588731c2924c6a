/** So many survive the comparison by signs, and so many are told. */
const shortlistMax = 64;
const nearMax = 5;

/** A vector of length 1; undefined when it has none, or is not made of finite numbers. */
export function unitVector(vector: Float32Array): Float32Array | undefined {
  let square = 0;
  for (const value of vector) square += value * value;
  const length = Math.sqrt(square);
  if (!Number.isFinite(length) || length < 1e-12) return undefined;
  return vector.map((value) => value / length);
}

/** Vectors and their signs, one after the other. */
export interface Slab {
  readonly dimensions: number;
  readonly slots: number;
  readonly floats: Float32Array;
  /** 32 signs a word; the last word of a vector may be half empty. */
  readonly signs: Uint32Array;
  readonly words: number;
}

export function createSlab(dimensions: number, slots: number): Slab {
  const words = Math.ceil(dimensions / 32);
  return {
    dimensions,
    slots,
    floats: new Float32Array(dimensions * slots),
    signs: new Uint32Array(words * slots),
    words,
  };
}

/** The same with more room. */
export function grown(slab: Slab, slots: number): Slab {
  const next = createSlab(slab.dimensions, slots);
  next.floats.set(slab.floats);
  next.signs.set(slab.signs);
  return next;
}

export function write(slab: Slab, slot: number, unit: Float32Array): void {
  slab.floats.set(unit, slot * slab.dimensions);
  slab.signs.set(signsOf(unit), slot * slab.words);
}

function signsOf(unit: Float32Array): Uint32Array {
  const signs = new Uint32Array(Math.ceil(unit.length / 32));
  for (const [at, value] of unit.entries()) {
    if (value > 0) signs[at >>> 5] = (signs[at >>> 5] ?? 0) | (1 << (at & 31));
  }
  return signs;
}

/**
 * Compares one bit a dimension, its sign, picks the 64 slots with the fewest differences, and ranks those by the cosine
 * of the vectors themselves. Returns places in `slots`, nearest first.
 */
export function ranked(
  slab: Slab,
  slots: readonly number[],
  unit: Float32Array,
): { index: number; similarity: number }[] {
  return shortlist(slab, slots, unit)
    .map((index) => ({ index, similarity: product(slab, slots[index] ?? 0, unit) }))
    .sort((left, right) => right.similarity - left.similarity)
    .slice(0, nearMax);
}

/** Indices of the slots whose signs differ least; of equal ones the first. */
function shortlist(slab: Slab, slots: readonly number[], unit: Float32Array): number[] {
  if (slots.length <= shortlistMax) return [...slots.keys()];
  const signs = signsOf(unit);
  const far = Uint16Array.from(slots, (slot) => difference(slab, slot, signs));
  const counts = new Uint32Array(slab.words * 32 + 1);
  for (const bits of far) counts[bits] = (counts[bits] ?? 0) + 1;
  let limit = 0;
  for (let seen = counts[0] ?? 0; seen < shortlistMax; seen += counts[limit] ?? 0) limit += 1;
  const within = [...far.keys()].filter((index) => (far[index] ?? 0) < limit);
  const beside = [...far.keys()].filter((index) => far[index] === limit);
  return [...within, ...beside.slice(0, shortlistMax - within.length)];
}

function difference(slab: Slab, slot: number, signs: Uint32Array): number {
  let bits = 0;
  const start = slot * slab.words;
  for (let word = 0; word < slab.words; word++)
    bits += ones((slab.signs[start + word] ?? 0) ^ (signs[word] ?? 0));
  return bits;
}

/** Bits that are set in a word of 32. */
function ones(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55_55_55_55);
  const fours = (pairs & 0x33_33_33_33) + ((pairs >>> 2) & 0x33_33_33_33);
  return Math.imul((fours + (fours >>> 4)) & 0x0f_0f_0f_0f, 0x01_01_01_01) >>> 24;
}

function product(slab: Slab, slot: number, unit: Float32Array): number {
  const start = slot * slab.dimensions;
  let sum = 0;
  for (let at = 0; at < slab.dimensions; at++) sum += (slab.floats[start + at] ?? 0) * (unit[at] ?? 0);
  return Math.min(1, sum);
}
