import type { Clock } from "../lib/time.ts";
import type { Freshness } from "./provider.ts";
import { cut } from "./plain.ts";
import { proseOf } from "./query/clean.ts";
import { languageOf } from "./query/language.ts";
import {
  isQuestion,
  questionsIn,
  withoutInstructions,
  withoutLeads,
  withoutPhrases,
} from "./query/phrases.ts";
import { isShortForm, pointsBack, referentOf, resolved, type Said, varied } from "./query/referent.ts";
import { sentencesOf } from "./query/sentences.ts";
import {
  lettersMax,
  onlyAsks,
  shorten,
  termsOf,
  type Term,
  textOfTerms,
  withoutLooseEnds,
  wordsMax,
} from "./query/terms.ts";
import { datedBy, timeOf } from "./query/time.ts";
import { chitChat, stopWords } from "./query/words.ts";
import { redact, type RedactedKind } from "./redact.ts";

/** One turn of a conversation, as far as it is looked at here. */
export interface Turn {
  readonly role: string;
  readonly text: string;
}

/** What is to be searched for. */
export interface BuiltSearch {
  /** None when there is nothing to search for; at most two, each of at most 12 words and 300 characters. */
  readonly queries: readonly string[];
  readonly freshness: Freshness | undefined;
  /** Two letters of ISO 639-1; undefined when unsure. */
  readonly language: string | undefined;
  /** The last turn in its own words, without code, secrets and personal data, for the ranking of results. */
  readonly question: string;
  /** What was taken out of it. */
  readonly redacted: readonly RedactedKind[];
}

const queriesMax = 2;
/** Without a question in it, a turn of more than this is not searched for as a whole. */
const wholeLettersMax = 240;
const questionLettersMax = 600;

/** Builds the queries for the last user turn of a conversation, by rules alone: the same turns give the same queries. */
export function buildQueries(turns: readonly Turn[], clock: Pick<Clock, "epochMs">): BuiltSearch {
  const last = turns.findLastIndex(({ role, text }) => role === "user" && text.trim() !== "");
  const { text: turn, kinds } = redact(heldOf(turns[last]?.text ?? ""));
  const { text, error } = proseOf(turn);
  const language = languageOf(text);
  const time = timeOf(text, clock.epochMs());
  const sentences = sentencesOf(text);
  const asked = askedIn(sentences, language);
  const before = saidBefore(turns.slice(0, Math.max(last, 0)));
  const others = saidAround(sentences, asked, language);
  const queries = asked.map((sentence, at) => {
    const around = [...others, ...namesIn(asked.slice(0, at), language)];
    return queryOf(sentence, { language, year: time.year, before, around });
  });
  const unique = [...new Set(withError(queries.filter(Boolean), error))].slice(0, queriesMax);
  return {
    queries: unique,
    freshness: time.freshness,
    language,
    question: cut(text.replace(/\s+/g, " "), questionLettersMax),
    redacted: kinds,
  };
}

/** A longer turn is a paste; what is between its ends is not even redacted. */
const turnLettersMax = 12_000;

const heldOf = (text: string): string =>
  text.length <= turnLettersMax
    ? text
    : `${text.slice(0, turnLettersMax / 2)}\n${text.slice(-turnLettersMax / 2)}`;

/** The error that was pasted says more than "what does this mean?". */
function withError(queries: readonly string[], error: string | undefined): readonly string[] {
  if (error === undefined) return queries;
  const query = textOfTerms(shorten(termsOf(error.replace(/0x[\da-f]+|\/\S+/gi, " "), "en")));
  return [query, ...queries.filter((one) => one.split(" ").length > 2)];
}

/** The sentences that ask for something: the last two, or a short turn as a whole. */
function askedIn(sentences: readonly string[], language: string | undefined): string[] {
  const worth = sentences.filter((sentence) => !isSmallTalk(sentence, language));
  const questions = worth.filter(isQuestion).flatMap(questionsIn);
  if (questions.length > 0) return questions.slice(-queriesMax);
  const whole = worth.join(" ");
  if (whole.length <= wholeLettersMax) return whole === "" ? [] : [whole];
  return worth.slice(0, 1);
}

