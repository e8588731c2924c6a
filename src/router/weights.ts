import { buckets } from "./bag.ts";
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

/** The rows in their order in the file. */
export const rows: readonly { readonly head: HeadName; readonly answer: string }[] = [
  ...heads.complexity.map((answer) => ({ head: "complexity" as const, answer })),
  ...heads.search.map((answer) => ({ head: "search" as const, answer })),
  ...heads.hardness.map((answer) => ({ head: "hardness" as const, answer })),
  ...heads.task.map((answer) => ({ head: "task" as const, answer })),
  ...heads.intent.map((answer) => ({ head: "intent" as const, answer })),
];

/** Learned weights, as they are shipped. */
export interface Weights {
  /** For each row one weight a bucket, in eight bits. */
  readonly hashed: Int8Array;
  /** For each row what one unit of `hashed` weighs. */
  readonly scales: Float32Array;
  /** For each dense feature one weight a row. */
  readonly dense: Float32Array;
  /** Divides the sums of each head, so that its probabilities are true on prompts it was not trained on. */
  readonly temperatures: Readonly<Record<HeadName, number>>;
  /** Probabilities from which the answer is yes: more than low, high, fresh. */
  readonly thresholds: Thresholds;
}

export interface Thresholds {
  readonly moreThanLow: number;
  readonly high: number;
  readonly fresh: number;
}

const magic = 0x33574851;
const headerBytes = 64;
const headNames = [
  "complexity",
  "search",
  "hardness",
  "task",
  "intent",
] as const satisfies readonly HeadName[];
const floatsLength = rows.length * (1 + denseNames.length);

/** Stands for all features and their words: weights fit those they were learned with, and no others. */
const schema = checksum([...denseNames, ...Object.values(wordClasses)].join("|"));

function checksum(text: string): number {
  let sum = rows.length;
  for (let at = 0; at < text.length; at += 1) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0;
  return sum;
}

/** Writes weights: a header, the scales, the dense weights and the hashed ones. */
export function writeWeights({ hashed, scales, dense, temperatures, thresholds }: Weights): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(magic, 0);
  header.writeUInt32LE(buckets, 4);
  header.writeInt32LE(schema, 8);
  for (const [index, name] of headNames.entries()) header.writeFloatLE(temperatures[name], 16 + index * 4);
  for (const [index, value] of [thresholds.moreThanLow, thresholds.high, thresholds.fresh].entries())
    header.writeFloatLE(value, 36 + index * 4);
  const floats = Buffer.alloc(floatsLength * 4);
  for (const [index, value] of [...scales, ...dense].entries()) floats.writeFloatLE(value, index * 4);
  return Buffer.concat([header, floats, Buffer.from(hashed.buffer, hashed.byteOffset, hashed.byteLength)]);
}

/** Reads what {@link writeWeights} wrote. Throws RangeError for a file of another shape. */
export function readWeights(bytes: Buffer): Weights {
  const isOurs =
    bytes.length === headerBytes + floatsLength * 4 + buckets * rows.length &&
    bytes.readUInt32LE(0) === magic &&
    bytes.readUInt32LE(4) === buckets &&
    bytes.readInt32LE(8) === schema;
  if (!isOurs) throw new RangeError("the analyzer's weights are of another version");
  const floats = Float32Array.from({ length: floatsLength }, (_, index) =>
    bytes.readFloatLE(headerBytes + index * 4),
  );
  const float = (nth: number): number => bytes.readFloatLE(16 + nth * 4);
  return {
    scales: floats.slice(0, rows.length),
    dense: floats.slice(rows.length),
    hashed: new Int8Array(bytes.subarray(headerBytes + floatsLength * 4)),
    temperatures: {
      complexity: float(0),
      search: float(1),
      hardness: float(2),
      task: float(3),
      intent: float(4),
    },
    thresholds: { moreThanLow: float(5), high: float(6), fresh: float(7) },
  };
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
export function sumsOf(
  { hashed, scales, dense }: Pick<Weights, "hashed" | "scales" | "dense">,
  features: Pick<Features, "at" | "by" | "dense">,
): number[] {
  const sums = new Float64Array(rowCount);
  addHashed(sums, hashed, features);
  for (let row = 0; row < rowCount; row += 1) sums[row] = (sums[row] ?? 0) * (scales[row] ?? 0);
  addDense(sums, dense, features.dense);
  return [...sums];
}

// Two loops that look alike: each sees one kind of array only, which makes them several times as fast.

function addHashed(sums: Float64Array, weights: Int8Array, { at, by }: Pick<Features, "at" | "by">): void {
  for (let row = 0; row < rowCount; row += 1) {
    const start = row * buckets;
    let sum = 0;
    for (let index = 0; index < at.length; index += 1)
      sum += (weights[start + (at[index] ?? 0)] ?? 0) * (by[index] ?? 0);
    sums[row] = sum;
  }
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
