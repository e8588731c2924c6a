import type { Asked } from "./isolate.ts";
import { asksOf } from "./asks.ts";
import { type Bag, type Collected, createBag, places, runs } from "./bag.ts";
import { type Given, setShape, shapeNames } from "./shape.ts";
import { beginsAt, classesOf, kindsOf } from "./kinds.ts";
import { classNames } from "./words.ts";

/** What the analyzer sees of a request. */
export interface Features extends Collected {
  readonly dense: Float32Array;
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
  /** The year that is now: years before it are past. */
  readonly year: number;
  /** Whether names are kept for an explanation. */
  readonly isExplained: boolean;
}

const askAt = beginsAt + classNames.length;

/** Words, numbers, and each letter of scripts without spaces. Linear in the text. */
const wordPattern =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{M}][\p{L}\p{M}\p{N}'’_+#.-]*|\d+(?:[.,:]\d+)*|[?？%$€£]/gu;

const wordsMax = 160;
const pastedWordsMax = 60;

/** Takes the features of a request: what its user says, how it is said, and what comes with it. */
export function featuresOf(asked: Asked, given: Given, { year, isExplained }: FeatureOptions): Features {
  const words = someOf(asked.text.match(wordPattern) ?? []).map((word) => folded(word, year));
  const pasted = (asked.pasted.match(wordPattern) ?? []).slice(0, pastedWordsMax);
  const dense = new Float32Array(denseNames.length);
  setShape({ asked, given, words, year }, dense);
  const bag = createBag(isExplained);
  addWords(words, bag);
  addKinds(kindsOf(words, dense), bag);
  addAsk(asked.text, { words, year, dense }, bag);
  const shown = pasted.map((word) => folded(word, year));
  for (let at = 0; at < shown.length; at += 1) bag.add(runs.pasted, shown, at);
  return { ...bag.done(), dense };
}

/** The beginning and the end of a long text. */
function someOf(words: readonly string[]): readonly string[] {
  return words.length <= wordsMax
    ? words
    : [...words.slice(0, (wordsMax * 2) / 3), ...words.slice(-wordsMax / 3)];
}

/** Longer words are cut: they are no words. */
const lettersMax = 40;

/** A word as it is hashed: case and the digits of numbers do not matter, whether a year is past does. */
function folded(word: string, year: number): string {
  const first = word.charCodeAt(0);
  if (first >= 48 && first <= 57) return foldedNumber(word, year);
  const lower = word.slice(0, lettersMax).toLowerCase();
  const even = lower.includes("’") ? lower.replaceAll("’", "'") : lower;
  return ".'-".includes(even.slice(-1)) ? even.replace(/[.'-]+$/, "") : even;
}

function foldedNumber(word: string, year: number): string {
  const number = Number(word);
  if (word.length === 4 && number > 1000 && number < 2100)
    return number >= year ? "<year ahead>" : number >= year - 1 ? "<last year>" : "<past year>";
  return word.replace(/\d+/g, (digits) => "0".repeat(Math.min(3, digits.length)));
}

function addWords(words: readonly string[], { add, addPieces }: Bag): void {
  const run = ["^", ...words, "$"];
  for (let at = 1; at <= words.length; at += 1) {
    const word = run[at] ?? "";
    add(runs.word, run, at);
    add(runs.pair, run, at - 1);
    const place = places[at - 1];
    if (place !== undefined) add(place, run, at);
    addPieces(word);
  }
  add(runs.end, run, words.length);
}

interface AskParts {
  readonly words: readonly string[];
  readonly year: number;
  readonly dense: Float32Array;
}

/** In a long telling the sentence that asks says the most: its words count again. */
function addAsk(text: string, { words, year, dense }: AskParts, { add }: Bag): void {
  const parts = asksOf(text);
  const asks = parts.map((part) =>
    (part.match(wordPattern) ?? []).slice(0, 40).map((word) => folded(word, year)),
  );
  const count = asks.reduce((sum, ask) => sum + ask.length, 0);
  dense[askAt] = Math.log1p(count) / 3;
  dense[askAt + 1] = words.length === 0 ? 0 : Math.min(1, count / words.length);
  dense[askAt + 2] = parts.length / 3;
  for (const ask of asks) {
    for (const word of ask.slice(0, 3)) for (const one of classesOf(word)) dense[beginsAt + one] = 1;
    if (words.length < 25) continue;
    const run = ["^", ...ask];
    for (let at = 1; at < run.length; at += 1) {
      add(runs.askWord, run, at);
      add(runs.askPair, run, at - 1);
    }
  }
}

function addKinds(kinds: readonly string[], { add }: Bag): void {
  const run = ["^", "^", ...kinds];
  for (let at = 2; at < run.length; at += 1) {
    if (run[at] !== "_" || run[at - 1] !== "_") add(runs.kindPair, run, at - 1);
    add(runs.kindTriple, run, at - 2);
  }
  add(runs.opening, run, 1);
}
