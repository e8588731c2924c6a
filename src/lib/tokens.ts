import type { Tiktoken } from "js-tiktoken/lite";

/** Counts tokens of text, or cuts it into them. */
export interface Tokenizer {
  count(text: string): number;
  /** The text as pieces of one token each; joined they are the text again. */
  pieces(text: string): string[];
}

/** Beyond this length a count is estimated from the part before it. */
export const exactLettersMax = 16_384;

/** Byte-pair merging takes time squared in the length of a run without a break, so runs are cut at this length. */
const runMax = 64;

/** Words with the space before them, longer space apart; every part of the text is in exactly one run. */
const runs = new RegExp(`\\s{1,${runMax}}(?=\\s\\S)|\\s?\\S{1,${runMax}}|\\s{1,${runMax}}`, "gu");

let loading: Promise<Tokenizer> | undefined;

/** OpenAI's cl100k encoding; its tables (some 10 MB in memory) are only loaded when someone counts. */
export function loadTokenizer(): Promise<Tokenizer> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Tokenizer> {
  const [{ Tiktoken }, ranks] = await Promise.all([
    import("js-tiktoken/lite"),
    import("js-tiktoken/ranks/cl100k_base"),
  ]);
  const encoding = new Tiktoken(ranks.default);
  return {
    count(text) {
      const exact = text.slice(0, exactLettersMax);
      const tokens = runsOf(exact).reduce((sum, run) => sum + encode(encoding, run).length, 0);
      return text.length === exact.length ? tokens : Math.ceil((tokens * text.length) / exact.length);
    },
    pieces: (text) => runsOf(text).flatMap((run) => piecesOf(encoding, run)),
  };
}

/** Nothing in a text is a control token, whatever it looks like. */
const encode = (encoding: Tiktoken, text: string): number[] => encoding.encode(text, [], []);

function runsOf(text: string): string[] {
  return text.match(runs) ?? [];
}

/** Tokens may end inside a letter; such tokens stay together until the letter is whole. */
function piecesOf(encoding: Tiktoken, text: string): string[] {
  const pieces: string[] = [];
  let open: number[] = [];
  for (const token of encode(encoding, text)) {
    open.push(token);
    const piece = encoding.decode(open);
    if (piece.includes("\uFFFD")) continue;
    pieces.push(piece);
    open = [];
  }
  return open.length === 0 ? pieces : [...pieces, encoding.decode(open)];
}
