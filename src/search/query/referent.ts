import { isPronoun, onlyAsks, type Term } from "./terms.ts";
import { binders, emptyIt } from "./words.ts";

/** What an earlier sentence was about. */
export interface Said {
  readonly terms: readonly Term[];
  /** Whether all of it is the name of something. */
  readonly isNoun: boolean;
}

/** What a name may be made of at most. */
const termsMax = 5;

/** The terms that a pronoun after `said` stands for. */
export function referentOf({ terms, isNoun }: Said): Term[] {
  const naming = terms.filter((term) => !onlyAsks(term));
  if (isNoun && naming.length <= termsMax) return naming;
  const names = runsOfNames(terms).sort((a, b) => b.length - a.length);
  const [longest] = names;
  if (longest !== undefined) return longest.slice(0, termsMax);
  return naming.filter(({ text }) => !binders.has(text.toLowerCase())).slice(0, 3);
}

function runsOfNames(terms: readonly Term[]): Term[][] {
  const runs: Term[][] = [[]];
  for (const term of terms) {
    if (term.isName && !/^(?:19|20)\d\d$/.test(term.text)) runs.at(-1)?.push(term);
    else if (runs.at(-1)?.length !== 0) runs.push([]);
  }
  return runs.filter((run) => run.length > 0);
}

const pointing =
  /\b(?:this|that|these|those|the) (?:company|person|city|country|product|book|film|movie|team|game|language|library|model|phone|car)\b/i;

/** Begins a part of a sentence in which a pronoun means something that the part before it names. */
const subordinate =
  /(?<!\p{L})(?:when|if|because|while|before|after|and|but|so|that|since|though|although|wenn|weil|dass|aber|und|bevor|nachdem|quand|si|parce|mais|et|cuando|porque|pero|y|quando|perché|ma|mas)(?!\p{L})/iu;

/** Whether a sentence speaks of something that it does not name itself. */
export function pointsBack(sentence: string, terms: readonly Term[], language: string | undefined): boolean {
  const isEnglish = language === "en" || language === undefined;
  const text = isEnglish ? sentence.replace(emptyIt, " ") : sentence;
  const pronoun = [...text.matchAll(/[\p{L}']+/gu)].find(([word]) => isPronoun(word, language));
  if (pronoun !== undefined) return !isNamedIn(text.slice(0, pronoun.index), terms);
  return isEnglish && pointing.test(sentence) && !terms.some(({ isName }) => isName);
}

/** Whether what stands before a pronoun names what it means. */
function isNamedIn(before: string, terms: readonly Term[]): boolean {
  const [main = ""] = before.split(subordinate);
  const mentioned = (text: string): Term[] =>
    terms.filter((term) => text.includes(term.text) && !onlyAsks(term));
  if (mentioned(before).some(({ isName }) => isName)) return true;
  return main.length < before.length && mentioned(main).length > 0;
}

/** The sentence's terms with the referent where the pronoun stood. */
export function resolved(
  terms: readonly Term[],
  referent: readonly Term[],
  language: string | undefined,
): Term[] {
  const rest = terms.filter(({ text }) => !isPronoun(text, language));
  const known = new Set(rest.map(({ text }) => text.toLowerCase()));
  return [...referent.filter(({ text }) => !known.has(text.toLowerCase())), ...rest];
}

const shortForm =
  /^(?:and|what about|how about|und|et|y|e|en|i|а|и)\b\s*(?!(?:who|what|when|where|how|wer|was|wann|wo)\b)/i;

/** "And Portugal?": a question that only says what is different from the one before. */
export const isShortForm = (sentence: string, terms: readonly Term[]): boolean =>
  terms.length > 0 && terms.length <= 4 && (shortForm.test(sentence) || /^[аи]\s/i.test(sentence));

/** The earlier question with the new terms in the place of those of their kind. */
export function varied(said: Said, fresh: readonly Term[]): Term[] {
  const news = fresh.filter(({ text }) => !binders.has(text.toLowerCase()));
  const isNumber = news.every(({ text }) => /^\d/.test(text));
  const old = said.terms;
  const at = old.findLastIndex((term) => term.isName && /^\d/.test(term.text) === isNumber);
  if (at < 0) return [...old, ...fresh];
  const from = isNumber ? at : startOfName(old, at);
  return [...old.slice(0, from), ...news, ...old.slice(at + 1)];
}

/** A name of several words is replaced as a whole. */
function startOfName(terms: readonly Term[], end: number): number {
  let from = end;
  while (from > 0 && isWordOfName(terms[from - 1])) from -= 1;
  return from;
}

const isWordOfName = (term: Term | undefined): boolean => term?.isName === true && !/^\d/.test(term.text);
