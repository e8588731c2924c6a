import { tokensOf, type Token } from "./tokens.ts";

const contractions: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    cannot: "can not",
    "can't": "can not",
    "won't": "will not",
    "shan't": "shall not",
    "don't": "do not",
    "doesn't": "does not",
    "didn't": "did not",
    "isn't": "is not",
    "aren't": "are not",
    "wasn't": "was not",
    "weren't": "were not",
    "hasn't": "has not",
    "haven't": "have not",
    "hadn't": "had not",
    "wouldn't": "would not",
    "couldn't": "could not",
    "shouldn't": "should not",
    "mustn't": "must not",
    "needn't": "need not",
    "i'm": "i am",
    "you're": "you are",
    "we're": "we are",
    "they're": "they are",
    "i've": "i have",
    "you've": "you have",
    "we've": "we have",
    "they've": "they have",
    "i'll": "i will",
    "you'll": "you will",
    "it'll": "it will",
    "we'll": "we will",
    "they'll": "they will",
    "what's": "what is",
    "who's": "who is",
    "where's": "where is",
    "how's": "how is",
    "it's": "it is",
    "that's": "that is",
    "there's": "there is",
    "here's": "here is",
    "what're": "what are",
  }).map(([short, long]) => [short, long.split(" ")]),
);

const wh = "what|which|who|whom|whose|when|where|why|how";
const helper = "is|are|was|were|do|does|did|can|could|should|would|will|has|have|had|must|may";
const command =
  "explain|describe|write|list|give|show|summarize|summarise|define|name|translate|help|compare|create|generate|draft|" +
  "compose|suggest|provide|outline|calculate|convert|make|recommend|find|tell|solve|rewrite|implement|prove";

/** What a request may begin with and what must follow, so that it asks the same without it. */
const openings: readonly RegExp[] = [
  new RegExp(`^(?:hi|hello|hey)(?: there)? [,.!] (?=(?:please|kindly|${wh}|${helper}|${command}|i) )`),
  new RegExp(`^(?:please|kindly) ,? ?(?=(?:${wh}|${helper}|${command}) )`),
  new RegExp(`^(?:can|could|would|will) you (?:please|kindly) (?=(?:${command}) )`),
  /^(?:can|could) you (?=(?:tell|give|show) me |explain )/,
  new RegExp(`^(?:i (?:want|need|would like) to know) (?=(?:${wh}) )`),
  new RegExp(`^tell me ,? ?(?=(?:${wh}) )`),
];

/**
 * What a request may end with, a comma or a mark before it: the last words of `How do you say thank you` are no
 * politeness.
 */
const closings: readonly RegExp[] = [
  /(?<!\b(?:say|for|mean|means|word|words|respond|reply|answer|type|spell|translate|of|to|as|with|from|phrase)) , (?:please|kindly)(?= [.?!]$|$)/,
  /(?<= [.?!]) (?:thanks|thank you)(?: (?:in advance|a lot|so much|very much))?(?: [.!])?$/,
];

const asks = new RegExp(`^(?:${wh}|${helper}|${command})$`);

/** Before these, an indefinite article may be left out. */
const makers = new Set(["write", "create", "generate", "draft", "compose"]);
/** After these and before `... of` or `... between`, a definite one. */
const namers = new Set([
  "is",
  "are",
  "was",
  "were",
  "explain",
  "describe",
  "name",
  "define",
  "find",
  "calculate",
]);

/**
 * The tokens of a question without what surely changes nothing: contractions are written out, politeness at its ends
 * and the mark at its end go, and so do articles, where a sentence needs none and the word after it cannot mean
 * something else without one. All other words, marks and their order stay.
 */
export function normalise(text: string): Token[] {
  const full = tokensOf(text).flatMap(writtenOut);
  return withoutArticles(withoutEndMark(withoutPoliteness(full)));
}

function writtenOut(token: Token): Token[] {
  const long = token.kind === "word" ? contractions.get(token.text) : undefined;
  return long === undefined
    ? [token]
    : long.map((text, at) => ({ kind: "word", text, form: at === 0 ? token.form : "lower" }));
}

/** Texts as one line, a space between two; no word holds a space, and a literal with one is put out of the way. */
const lineOf = (tokens: readonly Token[]): string =>
  tokens.map(({ kind, text }) => (kind === "literal" ? "\u0001" : text)).join(" ");

function withoutPoliteness(tokens: readonly Token[]): Token[] {
  let left = [...tokens];
  let line = lineOf(left);
  for (const opening of openings) {
    const [found = ""] = opening.exec(line) ?? [];
    left = left.slice(count(found));
    line = lineOf(left);
  }
  for (const closing of closings) {
    const found = closing.exec(line);
    if (found === null) continue;
    left.splice(count(line.slice(0, found.index)), count(found[0]));
    line = lineOf(left);
  }
  const [first] = left;
  if (first?.form === "lower" && first.kind === "word") left[0] = { ...first, form: "start" };
  return left;
}

const count = (line: string): number => line.split(" ").filter((part) => part !== "").length;

function withoutEndMark(tokens: Token[]): Token[] {
  const isQuestion = asks.test(tokens[0]?.text ?? "");
  let end = tokens.length;
  const isIdle = ({ kind, text }: Token): boolean =>
    kind === "mark" && (text === "." || text === "\n" || (isQuestion && (text === "?" || text === "!")));
  for (let last = tokens[end - 1]; last !== undefined && isIdle(last); last = tokens[end - 1]) end -= 1;
  return tokens.slice(0, end);
}

function withoutArticles(tokens: readonly Token[]): Token[] {
  return tokens
    .filter((token, at) => !isIdleArticle(tokens, at, token))
    .map((token) => (token.text === "an" && token.kind === "word" ? one(token) : token));
}

const one = ({ form }: Token): Token => ({ kind: "word", text: "a", form });

function isIdleArticle(tokens: readonly Token[], at: number, { kind, text, form }: Token): boolean {
  if (kind !== "word" || form !== "lower") return false;
  const [before, next] = [textAt(tokens, at - 1), textAt(tokens, at + 1)];
  if (text === "a" || text === "an") return makers.has(before) && !/^(?:few|little|lot|bit)$/.test(next);
  if (text !== "the" || !namers.has(before)) return false;
  return [2, 3].some((ahead) => /^(?:of|between)$/.test(textAt(tokens, at + ahead)));
}

const textAt = (tokens: readonly Token[], at: number): string => tokens[at]?.text ?? "";
