import { numbersIn } from "../lib/little-endian.ts";
import { denseNames } from "./features.ts";
import {
  headNames,
  levelCount,
  places,
  codeAt,
  type Row,
  rows,
  type Weights,
  wordsAPlace,
} from "./weights.ts";
import { wordClasses } from "./words.ts";

const magic = 0x36574851;
const headerBytes = 64;
const floatCount = levelCount + rows.length * denseNames.length;
const bytesOf = ({ bits }: Row): number => (places * bits) / 8;
const codeBytes = rows.reduce((sum, row) => sum + bytesOf(row), 0);
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
  return Buffer.concat([header, floats, prints, byRow(codes)]);
}

/** The numbers row by row, which leaves no gaps; those of four bits two in a byte, the first below. */
function byRow(codes: Int32Array): Buffer {
  return Buffer.concat(
    rows.map((row) => {
      const bytes = Buffer.alloc(bytesOf(row));
      for (let place = 0; place < places; place += 1) {
        const at = (place * row.bits) >> 3;
        bytes[at] = (bytes[at] ?? 0) | (codeAt(codes, row, place) << ((place * row.bits) & 7));
      }
      return bytes;
    }),
  );
}

/** The same numbers place by place again. By hand for each kind of row: there are 600,000 of them, at every start. */
function byPlace(bytes: Uint8Array): Int32Array {
  const codes = new Int32Array(places * wordsAPlace);
  let start = 0;
  for (const row of rows) {
    const part = bytes.subarray(start, start + bytesOf(row));
    if (row.bits === 8) spreadWhole(codes, row, part);
    else spreadHalves(codes, row, part);
    start += part.length;
  }
  return codes;
}

function spreadWhole(codes: Int32Array, { word, shift }: Row, bytes: Uint8Array): void {
  for (let nth = 0, at = word; nth < bytes.length; nth += 1, at += wordsAPlace)
    codes[at] = (codes[at] ?? 0) | ((bytes[nth] ?? 0) << shift);
}

function spreadHalves(codes: Int32Array, { word, shift }: Row, bytes: Uint8Array): void {
  for (let nth = 0, at = word; nth < bytes.length; nth += 1, at += 2 * wordsAPlace) {
    const byte = bytes[nth] ?? 0;
    const next = at + wordsAPlace;
    codes[at] = (codes[at] ?? 0) | ((byte & 15) << shift);
    codes[next] = (codes[next] ?? 0) | ((byte >> 4) << shift);
  }
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
    codes: byPlace(bytes.subarray(printsAt + places)),
    temperatures: {
      complexity: float(0),
      hardness: float(1),
      task: float(2),
      intent: float(3),
      search: float(4),
    },
    thresholds: { moreThanLow: float(5), high: float(6), fresh: float(7) },
    cuts: { medium: float(8), high: float(9) },
  };
}
