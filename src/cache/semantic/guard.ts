import { isAboutText } from "./guard/about-text.ts";
import {
  directions,
  measures,
  modals,
  negations,
  numberWords,
  persons,
  quantifiers,
  questionWords,
  units,
} from "./guard/classes.ts";
import { plainAbbreviations, plainNames, smallWords, twoFaced } from "./guard/names.ts";
import { normalise } from "./guard/normalise.ts";
import { areOpposed, stemOf } from "./guard/opposed.ts";
import type { Form, Token } from "./guard/tokens.ts";
import { isOrdinary } from "./guard/vocabulary.ts";

/** What a guard looks at, in this order; `content` comes last: who fails there has passed all the others. */
export type GuardTest =
  | "letters"
  | "literals"
  | "numbers"
  | "negation"
  | "question"
  | "modality"
  | "persons"
  | "antonyms"
  | "entities"
  | "case"
  | "quantifiers"
  | "directions"
  | "order"
  | "content";

export type Verdict = { readonly pass: true } | { readonly pass: false; readonly test: GuardTest };

interface Pair {
  readonly a: readonly Token[];
  readonly b: readonly Token[];
  /** Words of one that the other has not. */
  readonly onlyA: readonly string[];
  readonly onlyB: readonly string[];
}

/**
 * Whether two English questions surely ask for the same. What passes differs in contractions, politeness, the mark at
 * the end, some articles and the case of words that mean the same in any; a doubt is a no. Requests about a text, such as
 * one to translate, must be the same to the letter. The order of both is of no
 * consequence. Pure; its time grows with their lengths.
 */
export function guardPair(a: string, b: string): Verdict {
  if (a.trim() === b.trim()) return { pass: true };
  if (isAboutText(a) || isAboutText(b)) return { pass: false, test: "letters" };
  const pair = pairOf(normalise(a), normalise(b));
  for (const [test, holds] of tests) if (!holds(pair)) return { pass: false, test };
  return { pass: true };
}

function pairOf(a: readonly Token[], b: readonly Token[]): Pair {
  return { a, b, onlyA: wordsMissing(a, b), onlyB: wordsMissing(b, a) };
}

/** Words that the other has not: not at all, or not in any form where the word is an ordinary one. */
function wordsMissing(from: readonly Token[], other: readonly Token[]): string[] {
  const texts = new Set(other.map(({ text }) => text));
  const stems = new Set(other.map(({ text }) => stemOf(text)));
  return from
    .filter(({ kind, text }) => kind === "word" && !texts.has(text))
    .map(({ text }) => text)
    .filter((text) => !stems.has(stemOf(text)) || !isOrdinary(text));
}

type Select = (token: Token, at: number, all: readonly Token[]) => string | undefined;

/** A test that what `select` takes from both is the same, in the same order. */
const sameRun =
  (select: Select) =>
  ({ a, b }: Pair): boolean => {
    const [left, right] = [a, b].map((tokens) =>
      tokens.map((token, at) => select(token, at, tokens)).filter((one) => one !== undefined),
    );
    return left?.join("\u0000") === right?.join("\u0000");
  };

const isWord = ({ kind, text }: Token, set: ReadonlySet<string>): boolean => kind === "word" && set.has(text);

/** Also as a form of the word: `avoids`, `failed`. */
const negation: Select = (token) => {
  if (token.kind !== "word") return undefined;
  const stem = stemOf(token.text);
  return [token.text, stem, `${stem}e`].find((form) => negations.has(form));
};

const roman = /^(?:x{0,3}(?:ix|iv|v?i{0,3}))$/;

const numeral: Select = (token, at, all) => {
  const value = numberIn(token);
  if (value === undefined) return undefined;
  const next = all[at + 1];
  return next !== undefined && isWord(next, units) ? `${value} ${stemOf(next.text)}` : value;
};

function numberIn({ kind, text, form }: Token): string | undefined {
  if (kind === "number") return text;
  if (kind !== "word") return undefined;
  if (form === "caps" && roman.test(text)) return text;
  return numberWords.get(text);
}

const question: Select = (token, at, all) => {
  if (!isWord(token, questionWords)) return undefined;
  const next = all[at + 1];
  return token.text === "how" && next !== undefined && isWord(next, measures)
    ? `how ${next.text}`
    : token.text;
};

