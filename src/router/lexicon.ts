import { foldOf, sortOf, sorts } from "./letters.ts";
import { mixed, scan, startOfHash, type Tokens } from "./scan.ts";
import { wordClasses } from "./words.ts";

const phraseWordsMax = 4;
const stemLettersMin = 2;
/** After so many letters most words are known to begin no stem. */
const headLetters = 3;

/** Of words without a class. */
export const noClasses: readonly number[] = [];

/** The classes of words by their hashes: 32 bits tell a few thousand words apart. */
const whole = new Map<number, number[]>();
const phrases = new Map<number, number[]>();
const stems = new Map<number, number[]>();

/** What may be known of a word, by the lower bits of its hash: most words are known to be in no list by one look. */
const marks = new Uint8Array(2 ** 16);
const lowerBits = marks.length - 1;
const isWhole = 1;
const beginsPhrase = 2;
/** Of the first letters of a word: as many as the shortest stem has, and as a stem is looked for by. */
const beginsStem = 4;
const isStem = 8;

const mark = (hash: number, bit: number): void => {
  marks[hash & lowerBits] = (marks[hash & lowerBits] ?? 0) | bit;
};

const isMarked = (hash: number, bit: number): boolean => ((marks[hash & lowerBits] ?? 0) & bit) !== 0;

for (const [one, words] of Object.values(wordClasses).entries())
  for (const word of words.split(" ")) add(word, one);

/** `*` ends the beginning of a word, `-` stands for a space. */
function add(entry: string, one: number): void {
  const tokens = scan(entry.replace("*", "").replaceAll("-", " "));
  const [first = 0] = tokens.hash;
  const count = Math.min(tokens.count, phraseWordsMax);
  if (count > 1) {
    mark(first, beginsPhrase);
    put(phrases, joined(tokens, 0, count), one);
  } else if (entry.endsWith("*") || growsAtItsEnd(entry)) {
    markStem(tokens);
    mark(first, isStem);
    put(stems, first, one);
  } else {
    mark(first, isWhole);
    put(whole, first, one);
  }
}

function put(map: Map<number, number[]>, key: number, one: number): void {
  const known = map.get(key) ?? [];
  if (!known.includes(one)) map.set(key, [...known, one]);
}

function markStem({ units, length }: Tokens): void {
  let head = startOfHash;
  for (let at = 0; at < Math.min(headLetters, length); at += 1) {
    head = mixed(head, foldOf(units[at] ?? 0));
    if (at + 1 >= stemLettersMin) mark(head, beginsStem);
  }
}

/** In these scripts endings are written on the word: each word of the lists stands for what begins with it. */
function growsAtItsEnd(word: string): boolean {
  const unit = word.charCodeAt(0);
  return word.length > 1 && unit >= 0x0590 && sortOf(unit) !== sorts.ideograph;
}

function joined({ hash }: Tokens, at: number, count: number): number {
  let code = count;
  for (let next = at; next < at + count; next += 1) code = mixed(code ^ (code >>> 15), hash[next] ?? 0);
  return code;
}

/** The classes of a word, by their places in the list of classes. */
export function classesOf(tokens: Tokens, at: number): readonly number[] {
  const hash = tokens.hash[at] ?? 0;
  const found = isMarked(hash, isWhole) ? whole.get(hash) : undefined;
  return found ?? stemClassesOf(tokens, at);
}

function stemClassesOf({ units, from, to }: Tokens, at: number): readonly number[] {
  const start = from[at] ?? 0;
  const end = to[at] ?? 0;
  let code = startOfHash;
  let found = noClasses;
  for (let next = start; next < end; next += 1) {
    code = mixed(code, foldOf(units[next] ?? 0));
    const letters = next - start + 1;
    if (letters < stemLettersMin) continue;
    if (letters <= headLetters && !isMarked(code, beginsStem)) break;
    if (isMarked(code, isStem)) found = stems.get(code) ?? found;
  }
  return found;
}

/** The classes of the longest phrase that begins with a word. */
export function phraseAt(tokens: Tokens, at: number): readonly number[] {
  return isMarked(tokens.hash[at] ?? 0, beginsPhrase) ? longestPhrase(tokens, at) : noClasses;
}

function longestPhrase(tokens: Tokens, at: number): readonly number[] {
  for (let count = Math.min(phraseWordsMax, tokens.count - at); count > 1; count -= 1) {
    const found = phrases.get(joined(tokens, at, count));
    if (found !== undefined) return found;
  }
  return noClasses;
}

/** The hash of a word of a list, as texts have it. */
export const hashOf = (word: string): number => scan(word).hash[0] ?? 0;

/** A few words, by their hashes. */
export interface WordSet {
  readonly has: (hash: number) => boolean;
}

/** The words of a list with spaces between. Most other words are told apart by their lower bits. */
export function wordSetOf(words: string): WordSet {
  const hashes = hashesOf(words);
  const lower = new Uint8Array(4_096);
  for (const hash of hashes) lower[hash & 4_095] = 1;
  return { has: (hash) => lower[hash & 4_095] === 1 && hashes.has(hash) };
}

/** The hashes of words in a list with spaces between. */
export const hashesOf = (words: string): ReadonlySet<number> => new Set(words.split(" ").map(hashOf));
