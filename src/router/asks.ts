import { classesOf, hashOf, phraseAt } from "./lexicon.ts";
import type { Tokens } from "./scan.ts";
import { classNames } from "./words.ts";

const asking = new Set(
  ["lightTask", "midTask", "build", "change", "design", "prove", "judge", "define", "why"].map((name) =>
    classNames.indexOf(name),
  ),
);
const wish = classNames.indexOf("wish");
const questionMark = hashOf("?");
const asksMax = 3;
/** A wish is said at the beginning of its sentence. */
const wishWords = 5;

/** Words from one to before another. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The sentences that ask for something: with a question mark, with a verb of asking first, or with a wish. */
export function asksOf(tokens: Tokens): Span[] {
  const sentences = sentencesOf(tokens);
  const [first] = sentences;
  if (sentences.length < 2) return sentences;
  const found = sentences.filter((span) => isAsking(tokens, span));
  if (found.length === 0) return first === undefined ? [] : [first];
  return [...found.slice(0, 1), ...found.slice(1).slice(1 - asksMax)];
}

function sentencesOf({ count, sentence }: Tokens): Span[] {
  const spans: Span[] = [];
  for (let from = 0, at = 1; at <= count; at += 1)
    if (at === count || sentence[at] !== sentence[from]) {
      spans.push({ from, to: at });
      from = at;
    }
  return spans;
}

function isAsking(tokens: Tokens, { from, to }: Span): boolean {
  if (beginsAsking(tokens, { from, to }) || hasWish(tokens, { from, to })) return true;
  for (let at = to - 1; at >= from; at -= 1) if (tokens.hash[at] === questionMark) return true;
  return false;
}

function beginsAsking(tokens: Tokens, { from, to }: Span): boolean {
  for (let at = from; at < Math.min(to, from + 2); at += 1)
    for (const one of classesOf(tokens, at)) if (asking.has(one)) return true;
  return false;
}

function hasWish(tokens: Tokens, { from, to }: Span): boolean {
  for (let at = from; at < Math.min(to, from + wishWords); at += 1)
    if (phraseAt(tokens, at).includes(wish)) return true;
  return false;
}
