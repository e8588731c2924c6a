import type { ChatRequest } from "../core/chat.ts";
import { atSign, closeParenthesis, comma, hyphen, openParenthesis, semicolon, space } from "./codes.ts";
import type { Asked } from "./isolate.ts";
import { wordSetOf } from "./lexicon.ts";
import { sortOf, sorts } from "./letters.ts";
import { linesOf } from "./lines.ts";
import { type Numbers, numbersOf } from "./numbers.ts";
import { type Tokens, traits } from "./scan.ts";
import { type SignCounts, signsOf } from "./signs.ts";

/** What comes with a request beside its words. */
export type Given = Pick<ChatRequest, "tools" | "format" | "needs">;

/** Features that are numbers: how long, how many, which signs. */
export const shapeNames = [
  "bias",
  "words",
  "letters",
  "under 4 words",
  "under 7 words",
  "under 11 words",
  "under 17 words",
  "over 25 words",
  "over 40 words",
  "over 70 words",
  "over 120 words",
  "lines",
  "questions",
  "ends with a question",
  "sentences",
  "words a sentence",
  "commas",
  "colon",
  "quoted part",
  "digits",
  "big numbers",
  "names",
  "words in capitals",
  "other script",
  "long words",
  "past year",
  "this year or next",
  "future year",
  "version number",
  "sum of money",
  "per cent",
  "maths signs",
  "code signs",
  "identifiers",
  "code shown",
  "path or URL",
  "trace shown",
  "list items",
  "enumeration",
  "material shown",
  "rows of data",
  "multiple choice",
  "asks who or which",
  "asks what",
  "asks how",
  "asks how much",
  "asks why",
  "asks yes or no",
  "asks when or where",
  "turns before",
  "tools offered",
  "format asked",
  "images",
] as const;

type ShapeName = (typeof shapeNames)[number];

/** Where in the dense features each of them is. */
const slots: Readonly<Record<ShapeName, number>> = slotsOf(shapeNames);

function slotsOf<Name extends string>(names: readonly Name[]): Record<Name, number> {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- each name is given its place in the next line
  const places = {} as Record<Name, number>;
  for (const [index, name] of names.entries()) places[name] = index;
  return places;
}

const log = (count: number): number => Math.log1p(count) / 3;
const flag = (is: boolean): number => (is ? 1 : 0);

export interface ShapeParts {
  readonly asked: Asked;
  readonly given: Given;
  /** All words of the text, and of what is shown. */
  readonly tokens: Tokens;
  readonly shown: Tokens;
  readonly year: number;
}

/** Fills in the shape of a request. */
export function setShape({ asked, given, tokens, shown, year }: ShapeParts, dense: Float32Array): void {
  const counts = signsOf(tokens);
  dense[slots.bias] = 1;
  setLength(tokens, dense);
  setSigns(asked.text, counts, dense);
  setWords(tokens, dense);
  setCode({ tokens, shown, counts }, dense);
  setNumbers(numbersOf(tokens, year), dense);
  setQuestion(asked.text.trimStart().slice(0, 60).toLowerCase(), dense);
  dense[slots["material shown"]] = log(asked.pastedLetters / 50);
  dense[slots["turns before"]] = log(asked.turnsBefore);
  dense[slots["tools offered"]] = flag(given.tools.length > 0);
  dense[slots["format asked"]] = flag(given.format !== undefined);
  dense[slots.images] = flag(given.needs.includes("images"));
}

function setNumbers(found: Numbers, dense: Float32Array): void {
  dense[slots.digits] = log(found.count);
  dense[slots["big numbers"]] = flag(found.isBig);
  dense[slots["past year"]] = flag(found.isPast);
  dense[slots["this year or next"]] = flag(found.isNear);
  dense[slots["future year"]] = flag(found.isAhead);
  dense[slots["version number"]] = flag(found.isVersion);
  dense[slots["sum of money"]] = flag(found.isMoney);
  dense[slots["per cent"]] = flag(found.isShare);
}

