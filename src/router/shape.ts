import type { ChatRequest } from "../core/chat.ts";
import type { Asked } from "./isolate.ts";

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
type SetFeature = (name: ShapeName, value: number) => void;

const indexOf = new Map<string, number>(shapeNames.map((name, index) => [name, index]));
const log = (count: number): number => Math.log1p(count) / 3;
const flag = (is: boolean): number => (is ? 1 : 0);
const countOf = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

export interface ShapeParts {
  readonly asked: Asked;
  readonly given: Given;
  /** The words as they are hashed. */
  readonly words: readonly string[];
  readonly year: number;
}

/** Fills in the shape of a request. */
export function setShape({ asked, given, words, year }: ShapeParts, dense: Float32Array): void {
  const set: SetFeature = (name, value) => {
    dense[indexOf.get(name) ?? 0] = value;
  };
  set("bias", 1);
  setLength(asked.text, words, set);
  setSigns(asked, set);
  setNumbers(asked.text, year, set);
  setQuestion(asked.text.trimStart().slice(0, 60).toLowerCase(), set);
  set("material shown", log(asked.pastedLetters / 50));
  set("turns before", log(asked.turnsBefore));
  set("tools offered", flag(given.tools.length > 0));
  set("format asked", flag(given.format !== undefined));
  set("images", flag(given.needs.includes("images")));
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

function setLength(text: string, words: readonly string[], set: SetFeature): void {
  const count = words.length;
  const sentences = countOf(text, /[.!?。！？](?=\s|$)/g);
  set("words", log(count));
  set("letters", log(text.length / 6));
  for (const [name, most] of steps) set(name, flag(count < most));
  for (const [name, least] of overs) set(name, flag(count > least));
  set("lines", log(countOf(text, /\n/g)));
  set("sentences", log(sentences));
  set("words a sentence", log(count / (sentences + 1)));
  set("long words", count === 0 ? 0 : words.filter((word) => word.length > 9).length / count);
}

function setSigns({ text, pasted }: Asked, set: SetFeature): void {
  set("questions", log(countOf(text, /[?？؟]/g)));
  set("ends with a question", flag(/[?？؟]\s*$/.test(text)));
  set("commas", log(countOf(text, /[,;，、]/g)));
  set("colon", flag(/[:：]/.test(text)));
  set("quoted part", flag(/["“«„「][^"”»“«„「」]{12,}["”»“」]/.test(text)));
  set("names", log(countOf(text, /[\p{Ll},;] \p{Lu}\p{Ll}+/gu)));
  set("words in capitals", log(countOf(text, /\b\p{Lu}{2,}\b/gu)));
  set("other script", text.length === 0 ? 0 : countOf(text, /[\u0250-\uffff]/g) / text.length);
  set("maths signs", log(countOf(text, /[=^∑∫√≤≥≠±×÷∈∀∃∞πωθλ²³]|\\[a-z]+/g)));
  set("code signs", log(countOf(text, /[{}();<>[\]`_]|=>|::|->/g)));
  set("identifiers", log(countOf(text, /[a-z][A-Z]|\w_\w|\w\(\)|\w\.\w+\(|--\w|@\w/g)));
  set("code shown", log(countOf(`${pasted}\n${text}`, /[{};]\s*$|=>|\bdef |\breturn\b|<\/\w+>/gm)));
  set(
    "path or URL",
    flag(
      /https?:\/\/|(?<![\w.-])[\w.-]{1,40}\/[\w.-]{1,40}\/|\w\.(?:py|js|ts|go|rs|java|md|json|ya?ml|sh|sql|css|html|c|cpp|toml)\b/.test(
        text,
      ),
    ),
  );
  set(
    "trace shown",
    flag(
      /\bat \S+:\d+|Traceback|Exception\b|Error:|error:|panicked|segfault|ERR_|E[A-Z]{5,}/.test(
        pasted + text,
      ),
    ),
  );
  set("list items", log(countOf(text, /^[ \t]*(?:[-*•]|\d+[.)])\s/gm)));
  set("enumeration", log(countOf(text, /\(\d\)|\b\d\)|\b(?:first|second|third|finally|then)\b/gi)));
  set(
    "rows of data",
    log(countOf(`${pasted}\n${text}`, /^[^\n,|\t]{1,30}(?:[,|\t][^\n,|\t]{0,30}){2,8}$/gm)),
  );
  set("multiple choice", flag(/^[ \t]*\(?[A-D][.):] .*\n[ \t]*\(?[B-E][.):] /m.test(text)));
}

function setNumbers(text: string, year: number, set: SetFeature): void {
  const numbers = text.match(/\d+/g) ?? [];
  const years = numbers.filter((one) => /^(?:1[5-9]|20)\d\d$/.test(one)).map(Number);
  set("digits", log(numbers.length));
  set("big numbers", flag(numbers.some((one) => one.length > 4) || /\d[kKMG]\b|\d [kM]\b|\d,000/.test(text)));
  set("past year", flag(years.some((one) => one < year - 1)));
  set("this year or next", flag(years.some((one) => one === year || one === year - 1)));
  set("future year", flag(years.some((one) => one > year)));
  set("version number", flag(/\bv?\d+\.\d+(?:\.\d+)?\b|\b[A-Za-z]+ ?\d{1,2}\b/.test(text)));
  set("sum of money", flag(/[$€£¥₹]\s?\d|\d\s?(?:[$€£¥₹]|usd|eur|dollars?|euros?|quid)\b/i.test(text)));
  set("per cent", flag(/\d ?%/.test(text)));
}

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

function setQuestion(start: string, set: SetFeature): void {
  for (const [name, form] of forms) set(name, flag(form.test(start)));
}
