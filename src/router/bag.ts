/** Buckets of the hashed features; a power of two. */
export const buckets = 2 ** 14;

/** What was collected. */
export interface Collected {
  /** Buckets that are set, each once. */
  readonly at: Int32Array;
  /** How much each of them weighs. */
  readonly by: Float32Array;
  /** What fell into each bucket; only when it is to be explained. */
  readonly names: ReadonlyMap<number, string> | undefined;
}

/** A kind of hashed feature: so many words in a row, and how loud they are. The same words are others in each kind. */
interface Run {
  readonly salt: number;
  readonly weight: number;
  readonly length: number;
}

export const runs = {
  word: { salt: 1, weight: 1, length: 1 },
  pair: { salt: 2, weight: 0.7, length: 2 },
  end: { salt: 2, weight: 0.5, length: 2 },
  kindPair: { salt: 5, weight: 0.6, length: 2 },
  kindTriple: { salt: 5, weight: 0.5, length: 3 },
  opening: { salt: 5, weight: 0.6, length: 5 },
  askWord: { salt: 6, weight: 0.6, length: 1 },
  askPair: { salt: 6, weight: 0.4, length: 2 },
  pasted: { salt: 7, weight: 0.4, length: 1 },
} as const satisfies Readonly<Record<string, Run>>;

/** The first, second and third word. */
export const places: readonly Run[] = [16, 32, 48].map((salt) => ({ salt, weight: 0.6, length: 1 }));

/** Collects hashed features; each bucket keeps its loudest. */
export interface Bag {
  /** The words of a list from a place on, as many as the kind has. */
  readonly add: (run: Run, words: readonly string[], from: number) => void;
  /** The pieces of a long word, which keep a typo from making it unknown. */
  readonly addPieces: (word: string) => void;
  readonly done: () => Collected;
}

const pieceLetters = 4;
const piecesMax = 14;
const pieceSalt = 4;
const pieceWeight = 0.35;

const basis = 0x811c9dc5;
const prime = 0x01000193;

/** How loud each bucket is while one request is looked at; all nothing between requests. */
const loudness = new Float32Array(buckets);

/** An empty bag. One at a time: it must be done before the next is made. */
export function createBag(isExplained: boolean): Bag {
  const found: number[] = [];
  const names = isExplained ? new Map<number, string>() : undefined;
  const put = (hash: number, weight: number): number => {
    const bucket = (hash ^ (hash >>> 15)) & (buckets - 1);
    const known = loudness[bucket] ?? 0;
    if (known === 0) found.push(bucket);
    if (known < weight) loudness[bucket] = weight;
    return bucket;
  };
  return {
    add({ salt, weight, length }, words, from) {
      let hash = basis ^ salt;
      for (let at = from; at < from + length; at += 1)
        hash = Math.imul(hashed(hash, words[at] ?? "") ^ 32, prime);
      const bucket = put(hash, weight);
      if (names !== undefined && !names.has(bucket))
        names.set(bucket, words.slice(from, from + length).join(" "));
    },
    addPieces(word) {
      if (word.length <= pieceLetters + 1) return;
      const marked = `<${word}>`;
      for (let at = 0; at + pieceLetters <= marked.length && at < piecesMax; at += 1) {
        let hash = basis ^ pieceSalt;
        for (let letter = at; letter < at + pieceLetters; letter += 1)
          hash = Math.imul(hash ^ marked.charCodeAt(letter), prime);
        const bucket = put(hash, pieceWeight);
        if (names !== undefined && !names.has(bucket))
          names.set(bucket, `~${marked.slice(at, at + pieceLetters)}`);
      }
    },
    done() {
      const at = Int32Array.from(found);
      const by = new Float32Array(found.length);
      for (let index = 0; index < by.length; index += 1) {
        const bucket = found[index] ?? 0;
        by[index] = loudness[bucket] ?? 0;
        loudness[bucket] = 0;
      }
      normalise(by);
      return { at, by, names };
    },
  };
}

/** Long texts have no louder voice than short ones. */
function normalise(by: Float32Array): void {
  let sum = 0;
  for (const weight of by) sum += weight * weight;
  const louder = 3 / (Math.sqrt(sum) || 1);
  for (let index = 0; index < by.length; index += 1) by[index] = (by[index] ?? 0) * louder;
}

/** FNV-1a over UTF-16 units. */
function hashed(start: number, text: string): number {
  let value = start;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), prime);
  return value;
}
