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

/** Words one after another, by their hashes; what they are called is asked for explanations only. */
export interface Sequence {
  readonly hashes: Int32Array;
  readonly nameAt: (index: number) => string;
}

/** Collects hashed features; each bucket keeps its loudest. */
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

/** How loud each bucket is while one request is looked at, and which are not silent; nothing between requests. */
const loudness = new Float32Array(buckets);
const found = new Uint16Array(buckets);
let count = 0;

function put(hash: number, weight: number): number {
  const bucket = bucketOf(hash);
  const known = loudness[bucket] ?? 0;
  if (known === 0) {
    found[count] = bucket;
    count += 1;
  }
  if (known < weight) loudness[bucket] = weight;
  return bucket;
}

function addRun(run: Run, hashes: Int32Array, from: number): number {
  let hash = basis ^ run.salt;
  const to = from + run.length;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (hash >>> 15) ^ (hashes[at] ?? 0), prime);
  return put(hash, run.weight);
}

function addPiece(units: Uint16Array, from: number): number {
  let hash = basis ^ pieceSalt;
  for (let letter = from; letter < from + pieceLetters; letter += 1)
    hash = Math.imul(hash ^ (units[letter] ?? 0), prime);
  return put(hash, pieceWeight);
}

/** What the buckets weigh. Long texts have no louder voice than short ones. */
function done(names?: ReadonlyMap<number, string>): Collected {
  const at = new Int32Array(found.subarray(0, count));
  const by = new Float32Array(count);
  let sum = 0;
  for (let index = 0; index < count; index += 1) {
    const bucket = at[index] ?? 0;
    const loud = loudness[bucket] ?? 0;
    by[index] = loud;
    sum += loud * loud;
    loudness[bucket] = 0;
  }
  const louder = 3 / (Math.sqrt(sum) || 1);
  for (let index = 0; index < count; index += 1) by[index] = (by[index] ?? 0) * louder;
  count = 0;
  return { at, by, names };
}

const quiet: Bag = {
  add(run, { hashes }, from) {
    addRun(run, hashes, from);
  },
  addPieces(units, letters) {
    const last = Math.min(letters - pieceLetters, piecesMax - 1);
    for (let at = 0; at <= last; at += 1) addPiece(units, at);
  },
  done: () => done(),
};

/** An empty bag. One at a time: it must be done before the next is made. */
export const createBag = (isExplained: boolean): Bag => (isExplained ? createTelling() : quiet);

/** A bag that knows what fell into its buckets first. */
function createTelling(): Bag {
  const names = new Map<number, string>();
  const name = (bucket: number, called: string): void => {
    if (!names.has(bucket)) names.set(bucket, called);
  };
  return {
    add(run, { hashes, nameAt }, from) {
      const words = Array.from({ length: run.length }, (_, nth) => nameAt(from + nth));
      name(addRun(run, hashes, from), words.join(" "));
    },
    addPieces(units, letters) {
      const last = Math.min(letters - pieceLetters, piecesMax - 1);
      for (let at = 0; at <= last; at += 1)
        name(addPiece(units, at), `~${String.fromCharCode(...units.subarray(at, at + pieceLetters))}`);
    },
    done: () => done(names),
  };
}

/** Spreads a hash over all buckets: FNV leaves its lower bits poor. */
function bucketOf(hash: number): number {
  const spread = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (spread ^ (spread >>> 13)) & (buckets - 1);
}
