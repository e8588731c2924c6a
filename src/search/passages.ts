import { bm25, unspaced } from "./bm25.ts";

/** Words of a passage: enough to be understood alone, and few enough that two fit. */
const passageWordsOf = (wordsMax: number): number => Math.min(120, Math.max(20, Math.floor(wordsMax / 2)));

/** The parts of a text that answer the question best, in their order, with an ellipsis where something is left out. */
export function bestPassages(text: string, question: string, wordsMax: number): string {
  const passages = passagesOf(text, passageWordsOf(wordsMax));
  const scores = bm25(question, passages);
  const order = passages.map((_, at) => at).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
  const chosen = new Set<number>();
  let words = 0;
  for (const at of order) {
    const size = wordCount(passages[at] ?? "");
    if (chosen.size > 0 && words + size > wordsMax) break;
    chosen.add(at);
    words += size;
  }
  return joined(passages, chosen);
}

function joined(passages: readonly string[], chosen: ReadonlySet<number>): string {
  let text = "";
  let last = -1;
  for (const [at, passage] of passages.entries()) {
    if (!chosen.has(at)) continue;
    text +=
      at === last + 1 ? (text === "" ? passage : `\n${passage}`) : `${text === "" ? "" : "\n"}… ${passage}`;
    last = at;
  }
  return text;
}

/** Lines are kept together up to the size of a passage; longer ones are cut between words. */
function passagesOf(text: string, passageWords: number): string[] {
  const passages: string[] = [];
  let open: string[] = [];
  let words = 0;
  for (const piece of text.split("\n").flatMap((line) => pieces(line, passageWords))) {
    const size = wordCount(piece);
    if (words > 0 && words + size > passageWords) {
      passages.push(open.join("\n"));
      open = [];
      words = 0;
    }
    open.push(piece);
    words += size;
  }
  return open.length === 0 ? passages : [...passages, open.join("\n")];
}

function pieces(line: string, passageWords: number): string[] {
  const words = wordsOf(line);
  if (words.length <= passageWords) return [line];
  const cuts = Array.from({ length: Math.ceil(words.length / passageWords) }, (_, at) => at * passageWords);
  return cuts.map((from) =>
    words
      .slice(from, from + passageWords)
      .join("")
      .trim(),
  );
}

/** A word with the space before it. Letters of scripts without spaces stand alone, and runs that are no words are cut. */
const word = new RegExp(`\\s*(?:${unspaced.source}|(?:(?!${unspaced.source})\\S){1,24})`, "gu");

const wordsOf = (text: string): readonly string[] => text.match(word) ?? [];
const wordCount = (text: string): number => wordsOf(text).length;

export interface Room {
  readonly tokensMax: number;
  readonly countTokens: (text: string) => number;
}

const ellipsis = " …";

/** As many words of a text as there is room for, with an ellipsis where that is not all; counted word by word. */
export function beginningWithin(text: string, { tokensMax, countTokens }: Room): string {
  const withEllipsis = tokensMax - countTokens(ellipsis);
  let [tokens, end] = [0, 0];
  for (const { 0: next, index } of text.matchAll(word)) {
    tokens += countTokens(next);
    if (tokens > tokensMax) return end === 0 ? "" : `${text.slice(0, end).trim()}${ellipsis}`;
    if (tokens <= withEllipsis) end = index + next.length;
  }
  return text;
}