const steps = [
  ["under 4 words", 4],
  ["under 7 words", 7],
  ["under 11 words", 11],
  ["under 17 words", 17],
] as const;
const overs = [
  ["over 25 words", 25],
  ["over 40 words", 40],
  ["over 70 words", 70],
  ["over 120 words", 120],
] as const;

function setLength({ text, count, from, to, sentence }: Tokens, dense: Float32Array): void {
  const sentences = count === 0 ? 0 : (sentence[count - 1] ?? 0) + 1;
  let long = 0;
  for (let at = 0; at < count; at += 1) if ((to[at] ?? 0) - (from[at] ?? 0) > 9) long += 1;
  dense[slots.words] = log(count);
  dense[slots.letters] = log(text.length / 6);
  for (const [name, most] of steps) dense[slots[name]] = flag(count < most);
  for (const [name, least] of overs) dense[slots[name]] = flag(count > least);
  dense[slots.sentences] = log(sentences);
  dense[slots["words a sentence"]] = log(count / Math.max(1, sentences));
  dense[slots["long words"]] = count === 0 ? 0 : long / count;
}

function setSigns(text: string, counts: SignCounts, dense: Float32Array): void {
  dense[slots.questions] = log(counts.of("question"));
  dense[slots["ends with a question"]] = flag("?？؟".includes(text.trimEnd().at(-1) ?? " "));
  dense[slots.commas] = log(counts.of("comma"));
  dense[slots.colon] = flag(counts.of("colon") > 0);
  dense[slots["quoted part"]] = flag(
    counts.of("quote") > 1 && /["“«„「][^"”»“«„「」]{12,}["”»“」]/.test(text),
  );
  dense[slots["other script"]] = text.length === 0 ? 0 : counts.otherScript / text.length;
  dense[slots["maths signs"]] = log(counts.of("maths"));
  dense[slots.lines] = log(counts.of("newline"));
}

const ordinals = wordSetOf("first second third finally then");

/** What words tell by their letters. */
function setWords(tokens: Tokens, dense: Float32Array): void {
  let [names, capitals, identifiers, order] = [0, 0, 0, 0];
  for (let word = 0; word < tokens.count; word += 1) {
    const bits = tokens.traits[word] ?? 0;
    if ((bits & traits.capitals) !== 0) capitals += 1;
    else if ((bits & traits.capital) !== 0 && isAfterWord(tokens, word)) names += 1;
    if (isIdentifier(tokens, word)) identifiers += 1;
    if (isOrdinal(tokens, word)) order += 1;
  }
  dense[slots.names] = log(names);
  dense[slots["words in capitals"]] = log(capitals);
  dense[slots.identifiers] = log(identifiers);
  dense[slots.enumeration] = log(order);
}

function isOrdinal({ units, to, traits: all, hash }: Tokens, word: number): boolean {
  const isNumber = ((all[word] ?? 0) & traits.number) !== 0;
  return isNumber ? units[to[word] ?? 0] === closeParenthesis : ordinals.has(hash[word] ?? 0);
}

/** A word that begins with a capital within a sentence is a name. */
function isAfterWord({ units, from }: Tokens, word: number): boolean {
  const start = from[word] ?? 0;
  if (start < 2 || units[start - 1] !== space) return false;
  const before = units[start - 2] ?? 0;
  return before === comma || before === semicolon || sortOf(before) === sorts.letter;
}

function isIdentifier({ units, from, to, traits: all }: Tokens, word: number): boolean {
  const bits = all[word] ?? 0;
  if ((bits & (traits.camel | traits.underscore)) !== 0) return true;
  const end = to[word] ?? 0;
  if (isMarked(units, from[word] ?? 0)) return true;
  return units[end] === openParenthesis && ((bits & traits.dot) !== 0 || units[end + 1] === closeParenthesis);
}

/** As `@name` and `--name` are. */
function isMarked(units: Uint16Array, start: number): boolean {
  if (start === 0) return false;
  const before = units[start - 1];
  return before === atSign || (before === hyphen && units[start - 2] === hyphen);
}

const extensions = new Set("py js ts go rs java md json yaml yml sh sql css html c cpp toml".split(" "));
const path = /(?<![\w.-])[\w.-]{1,40}\/[\w.-]{1,40}\//;
const closingTag = /<\/\w+>/;
const traces = /Traceback|Exception\b|[Ee]rror:|panicked|segfault|\bE(?:RR_|CONN|ACCES|NOENT)/;
const place = /\bat \S+:\d/;

interface Code {
  readonly tokens: Tokens;
  readonly shown: Tokens;
  readonly counts: SignCounts;
}

function setCode({ tokens, shown, counts }: Code, dense: Float32Array): void {
  const { text } = tokens;
  const pasted = shown.text;
  const [said, below] = [linesOf(tokens), linesOf(shown)];
  const isPath =
    (counts.of("slash") > 1 && (text.includes("://") || path.test(text))) ||
    (counts.of("stop") > 0 && hasFileName(tokens));
  const tags = flag(closingTag.test(pasted)) + flag(counts.of("slash") > 0 && closingTag.test(text));
  dense[slots["code signs"]] = log(counts.of("brace") + counts.of("bracket"));
  dense[slots["code shown"]] = log(below.codeEnds + said.codeEnds + tags);
  dense[slots["path or URL"]] = flag(isPath);
  dense[slots["trace shown"]] = flag(isTrace(text) || isTrace(pasted));
  dense[slots["list items"]] = log(said.items);
  dense[slots["rows of data"]] = log(below.rows + said.rows);
  dense[slots["multiple choice"]] = flag(said.choices > 1);
}

function hasFileName({ text, count, from, to, traits: all }: Tokens): boolean {
  for (let word = 0; word < count; word += 1) {
    if (((all[word] ?? 0) & traits.dot) === 0) continue;
    const name = text.slice(from[word] ?? 0, to[word] ?? 0);
    if (extensions.has(name.slice(name.lastIndexOf(".") + 1).toLowerCase())) return true;
  }
  return false;
}

const isTrace = (part: string): boolean => traces.test(part) || (part.includes("\n") && place.test(part));

const forms: readonly (readonly [name: ShapeName, form: RegExp])[] = [
  [
    "asks who or which",
    /^(?:and |so |but |ok )*(?:who|who's|whos|whose|which|quién|quien|wer|welche\w*|qui|quel\w*|quem|qual|chi|quale|wie is|welke|kto|kim|hangi|кто|какой|какая|谁|誰|누가|من|कौन)(?:\s|$|')/,
  ],
  [
    "asks what",
    /^(?:and |so |but |ok )*(?:what|what's|whats|qué|was|que|o que|cosa|wat|co|ne|что|什么|何)(?:\s|$|')/,
  ],
  [
    "asks how",
    /^(?:and |so |but )*(?:how|cómo|como|wie|comment|come|hoe|jak|nasıl|как|怎么|如何|どう|어떻게|كيف|कैसे)(?:\s|$)?/,
  ],
  [
    "asks how much",
    /^(?:and |so |but )*(?:how (?:much|many|long|old|far|big|tall|high)|cuánt|wie (?:viel|hoch|lange|alt)|combien|quanto|hoeveel|ile|kaç|сколько)/,
  ],
  [
    "asks why",
    /^(?:and |so |but )*(?:why|por qué|warum|wieso|pourquoi|por que|perché|waarom|dlaczego|neden|почему|为什么|なぜ|왜|لماذا|क्यों)(?:\s|$)?/,
  ],
  [
    "asks yes or no",
    /^(?:and |so |but )*(?:is|are|was|were|do|does|did|can|could|will|would|should|has|have|must|may|am|isn't|ist|sind|kann|darf|est-ce|czy|puedo|posso|kan|mag)\b/,
  ],
  [
    "asks when or where",
    /^(?:and |so )*(?:when|when's|where|where's|cuándo|dónde|wann|wo|quand|où|quando|onde|dove|wanneer|waar|kiedy|gdzie|nerede|когда|где)(?:\s|$)/,
  ],
];

function setQuestion(start: string, dense: Float32Array): void {
  for (const [name, form] of forms) dense[slots[name]] = flag(form.test(start));
}
