import type { Vocabulary } from "./vocabulary.ts";

/** What was collected. */
export interface Collected {
  /** Places in the vocabulary, each once. */
  readonly at: Int32Array;
  /** How much each of them weighs. */
  readonly by: Float32Array;
  /** What is in each place; only when it is to be explained. */
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
export const positions: readonly Run[] = [16, 32, 48].map((salt) => ({ salt, weight: 0.6, length: 1 }));

/** Words one after another, by their hashes; what they are called is asked for explanations only. */
export interface Sequence {
  readonly hashes: Int32Array;
  readonly nameAt: (index: number) => string;
}

/** Collects the features that are known; each keeps its loudest. */
export interface Bag {
  /** The words of a sequence from a place on, as many as the kind has. */
  readonly add: (run: Run, sequence: Sequence, from: number) => void;
  /** The pieces of a long word, which keep a typo from making it unknown. */
  readonly addPieces: (units: Uint16Array, count: number) => void;
  readonly done: () => Collected;
}

/** Letters of a piece of a word. */
export const pieceLetters = 4;
const piecesMax = 14;
const pieceSalt = 4;
const pieceWeight = 0.35;

const basis = 0x811c9dc5 | 0;
const prime = 0x01000193;

function hashOfRun(run: Run, hashes: Int32Array, from: number): number {
  let hash = basis ^ run.salt;
  const to = from + run.length;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (hash >>> 15) ^ (hashes[at] ?? 0), prime);
  return hash;
}

function hashOfPiece(units: Uint16Array, from: number): number {
  let hash = basis ^ pieceSalt;
  for (let letter = from; letter < from + pieceLetters; letter += 1)
    hash = Math.imul(hash ^ (units[letter] ?? 0), prime);
  return hash;
}

/** Makes empty bags. One at a time: each must be done before the next is made. */
export type Bags = (isExplained: boolean) => Bag;

/** Makes bags for the features of a vocabulary. */
export function createBags({ size, placeOf }: Vocabulary): Bags {
  /** How loud each place is while one request is looked at, and which are not silent; nothing between requests. */
  const loudness = new Float32Array(size);
  const found = new Int32Array(size);
  let count = 0;

  const put = (hash: number, weight: number): number => {
    const place = placeOf(hash);
    if (place < 0) return place;
    const known = loudness[place] ?? 0;
    if (known === 0) {
      found[count] = place;
      count += 1;
    }
    if (known < weight) loudness[place] = weight;
    return place;
  };

  /** Long texts have no louder voice than short ones. */
  const done = (names?: ReadonlyMap<number, string>): Collected => {
    const at = new Int32Array(found.subarray(0, count));
    const by = new Float32Array(count);
    let sum = 0;
    for (let index = 0; index < count; index += 1) {
      const place = at[index] ?? 0;
      const loud = loudness[place] ?? 0;
      by[index] = loud;
      sum += loud * loud;
      loudness[place] = 0;
    }
    const louder = 3 / (Math.sqrt(sum) || 1);
    for (let index = 0; index < count; index += 1) by[index] = (by[index] ?? 0) * louder;
    count = 0;
    return { at, by, names };
  };

  const quiet: Bag = {
    add(run, { hashes }, from) {
      put(hashOfRun(run, hashes, from), run.weight);
    },
    addPieces(units, letters) {
      const last = Math.min(letters - pieceLetters, piecesMax - 1);
      for (let at = 0; at <= last; at += 1) put(hashOfPiece(units, at), pieceWeight);
    },
    done: () => done(),
  };
  return (isExplained) => (isExplained ? createTelling({ put, done }) : quiet);
}

interface Holder {
  readonly put: (hash: number, weight: number) => number;
  readonly done: (names: ReadonlyMap<number, string>) => Collected;
}

/** A bag that knows what came to its places first. */
function createTelling({ put, done }: Holder): Bag {
  const names = new Map<number, string>();
  const name = (place: number, called: string): void => {
    if (place >= 0 && !names.has(place)) names.set(place, called);
  };
  return {
    add(run, { hashes, nameAt }, from) {
      const words = Array.from({ length: run.length }, (_, nth) => nameAt(from + nth));
      name(put(hashOfRun(run, hashes, from), run.weight), words.join(" "));
    },
    addPieces(units, letters) {
      const last = Math.min(letters - pieceLetters, piecesMax - 1);
      for (let at = 0; at <= last; at += 1) {
        const piece = String.fromCharCode(...units.subarray(at, at + pieceLetters));
        name(put(hashOfPiece(units, at), pieceWeight), `~${piece}`);
      }
    },
    done: () => done(names),
  };
}