function isSmallTalk(sentence: string, language: string | undefined): boolean {
  const unspaced = withoutPhrases(sentence, language);
  if (unspaced !== undefined) return unspaced === "";
  const words =
    withoutInstructions(sentence)
      .toLowerCase()
      .match(/[\p{L}\p{N}'!]+/gu) ?? [];
  const stops = stopWords[language ?? "en"];
  return words.every((word) => chitChat.has(word.replace(/!+$/, "")) || stops?.has(word));
}

interface Surroundings {
  readonly language: string | undefined;
  readonly year: number | undefined;
  /** What was said in the turns before, the latest last. */
  readonly before: readonly Said[];
  /** What the same turn says besides, the latest last. */
  readonly around: readonly Said[];
}

function queryOf(sentence: string, surroundings: Surroundings): string {
  const { language, year } = surroundings;
  const dated = year === undefined ? sentence : datedBy(sentence, year);
  const unspaced = withoutPhrases(dated, language);
  if (unspaced !== undefined) return withYear(firstWords(unspaced), year);
  const plain = withoutInstructions(dated);
  const terms = withoutLooseEnds(termsOf(withoutLeads(plain).text, language));
  const own = inContext(plain, terms, surroundings);
  if (own.every(onlyAsks)) return "";
  return withYear(textOfTerms(shorten(own, year === undefined ? wordsMax : wordsMax - 1)), year);
}

/** The terms with what the sentence leaves to its surroundings. */
function inContext(sentence: string, terms: Term[], { language, before, around }: Surroundings): Term[] {
  const said = [...before, ...around].at(-1);
  if (said !== undefined && isShortForm(sentence, terms)) return varied(said, terms);
  const hasNames = terms.some(({ isName }) => isName);
  if (pointsBack(sentence, terms, language)) {
    if (said !== undefined) return resolved(terms, referentOf(said), language);
    const rest = resolved(terms, [], language);
    return hasNames || rest.length > 2 ? rest : [];
  }
  const [first] = around;
  if (first === undefined || terms.length === 0 || hasNames) return terms;
  return resolved(terms, referentOf(first), language);
}

function withYear(query: string, year: number | undefined): string {
  if (year === undefined || query === "" || query.includes(String(year))) return query;
  return `${query} ${year}`;
}

/** The first words of a text without spaces between them. */
function firstWords(text: string): string {
  let words = 0;
  let end = 0;
  for (const { index, segment, isWordLike } of new Intl.Segmenter(undefined, { granularity: "word" }).segment(
    text,
  )) {
    words += isWordLike === true ? 1 : 0;
    if (words > wordsMax || index + segment.length > lettersMax - 6) break;
    end = index + segment.length;
  }
  return text.slice(0, end).trim();
}

/** What the user's turn before was about, or else the answer to it. */
function saidBefore(turns: readonly Turn[]): Said[] {
  const user = turns.findLast(({ role, text }) => role === "user" && text.trim() !== "");
  const answer = turns.findLast(({ role }) => role === "assistant");
  return [answer, user].flatMap((turn) => {
    if (turn === undefined) return [];
    const { text } = proseOf(redact(heldOf(turn.text)).text);
    const language = languageOf(text);
    const sentences = sentencesOf(text);
    const [sentence] = turn.role === "user" ? askedIn(sentences, language).slice(-1) : sentences;
    return sentence === undefined ? [] : named(sentence, language);
  });
}

/** What the same turn says besides its questions. */
function saidAround(
  sentences: readonly string[],
  asked: readonly string[],
  language: string | undefined,
): Said[] {
  const others = sentences.filter((one) => !asked.includes(one) && !isSmallTalk(one, language));
  return namesIn(others, language);
}

const namesIn = (sentences: readonly string[], language: string | undefined): Said[] =>
  sentences
    .flatMap((sentence) => named(sentence, language))
    .filter(({ terms }) => terms.some(({ isName }) => isName));

function named(sentence: string, language: string | undefined): Said[] {
  const { text, isNoun } = withoutLeads(withoutInstructions(sentence));
  const terms = withoutLooseEnds(termsOf(text, language));
  return terms.length === 0 ? [] : [{ terms, isNoun }];
}
