import { plainNames } from "./names.ts";

/** How a word was written; `start` and `Start`: without and with a capital, at the start of a sentence. */
export type Form = "start" | "Start" | "lower" | "capital" | "caps";

/** A piece of a question. Words are in lower case; a literal is as it was written: code, quotes, flags, addresses, paths. */
export interface Token {
  readonly kind: "word" | "number" | "literal" | "mark";
  readonly text: string;
  readonly form: Form;
}

const pieces = /`[^`]*`|"[^"]*"|(?<![\p{L}\p{N}])'[^'\n]+'(?![\p{L}\p{N}])|\n+|[^\s"`]+|["`]/gu;
const word = /^\p{L}+(?:['-]\p{L}+)*$/u;
const number = /^[+-]?\d[\d.,:]*$/;
const marks = new Set([".", ",", ";", ":", "?", "!", "(", ")", "[", "]", "{", "}", "\n"]);
/** Marks that stand alone are spoken of; they end nothing. */
const loneMarks = /^[^\p{L}\p{N}\n"`]+$/u;
const sentenceEnds = new Set([".", "?", "!", ":", "\n"]);

/** Splits a question into its tokens; every letter that is not white space is in one of them. */
export function tokensOf(text: string): Token[] {
  const plain = text
    .normalize("NFC")
    .replaceAll(/[\u2018\u2019\u02bc]/g, "'")
    .replaceAll(/[\u201c\u201d]/g, '"')
    .trim();
  const tokens: Token[] = [];
  for (const [piece] of plain.matchAll(pieces)) {
    if (loneMarks.test(piece)) tokens.push({ kind: "literal", text: piece, form: "lower" });
    else for (const part of parts(piece)) tokens.push(token(part, isStart(tokens)));
  }
  return tokens;
}

const isStart = (before: readonly Token[]): boolean => {
  const last = before.at(-1);
  return last === undefined || (last.kind === "mark" && sentenceEnds.has(last.text));
};

function parts(piece: string): string[] {
  if (/^["`\n]/.test(piece) || (piece.startsWith("'") && piece.endsWith("'")))
    return [piece.replace(/^\n+$/, "\n")];
  const before: string[] = [];
  const after: string[] = [];
  let core = piece;
  while (/^[([{]./u.test(core) && !/[)\]}]./.test(core)) {
    before.push(core[0] ?? "");
    core = core.slice(1);
  }
  while (core.length > 1 && canPeel(core)) {
    after.unshift(core.at(-1) ?? "");
    core = core.slice(0, -1);
  }
  return [...before, core, ...after];
}

/** Whether the last letter is punctuation and no part of what it follows, as in `main()` or `5!`. */
function canPeel(core: string): boolean {
  const last = core.at(-1) ?? "";
  if (last === "!") return /\p{L}{2}[!?]*$/u.test(core);
  if (last === ")") return !core.includes("(");
  if (last === "]") return !core.includes("[");
  if (last === "}") return !core.includes("{");
  return ",.;:?".includes(last);
}

function token(text: string, starts: boolean): Token {
  if (marks.has(text)) return { kind: "mark", text, form: "lower" };
  if (number.test(text)) return { kind: "number", text, form: "lower" };
  const form = word.test(text) ? formOf(text, starts) : undefined;
  if (form !== undefined) return { kind: "word", text: text.toLowerCase(), form };
  const folded = text.toLowerCase();
  if (plainNames.has(folded)) return { kind: "word", text: folded, form: "capital" };
  return { kind: "literal", text, form: "lower" };
}

/** Undefined for a word with capitals inside, such as a name in code or a unit. */
function formOf(text: string, starts: boolean): Form | undefined {
  if (text === "I") return "lower";
  const folded = text.toLowerCase();
  if (text === folded) return starts ? "start" : "lower";
  if (text === text.toUpperCase()) return text === "A" && starts ? "Start" : "caps";
  if (text !== folded.replace(/^\p{L}/u, text[0] ?? "")) return undefined;
  return starts ? "Start" : "capital";
}