/** `a few` is more than `few`. */
const quantifier: Select = (token, at, all) => {
  if (!isWord(token, quantifiers)) return undefined;
  return all[at - 1]?.text === "a" ? `a ${token.text}` : token.text;
};

const direction: Select = (token, _at, all) => {
  if (isWord(token, directions)) return token.text;
  const isAway = token.kind === "word" && token.text === "to" && all.some(({ text }) => text === "from");
  return isAway ? "to" : undefined;
};

/** Two questions with more words of their own than this are not compared word by word: they are not the same. */
const ownWordsMax = 16;

const isFarApart = ({ onlyA, onlyB }: Pair): boolean => onlyA.length + onlyB.length > ownWordsMax;

/** Words of one text are opposed to none that only the other has. */
function hasNoOpposites(pair: Pair): boolean {
  const { onlyA, onlyB } = pair;
  return isFarApart(pair) || onlyA.every((left) => onlyB.every((right) => !areOpposed(left, right)));
}

/** What only one of them says is said in few and ordinary words, and not with a capital. */
function hasSameEntities(pair: Pair): boolean {
  const { a, b, onlyA, onlyB } = pair;
  const isNamed = (tokens: readonly Token[], word: string): boolean =>
    tokens.some(({ text, form }) => text === word && (form === "capital" || form === "caps"));
  return (
    !isFarApart(pair) &&
    onlyA.every((word) => isOrdinary(word) && !isNamed(a, word)) &&
    onlyB.every((word) => isOrdinary(word) && !isNamed(b, word))
  );
}

/** A word that both have is written in the same case, unless it means the same in any. */
function hasSameCase({ a, b }: Pair): boolean {
  const [left, right] = [formsByWord(a), formsByWord(b)];
  return [...left].every(([word, forms]) => {
    const others = right.get(word) ?? forms;
    return forms.every((form, at) => isSameForm(word, form, others[at] ?? form));
  });
}

function formsByWord(tokens: readonly Token[]): Map<string, Form[]> {
  const forms = new Map<string, Form[]>();
  for (const { kind, text, form } of tokens) {
    if (kind === "word") forms.set(text, [...(forms.get(text) ?? []), form]);
  }
  return forms;
}

const isOpening = (form: Form): boolean => form === "start" || form === "Start";

function isSameForm(word: string, left: Form, right: Form): boolean {
  if (left === right || plainNames.has(word) || plainAbbreviations.has(word)) return true;
  const both = new Set([left, right]);
  if (both.has("caps")) return false;
  if (isOpening(left) && isOpening(right)) return !twoFaced.has(word);
  if (both.has("capital")) return both.has("lower") && smallWords.has(word);
  return true;
}

/** Words of both are in the same order; small words may stand anywhere. */
function hasSameOrder({ a, b }: Pair): boolean {
  const [inA, inB] = [a, b].map((tokens) => new Set(tokens.map(({ text }) => stemOf(text))));
  const shared: Select = ({ kind, text }) => {
    const stem = stemOf(text);
    return kind !== "mark" && !smallWords.has(text) && inA?.has(stem) === true && inB?.has(stem) === true
      ? stem
      : undefined;
  };
  return sameRun(shared)({ a, b, onlyA: [], onlyB: [] });
}

const tests: readonly (readonly [GuardTest, (pair: Pair) => boolean])[] = [
  ["literals", sameRun(({ kind, text }) => (kind === "literal" ? text : undefined))],
  ["numbers", sameRun(numeral)],
  ["negation", sameRun(negation)],
  ["question", sameRun(question)],
  ["modality", sameRun((token) => (isWord(token, modals) ? token.text : undefined))],
  ["persons", sameRun((token) => (isWord(token, persons) ? token.text : undefined))],
  ["antonyms", hasNoOpposites],
  ["entities", hasSameEntities],
  ["case", hasSameCase],
  ["quantifiers", sameRun(quantifier)],
  ["directions", sameRun(direction)],
  ["order", hasSameOrder],
  ["content", sameRun(({ kind, text }) => `${kind} ${text}`)],
];
