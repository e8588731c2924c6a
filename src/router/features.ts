import type { Asked } from "./isolate.ts";
import { asksOf } from "./asks.ts";
import { type Bag, type Bags, type Collected, pieceLetters, positions, runs, type Sequence } from "./bag.ts";
import { foldOf } from "./letters.ts";
import { classesOf, hashOf } from "./lexicon.ts";
import { type Given, setShape, shapeNames } from "./shape.ts";
import { scan, type Tokens, traits } from "./scan.ts";
import { beginsAt, nameOfKind, otherKind, setKinds } from "./kinds.ts";
import { classNames } from "./words.ts";

/** What the analyzer sees of a request. */
export interface Features extends Collected {
  readonly dense: Float32Array;
  /** The words of the user's own text. */
  readonly tokens: Tokens;
}

/** The dense features, in the order of their values. */
export const denseNames: readonly string[] = [
  ...shapeNames,
  ...classNames,
  ...classNames.map((name) => `begins: ${name}`),
  "words of the ask",
  "share of the ask",
  "asks",
];

export interface FeatureOptions {
  readonly bags: Bags;
  /** The year that is now: years before it are past. */
  readonly year: number;
  /** Whether names are kept for an explanation. */
  readonly isExplained: boolean;
}

const askAt = beginsAt + classNames.length;

const wordsMax = 72;
const pastedWordsMax = 24;
/** In longer texts a typo drowns, and so does a pattern of three words: only those of shorter ones are looked at. */
const shortWordsMax = 60;
const askWordsMax = 32;
/** From so many words on, those of the asking sentences count again. */
const tellingWords = 25;

/** Takes the features of a request: what its user says, how it is said, and what comes with it. */
export function featuresOf(
  asked: Asked,
  given: Given,
  { bags, year, isExplained }: FeatureOptions,
): Features {
  const tokens = scan(asked.text);
  const shown = asked.pasted === "" ? nothingShown : scan(asked.pasted);
  const dense = new Float32Array(denseNames.length);
  setShape({ asked, given, tokens, shown, year }, dense);
  const bag = bags(isExplained);
  const said = { tokens, year, dense };
  const words = someOf(tokens.count);
  const run = sequenceOf(words, said);
  addWords(words, run, { tokens, bag });
  addKinds(words, run, { tokens, bag, dense });
  addAsks(said, bag);
  addShown({ tokens: shown, year, dense }, bag);
  return { ...bag.done(), dense, tokens };
}

const nothingShown = scan("");

/** Words from one to before another. */
function span(from: number, to: number): Uint16Array {
  const words = new Uint16Array(Math.max(0, to - from));
  for (let nth = 0; nth < words.length; nth += 1) words[nth] = from + nth;
  return words;
}

/** The beginning and the end of a long text. */
function someOf(count: number): Uint16Array {
  if (count <= wordsMax) return span(0, count);
  const words = new Uint16Array(wordsMax);
  const head = (wordsMax * 2) / 3;
  for (let nth = 0; nth < wordsMax; nth += 1) words[nth] = nth < head ? nth : count - wordsMax + nth;
  return words;
}

interface Said {
  readonly tokens: Tokens;
  readonly year: number;
  readonly dense: Float32Array;
}

const begin = hashOf("beginning") ^ 0x2f;
const end = hashOf("ending") ^ 0x2f;

/** Some words as they are hashed, behind a mark of their beginning and before one of their end. */
function sequenceOf(words: Uint16Array, { tokens, year }: Said): Sequence {
  const hashes = new Int32Array(words.length + 2);
  hashes[0] = begin;
  for (let nth = 0; nth < words.length; nth += 1) hashes[nth + 1] = hashAt(tokens, words[nth] ?? 0, year);
  hashes[words.length + 1] = end;
  const nameAt = (index: number): string =>
    index === 0 ? "^" : index > words.length ? "$" : nameOf(tokens, words[index - 1]);
  return { hashes, nameAt };
}

const nameOf = ({ text, from, to }: Tokens, word = 0): string =>
  text.slice(from[word] ?? 0, to[word] ?? 0).toLowerCase();

const yearHashes = { ahead: hashOf("yearahead"), last: hashOf("lastyear"), past: hashOf("pastyear") };

