import type { Freshness } from "../provider.ts";
import { isNameAt } from "./capitals.ts";
import { languagesOf } from "./language.ts";
import { filled, withoutOtherMeanings } from "./other-meanings.ts";
import { withoutQuotations } from "./quotations.ts";
import { type TimeRule, timeRules, yearWords } from "./time-words.ts";

const dayMs = 86_400_000;

/** What a question's words say of time. */
export interface AskedTime {
  /** How old an answer may be. */
  readonly freshness: Freshness | undefined;
  /** The year that the words mean; undefined when they mean none, or name it themselves. */
  readonly year: number | undefined;
}

/** Words of these scripts stand anywhere; Korean ones carry their endings. */
const unspaced = new Set(["zh", "ja", "ko"]);

/** Borders of words in all scripts. A word with a sign of programs or a hyphen at its side is another word. */
const bordered = (source: string): string =>
  `(?<![\\p{L}\\p{M}\\p{N}_@#$:/\\\\-]|[\\p{L}\\p{N}]\\.)(?:${source})(?![\\p{L}\\p{M}\\p{N}_(=-]|\\.\\p{L})`;

const patternOf = (source: string, language: string): RegExp =>
  new RegExp(unspaced.has(language) ? source : bordered(source), "giu");

interface TimePattern {
  readonly language: string;
  readonly isHomograph: boolean;
  readonly pattern: RegExp;
}

const patternsOf = (words: Readonly<Record<string, string>>, isHomograph: boolean): TimePattern[] =>
  Object.entries(words).map(([language, source]) => ({
    language,
    isHomograph,
    pattern: patternOf(source, language),
  }));

const rules = timeRules.map((rule) => ({
  rule,
  patterns: [...patternsOf(rule.words, false), ...patternsOf(rule.homographs ?? {}, true)],
}));

const allLanguages = [...new Set(timeRules.flatMap(({ words }) => Object.keys(words)))];

/** Languages that share a script are not told apart by it. */
const kin: Readonly<Record<string, readonly string[]>> = {
  zh: ["zh", "ja", "en"],
  ja: ["ja", "zh", "en"],
  ko: ["ko", "en"],
  ru: ["ru", "uk", "en"],
  uk: ["uk", "ru", "en"],
};

interface Reading {
  /** Languages whose time words count. */
  readonly languages: readonly string[];
  /** Those whose words count also where another language spells something else so. */
  readonly own: readonly string[];
}

/** A short question may be in any language, so only words that mean one thing count in it. */
function readingOf(text: string): Reading {
  const { likely, isSure } = languagesOf(text);
  if (!isSure) return { languages: allLanguages, own: likely.length === 1 ? likely : [] };
  const languages = likely.flatMap((language) => kin[language] ?? [language]);
  return { languages, own: languages };
}

const explicitYear = /(?<![\p{L}\p{N}.,])(?:19|20)\d{2}(?![\p{N}]|[.,]\d)/u;

/** Reads the time that a text asks for. A year in the text is taken at its word. */
export function timeOf(text: string, nowMs: number): AskedTime {
  const plain = text.replaceAll("’", "'");
  const rule = ruleFor(plain);
  if (rule === undefined) return { freshness: undefined, year: undefined };
  const [named] = explicitYear.exec(plain) ?? [];
  const thisYear = new Date(nowMs).getUTCFullYear();
  if (named !== undefined)
    return { freshness: Number(named) >= thisYear ? rule.freshness : undefined, year: undefined };
  const year =
    Math.abs(rule.days) === 365
      ? thisYear + Math.sign(rule.days)
      : new Date(nowMs + rule.days * dayMs).getUTCFullYear();
  return { freshness: rule.freshness, year };
}

function ruleFor(text: string): TimeRule | undefined {
  const { languages, own } = readingOf(text);
  const read = withoutOtherMeanings(withoutQuotations(text, filled), languages);
  const counts = ({ language, isHomograph, pattern }: TimePattern): boolean =>
    (isHomograph ? own : languages).includes(language) &&
    [...read.matchAll(pattern)].some(({ index, 0: word }) => !isNameAt(read, index, word));
  return rules.find(({ patterns }) => patterns.some(counts))?.rule;
}

const yearPattern = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${yearWords.slice(0, -1).join("|")})(?![\\p{L}\\p{N}])|${yearWords.at(-1) ?? ""}`,
  "giu",
);

/** A sentence with the year's number in the place of the first words that mean it. */
export function datedBy(sentence: string, year: number): string {
  const [found] = withoutQuotations(sentence, filled).matchAll(yearPattern);
  if (found === undefined) return sentence;
  return `${sentence.slice(0, found.index)} ${year} ${sentence.slice(found.index + found[0].length)}`;
}
