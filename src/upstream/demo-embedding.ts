/** How many numbers a demo embedding has. */
export const embeddingLength = 384;

const gramLengths = [3, 4];

/**
 * Embeds a text by hashing its words and letter n-grams into a vector of unit length: texts that share words or
 * spellings are near each other. `dimensions` keeps the first so many numbers, scaled to unit length again.
 */
export function embedText(text: string, dimensions = embeddingLength): number[] {
  const vector = new Float64Array(embeddingLength);
  const normal = text.normalize("NFKC").toLowerCase().trim();
  add(vector, `=${normal}`, 0.1);
  for (const word of normal.match(/[\p{L}\p{N}]+/gu) ?? []) {
    add(vector, `w${word}`, 1);
    for (const length of gramLengths) addGrams(vector, `<${word}>`, length);
  }
  return unit(vector.subarray(0, Math.min(Math.max(1, dimensions), embeddingLength)));
}

function addGrams(vector: Float64Array, word: string, length: number): void {
  for (let at = 0; at + length <= word.length; at++) add(vector, word.slice(at, at + length), 0.5);
}

function add(vector: Float64Array, feature: string, weight: number): void {
  const hash = fnv1a(feature);
  const index = hash % vector.length;
  vector[index] = (vector[index] ?? 0) + (hash & 0x8000_0000 ? -weight : weight);
}

/** FNV-1a over UTF-16 units, 32 bits, with a final mix so that its top bit is as good as its rest. */
function fnv1a(text: string): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

function unit(vector: Float64Array): number[] {
  const length = Math.hypot(...vector);
  if (length === 0) return Array.from(vector, (_, index) => (index === 0 ? 1 : 0));
  return Array.from(vector, (value) => Math.fround(value / length));
}
