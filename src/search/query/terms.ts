import { isShouted } from "./capitals.ts";
import { binders, pronouns, stopWords } from "./words.ts";

/** One word of a query, or several that stay together. */
export interface Term {
  readonly text: string;
  /** Written in quotes, or kept together for another reason. */
  readonly isFixed: boolean;
  /** Written as names are: with a capital that is not the sentence's first, or with digits or signs in it. */
  readonly isName: boolean;
}

export const wordsMax = 12;
export const lettersMax = 300;

/** Stands for a space inside a term. */
const glue = "\u00a0";

const glued = /\b(?:this|last|past|next) (?:week|month|weekend|morning|season|night|quarter)\b/gi;

/** French and Italian words that are tied to the next with an apostrophe. */
const elided = /(?<![\p{L}])(?:l|d|j|qu|n|s|c|m|t|dell|all|nell|sull|un)'(?=\p{L})/giu;

const elides = new Set<string | undefined>(["fr", "it", undefined]);

/** The words of a question that are worth looking for, in their order. */
export function termsOf(text: string, language: string | undefined): Term[] {
  const stops = stopWords[language ?? "en"] ?? new Set<string>();
  const shouted = isShouted(text);
  const terms: Term[] = [];
  for (const [at, raw] of wordsOf(text, language).entries()) {
    const word = trimmed(raw, language).replaceAll(glue, " ");
    const lower = word.toLowerCase();
    const idle = terms.length === 0 ? [stops, saysNothing] : [stops];
    if (word === "" || idle.some((words) => words.has(lower))) continue;
    const isFixed = /[\u00a0"]/.test(raw);
    const isName = isFixed || (!shouted && looksLikeName(word, at === 0));
    terms.push({ text: isSaidSmall(word) ? lower : word, isFixed, isName });
  }
  return terms;
}

/** Words that providers obey when they stand in capitals. */
const operators = new Set(["AND", "OR", "NOT", "NEAR"]);

const isSaidSmall = (word: string): boolean => isAskWord(word) || operators.has(word);

/** The words of a text; what belongs together is one word. */
function wordsOf(text: string, language: string | undefined): string[] {
  const plain = elides.has(language) ? text.replace(elided, "") : text;
  return plain
    .replace(glued, (phrase) => phrase.replaceAll(" ", glue))
    .replace(
      /(?<![\p{L}\p{N}])["“”„«»]([^"“”„«»\n]{2,80})["“”„«»](?![\p{L}\p{N}])/gu,
      (_, phrase: string) => ` "${phrase.trim().replaceAll(/\s+/g, glue)}" `,
    )
    .split(/[^\S\u00a0]+/);
}

/** Words that say nothing at the beginning of a query. */
const saysNothing = new Set("what which whose to was vad che que".split(" "));

/** Words that bind nothing to nothing are no terms: at the end, and before a name that was all there is. */
export function withoutLooseEnds(terms: readonly Term[]): Term[] {
  let end = terms.length;
  while (end > 0 && binders.has(terms[end - 1]?.text.toLowerCase() ?? "")) end -= 1;
  return terms.slice(0, end);
}

function trimmed(raw: string, language: string | undefined): string {
  if (/^".+"$/.test(raw)) return raw;
  const text = raw.replace(/^(?!\.[A-Z])[^\p{L}\p{N}$€£¥]+/u, "").replace(/[^\p{L}\p{M}\p{N}+#%°]+$/u, "");
  const whole = text.replace(/[()[\]{}]/g, "");
  return language === "en" || language === undefined ? whole.replace(/['’]s$/i, "") : whole;
}

function looksLikeName(text: string, isFirst: boolean): boolean {
  if (/\d/.test(text) || /^\p{Ll}+\p{Lu}|[.+#&/@_]/u.test(text)) return true;
  if (/^\p{Lu}{2,}/u.test(text)) return true;
  return /^\p{Lu}/u.test(text) && (!isFirst || !isAskWord(text));
}

const askWords = new Set(
  "who what when where which why how whose is are does do did can will should has have any best top compare wie wann wo warum wieso welche welcher welches gibt quand où comment pourquoi combien quel quelle cuándo dónde cómo cuánto cuánta cuántos por quando dove come perché quanto onde quantos hoe waar wanneer jak gdzie kiedy ile когда где как почему сколько".split(
    " ",
  ),
);

const isAskWord = (text: string): boolean => askWords.has(text.toLowerCase());

/** Whether a word only asks, and names nothing. */
export const onlyAsks = (term: Term): boolean => isAskWord(term.text);

/** Whether a word stands for something said before. */
export const isPronoun = (text: string, language: string | undefined): boolean =>
  pronouns[language ?? "en"]?.has(language === "de" ? text : text.toLowerCase()) ?? false;

/** The most telling terms within the limits, in their order. */
export function shorten(terms: readonly Term[], wordsFree = wordsMax): Term[] {
  const lengthOf = (term: Term): number => term.text.split(" ").length;
  const ranked = terms.map((term, at) => ({ term, at, weight: weightOf(term) }));
  ranked.sort((a, b) => b.weight - a.weight || a.at - b.at);
  let words = 0;
  let letters = 0;
  const kept = ranked.filter(({ term }) => {
    const fits = words + lengthOf(term) <= wordsFree && letters + term.text.length + 1 <= lettersMax - 6;
    if (fits) {
      words += lengthOf(term);
      letters += term.text.length + 1;
    }
    return fits;
  });
  return kept.sort((a, b) => a.at - b.at).map(({ term }) => term);
}

function weightOf(term: Term): number {
  if (binders.has(term.text.toLowerCase())) return 0;
  if (term.isFixed) return 4;
  if (/^vs$/i.test(term.text)) return 2.5;
  if (term.isName) return 3;
  return onlyAsks(term) ? 1 : 1 + Math.min(term.text.length, 20) / 20;
}

export const textOfTerms = (terms: readonly Term[]): string => terms.map(({ text }) => text).join(" ");
