import { numbersIn } from "../lib/little-endian.ts";
import { denseNames, type Features } from "./features.ts";
import { wordClasses } from "./words.ts";

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

const headNames = [
  "complexity",
  "search",
  "hardness",
  "task",
  "intent",
] as const satisfies readonly HeadName[];

/** One answer, and where its weights are. */
export interface Row {
  readonly head: HeadName;
  readonly answer: string;
  /** Of the number that stands for a weight. */
  readonly bits: 4 | 8;
  /** Where its numbers begin, in bytes. */
  readonly start: number;
  /** Where its levels begin. */
  readonly levelsAt: number;
}

/** Places for hashed features, of which a few stay empty. */
export const places = 45_056;

/** The rows in their order in the file. */
export const rows: readonly Row[] = laidOut();

function laidOut(): Row[] {
  let [start, levelsAt] = [0, 0];
  return headNames.flatMap((head) =>
    heads[head].map((answer) => {
      const bits = head === "search" ? 8 : 4;
      const row: Row = { head, answer, bits, start, levelsAt };
      start += (places * bits) / 8;
      levelsAt += 2 ** bits;
      return row;
    }),
  );
}

export const codeBytes = rows.reduce((sum, { bits }) => sum + (places * bits) / 8, 0);
export const levelCount = rows.reduce((sum, { bits }) => sum + 2 ** bits, 0);

/** Learned weights, as they are shipped. */
export interface Weights {
  /** The hashed features that are known; see {@link createVocabulary}. */
  readonly prints: Uint8Array;
  /** For each row and place a number that stands for a weight; those of four bits are two in a byte, the first below. */
  readonly codes: Uint8Array;
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

const magic = 0x35574851;
const headerBytes = 64;
const floatCount = levelCount + rows.length * denseNames.length;
const bytesInAll = headerBytes + floatCount * 4 + places + codeBytes;

/** Stands for all features and their words: weights fit those they were learned with, and no others. */
const schema = checksum([...denseNames, ...Object.values(wordClasses)].join("|"));

function checksum(text: string): number {
  let sum = rows.length;
  for (let at = 0; at < text.length; at += 1) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0;
  return sum;
}

/** Writes weights: a header, the levels, the dense weights, the prints and the numbers of the hashed ones. */
export function writeWeights(weights: Weights): Buffer {
  const { prints, codes, levels, dense, temperatures, thresholds, cuts } = weights;
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(magic, 0);
  header.writeUInt32LE(places, 4);
  header.writeInt32LE(schema, 8);
  for (const [index, name] of headNames.entries()) header.writeFloatLE(temperatures[name], 16 + index * 4);
  const { moreThanLow, high, fresh } = thresholds;
  for (const [index, value] of [moreThanLow, high, fresh, cuts.medium, cuts.high].entries())
    header.writeFloatLE(value, 36 + index * 4);
  const floats = Buffer.alloc(floatCount * 4);
  for (const [index, value] of [...levels, ...dense].entries()) floats.writeFloatLE(value, index * 4);
  return Buffer.concat([header, floats, prints, codes]);
}

/** Reads what {@link writeWeights} wrote. Throws RangeError for a file of another shape. */
export function readWeights(bytes: Buffer): Weights {
  const isOurs =
    bytes.length === bytesInAll &&
    bytes.readUInt32LE(0) === magic &&
    bytes.readUInt32LE(4) === places &&
    bytes.readInt32LE(8) === schema;
  if (!isOurs) throw new RangeError("the analyzer's weights are of another version");
  const printsAt = headerBytes + floatCount * 4;
  const floats = new Float32Array(numbersIn(bytes.subarray(headerBytes, printsAt)));
  const float = (nth: number): number => bytes.readFloatLE(16 + nth * 4);
  return {
    levels: floats.slice(0, levelCount),
    dense: floats.slice(levelCount),
    prints: new Uint8Array(bytes.subarray(printsAt, printsAt + places)),
    codes: new Uint8Array(bytes.subarray(printsAt + places)),
    temperatures: {
      complexity: float(0),
      search: float(1),
      hardness: float(2),
      task: float(3),
      intent: float(4),
    },
    thresholds: { moreThanLow: float(5), high: float(6), fresh: float(7) },
    cuts: { medium: float(8), high: float(9) },
  };
}

/** What a hashed feature weighs in a row. */
export function weightAt({ codes, levels }: Learned, { bits, start, levelsAt }: Row, place: number): number {
  const code =
    bits === 8
      ? (codes[start + place] ?? 0)
      : ((codes[start + (place >> 1)] ?? 0) >> ((place & 1) << 2)) & 15;
  return levels[levelsAt + code] ?? 0;
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
  const sums = new Float64Array(rowCount);
  addHashed(sums, weights, features);
  addDense(sums, weights.dense, features.dense);
  return [...sums];
}

function addHashed(sums: Float64Array, weights: Learned, features: Pick<Features, "at" | "by">): void {
  for (const [index, row] of rows.entries())
    sums[index] = row.bits === 8 ? fineSum(weights, row, features) : coarseSum(weights, row, features);
}

// As weightAt says it; reading each row in a loop of its own is several times as fast.

function fineSum(
  { codes, levels }: Learned,
  { start, levelsAt }: Row,
  { at, by }: Pick<Features, "at" | "by">,
) {
  let sum = 0;
  for (let nth = 0; nth < at.length; nth += 1)
    sum += (levels[levelsAt + (codes[start + (at[nth] ?? 0)] ?? 0)] ?? 0) * (by[nth] ?? 0);
  return sum;
}

function coarseSum(
  { codes, levels }: Learned,
  { start, levelsAt }: Row,
  { at, by }: Pick<Features, "at" | "by">,
) {
  let sum = 0;
  for (let nth = 0; nth < at.length; nth += 1) {
    const place = at[nth] ?? 0;
    const code = ((codes[start + (place >> 1)] ?? 0) >> ((place & 1) << 2)) & 15;
    sum += (levels[levelsAt + code] ?? 0) * (by[nth] ?? 0);
  }
  return sum;
}

function addDense(sums: Float64Array, weights: Float32Array, dense: Float32Array): void {
  for (let index = 0; index < dense.length; index += 1) {
    const start = index * rowCount;
    const value = dense[index] ?? 0;
    if (value === 0) continue;
    for (let row = 0; row < rowCount; row += 1)
      sums[row] = (sums[row] ?? 0) + (weights[start + row] ?? 0) * value;
  }
}
