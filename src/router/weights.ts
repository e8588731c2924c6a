import type { Features } from "./features.ts";

/** What is decided, and between what. Each answer is one row of weights. */
export const heads = {
  /** Whether the request is more than the least, and whether it is the most; two questions, not three answers. */
  complexity: ["more than low", "high"],
  search: ["fresh"],
  /** How hard it is among all, and among its like. */
  hardness: ["hard"],
  task: ["code", "debug", "docs", "architecture", "general"],
  intent: ["simple", "aggregation", "rag", "schema", "tools"],
} as const;

export type HeadName = keyof typeof heads;

/** Coarse rows come first: {@link sumsOf} counts on it. */
export const headNames = [
  "complexity",
  "hardness",
  "task",
  "intent",
  "search",
] as const satisfies readonly HeadName[];

/** One answer, and where its weights are. */
export interface Row {
  readonly head: HeadName;
  readonly answer: string;
  /** Of the number that stands for a weight. */
  readonly bits: 4 | 8;
  /** Where that number is among those of a place: in which word of 32 bits, and above how many bits. */
  readonly word: number;
  readonly shift: number;
  /** Where its levels begin. */
  readonly levelsAt: number;
}

/** Places for hashed features, of which a few stay empty. */
export const places = 45_056;

const coarseBits = 4;
const fineBits = 8;

/** The rows in their order. */
export const rows: readonly Row[] = laidOut();

function laidOut(): Row[] {
  let [at, levelsAt] = [0, 0];
  return headNames.flatMap((head) =>
    heads[head].map((answer) => {
      const bits = head === "search" ? fineBits : coarseBits;
      const row: Row = { head, answer, bits, word: at >> 5, shift: at & 31, levelsAt };
      at += bits;
      levelsAt += 2 ** bits;
      return row;
    }),
  );
}

/** Words that hold the numbers of one place. */
export const wordsAPlace = 2;
export const levelCount = rows.reduce((sum, { bits }) => sum + 2 ** bits, 0);

/** Learned weights, as they are shipped. */
export interface Weights {
  /** The hashed features that are known; see {@link createVocabulary}. */
  readonly prints: Uint8Array;
  /** For each place the numbers that stand for its weights, of all rows side by side: one look into memory finds all. */
  readonly codes: Int32Array;
  /** For each row what its numbers stand for. */
  readonly levels: Float32Array;
  /** For each dense feature one weight a row. */
  readonly dense: Float32Array;
  /** Divides the sums of each head, so that its probabilities are true on prompts it was not trained on. */
  readonly temperatures: Readonly<Record<HeadName, number>>;
  /** Probabilities from which the answer is yes: more than low, high, fresh. */
  readonly thresholds: Thresholds;
  /** Hardness at which the answers of complexity part, where a search does not raise them. */
  readonly cuts: Cuts;
}

/** The part that is learned; the rest is measured afterwards. */
export type Learned = Pick<Weights, "prints" | "codes" | "levels" | "dense">;

/** Hardness from which a request is medium, and from which it is high. */
export interface Cuts {
  readonly medium: number;
  readonly high: number;
}

export interface Thresholds {
  readonly moreThanLow: number;
  readonly high: number;
  readonly fresh: number;
}

/** What a hashed feature weighs in a row. */
export function weightAt({ codes, levels }: Learned, row: Row, place: number): number {
  return levels[row.levelsAt + codeAt(codes, row, place)] ?? 0;
}

/** The number that stands for it. */
export function codeAt(codes: Int32Array, { bits, word, shift }: Row, place: number): number {
  return ((codes[place * wordsAPlace + word] ?? 0) >>> shift) & (2 ** bits - 1);
}

interface Placed {
  readonly place: number;
  readonly code: number;
}

/** Sets such a number where none was before. */
export function putCode(codes: Int32Array, { word, shift }: Row, { place, code }: Placed): void {
  const at = place * wordsAPlace + word;
  codes[at] = (codes[at] ?? 0) | (code << shift);
}

const rowOf = (answer: string): number => rows.findIndex((row) => row.answer === answer);
const moreRow = rowOf("more than low");
const highRow = rowOf("high");
const hardRow = rowOf("hard");

/** How much hardness, which puts requests of one kind in their order, counts beside the answer's own sum. */
const hardnessShare = 0.4;

/** The sums that decide the complexity. */
export function complexitySumsOf(sums: readonly number[]): { readonly more: number; readonly high: number } {
  const hardness = hardnessShare * (sums[hardRow] ?? 0);
  return { more: (sums[moreRow] ?? 0) + hardness, high: (sums[highRow] ?? 0) + hardness };
}

const rowCount = rows.length;

/** The sum of each row for some features. */
export function sumsOf(weights: Learned, features: Pick<Features, "at" | "by" | "dense">): number[] {
  const sums = Array.from({ length: rowCount }, () => 0);
  addHashed(sums, weights, features);
  addDense(sums, weights.dense, features.dense);
  return sums;
}

const coarseCount = 2 ** coarseBits;
const coarseMask = coarseCount - 1;
const coarseRows = rows.filter(({ bits }) => bits === coarseBits).length;
const rowsInWord = 32 / coarseBits;
const fineAt = coarseRows * coarseCount;

/** As {@link weightAt} says it, for all rows at once. */
function addHashed(sums: number[], weights: Learned, { at, by }: Pick<Features, "at" | "by">): void {
  for (let nth = 0; nth < at.length; nth += 1)
    addPlace(sums, weights, { place: at[nth] ?? 0, loudness: by[nth] ?? 0 });
}

interface Heard {
  readonly place: number;
  readonly loudness: number;
}

function addPlace(sums: number[], { codes, levels }: Learned, { place, loudness }: Heard): void {
  let left = codes[place * wordsAPlace] ?? 0;
  for (let row = 0; row < coarseRows; row += 1) {
    if (row === rowsInWord) left = codes[place * wordsAPlace + 1] ?? 0;
    sums[row] = (sums[row] ?? 0) + (levels[row * coarseCount + (left & coarseMask)] ?? 0) * loudness;
    left >>>= coarseBits;
  }
  sums[coarseRows] = (sums[coarseRows] ?? 0) + (levels[fineAt + left] ?? 0) * loudness;
}

function addDense(sums: number[], weights: Float32Array, dense: Float32Array): void {
  for (let index = 0; index < dense.length; index += 1) {
    const start = index * rowCount;
    const value = dense[index] ?? 0;
    if (value === 0) continue;
    for (let row = 0; row < rowCount; row += 1)
      sums[row] = (sums[row] ?? 0) + (weights[start + row] ?? 0) * value;
  }
}