/** Of a word its hash; of a year whether it is past. */
function hashAt(tokens: Tokens, at: number, year: number): number {
  const isYear = ((tokens.traits[at] ?? 0) & traits.number) !== 0 && isYearAt(tokens, at);
  return isYear ? yearHash(tokens.value[at] ?? 0, year) : (tokens.hash[at] ?? 0);
}

function isYearAt({ value, from, to }: Tokens, at: number): boolean {
  const number = value[at] ?? 0;
  return number > 1000 && number < 2100 && (to[at] ?? 0) - (from[at] ?? 0) === 4;
}

function yearHash(number: number, year: number): number {
  if (number >= year) return yearHashes.ahead;
  return number >= year - 1 ? yearHashes.last : yearHashes.past;
}

const pieces = new Uint16Array(48);

interface Into {
  readonly tokens: Tokens;
  readonly bag: Bag;
}

function addWords(words: Uint16Array, run: Sequence, { tokens, bag }: Into): void {
  const isShort = words.length <= shortWordsMax;
  for (let at = 1; at <= words.length; at += 1) {
    bag.add(runs.word, run, at);
    bag.add(runs.pair, run, at - 1);
    const position = positions[at - 1];
    if (position !== undefined) bag.add(position, run, at);
    if (isShort) addPieces(tokens, words[at - 1] ?? 0, bag);
  }
  bag.add(runs.end, run, words.length);
}

const opening = 60;
const closing = 62;

/** Pieces of a word with its edges marked. */
function addPieces({ units, from, to, traits: all }: Tokens, word: number, bag: Bag): void {
  const start = from[word] ?? 0;
  const letters = Math.min((to[word] ?? 0) - start, pieces.length - 2);
  if (letters <= pieceLetters + 1 || ((all[word] ?? 0) & traits.number) !== 0) return;
  pieces[0] = opening;
  for (let at = 0; at < letters; at += 1) pieces[at + 1] = foldOf(units[start + at] ?? 0);
  pieces[letters + 1] = closing;
  bag.addPieces(pieces, letters + 2);
}

/** The same words by their kinds: the mark of the beginning stands twice, since patterns have three. */
function addKinds(
  words: Uint16Array,
  { hashes, nameAt }: Sequence,
  { tokens, bag, dense }: Into & Pick<Said, "dense">,
): void {
  const kinds = new Int32Array(words.length + 2);
  kinds[0] = begin;
  kinds.set(hashes.subarray(0, -1), 1);
  setKinds({ tokens, words, kinds: kinds.subarray(2) }, dense);
  const run: Sequence = {
    hashes: kinds,
    nameAt: (index) => nameOfKind(kinds[index] ?? 0) ?? nameAt(Math.max(0, index - 1)),
  };
  const isShort = words.length <= shortWordsMax;
  for (let at = 2; at < kinds.length; at += 1) {
    if (kinds[at] !== otherKind || kinds[at - 1] !== otherKind) bag.add(runs.kindPair, run, at - 1);
    if (isShort) bag.add(runs.kindTriple, run, at - 2);
  }
  bag.add(runs.opening, run, 1);
}

/** In a long telling the sentence that asks says the most: its words count again. */
function addAsks(said: Said, bag: Bag): void {
  const { tokens, dense } = said;
  const asks = asksOf(tokens);
  let count = 0;
  for (const { from, to } of asks) {
    const words = span(from, Math.min(to, from + askWordsMax));
    count += words.length;
    for (const word of words.subarray(0, 3))
      for (const one of classesOf(tokens, word)) dense[beginsAt + one] = 1;
    if (tokens.count >= tellingWords) addAsk(sequenceOf(words, said), bag);
  }
  dense[askAt] = Math.log1p(count) / 3;
  dense[askAt + 1] = tokens.count === 0 ? 0 : Math.min(1, count / tokens.count);
  dense[askAt + 2] = asks.length / 3;
}

function addAsk(run: Sequence, bag: Bag): void {
  for (let at = 1; at < run.hashes.length - 1; at += 1) {
    bag.add(runs.askWord, run, at);
    bag.add(runs.askPair, run, at - 1);
  }
}

function addShown(shown: Said, bag: Bag): void {
  const count = Math.min(pastedWordsMax, shown.tokens.count);
  if (count === 0) return;
  const run = sequenceOf(span(0, count), shown);
  for (let at = 1; at <= count; at += 1) bag.add(runs.pasted, run, at);
}
