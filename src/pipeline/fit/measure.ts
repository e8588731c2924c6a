import type { Call } from "../../core/call.ts";
import type { ChatRequest, Message } from "../../core/chat.ts";
import { dialects } from "../../dialect/dialects.ts";
import { field, type Json, type JsonObject } from "../../lib/json.ts";
import { exactLettersMax, loadTokenizer, type Tokenizer } from "../../lib/tokens.ts";
import { withField } from "./wire-edit.ts";

/** What a template writes around a message. */
const messageTokens = 4;
/** Models differ widely; this is on the safe side of most. */
const imageTokens = 1_000;
/** Counting goes on after others had their turn when it has taken this many letters, some 30 ms of work. */
const lettersATurn = 16_384;
/** What beginning with a text costs, in letters. */
const lettersAText = 50;

/** Text that is to be counted, and what is counted already. */
interface Part {
  readonly texts: readonly string[];
  readonly tokens: number;
}

/** What a model is given to read. */
export interface Content {
  /** What cannot be left out. */
  readonly fixed: Part;
  /** One for each item of the wire's `messages`; none for operations without them. */
  readonly turns: readonly Part[];
}

/** The same, counted. */
export interface Measured {
  readonly fixedTokens: number;
  readonly turnTokens: readonly number[];
  readonly tokens: number;
}

/** The items of `messages`, for operations that have them. */
export function messagesOf({ operation, wire }: Call): readonly Json[] {
  const messages = operation === "chat" || operation === "messages" ? field(wire, "messages") : undefined;
  return Array.isArray(messages) ? messages : [];
}

/** What is to be counted of a call. Throws ProxyError when it cannot be understood. */
export function contentOf(call: Call): Content {
  const messages = messagesOf(call);
  const decode = (wire: JsonObject): ChatRequest =>
    dialects[call.dialect].decodeRequest(wire, call.operation);
  // Each turn is decoded on its own, because decoders make several messages of one, or none.
  const turns = messages.map((message) => partOf(decode({ messages: [message] }).messages));
  const rest = decode(messages.length === 0 ? call.wire : withField(call.wire, "messages", []));
  const { texts, tokens } = partOf(rest.messages);
  const more = rest.tools.length === 0 ? [] : [JSON.stringify(rest.tools)];
  const fixed = {
    texts: [...texts, ...more, rest.suffix ?? ""],
    tokens: tokens + contextTokensOf(call),
  };
  return { fixed, turns };
}

function partOf(messages: readonly Message[]): Part {
  const texts = messages.flatMap(({ text, thinking = "", toolCalls = [] }) => [
    text,
    thinking,
    ...toolCalls.flatMap((call) => [call.name, call.arguments]),
  ]);
  const images = messages.reduce((sum, message) => sum + (message.images?.length ?? 0), 0);
  return { texts, tokens: messages.length * messageTokens + images * imageTokens };
}

/** The conversation that `/api/generate` goes on with is already a list of tokens. */
function contextTokensOf({ operation, wire }: Call): number {
  const context = operation === "generate" ? field(wire, "context") : undefined;
  return Array.isArray(context) ? context.length : 0;
}

/** Counts with a tokenizer that need not be the model's. */
export async function measure({ fixed, turns }: Content): Promise<Measured> {
  const count = createCounter(await loadTokenizer());
  const fixedTokens = await count(fixed);
  const turnTokens: number[] = [];
  for (const turn of turns) turnTokens.push(await count(turn));
  return { fixedTokens, turnTokens, tokens: turnTokens.reduce((sum, tokens) => sum + tokens, fixedTokens) };
}

/** Counts part after part, and lets others have their turn in between: a long conversation takes a second. */
function createCounter(tokenizer: Tokenizer): (part: Part) => Promise<number> {
  let letters = 0;
  return async (part) => {
    let { tokens } = part;
    for (const text of part.texts) {
      letters += Math.min(text.length, exactLettersMax) + lettersAText;
      tokens += tokenizer.count(text);
      if (letters < lettersATurn) continue;
      await new Promise((resolve) => setImmediate(resolve));
      letters = 0;
    }
    return tokens;
  };
}

const lettersOf = ({ texts }: Part): number => texts.reduce((sum, text) => sum + text.length, 0);

/**
 * Whether content surely fits into `tokensMax`, told without the tokenizer's tables. An ASCII word of prose takes a token
 * for about four letters, so one for two is on the safe side; digits and symbols may take one each, and letters outside
 * ASCII one for each of their bytes. What is not prose (a hash, base64, minified code) is not judged.
 */
export function surelyFits({ fixed, turns }: Content, tokensMax: number): boolean {
  const parts = [fixed, ...turns];
  const known = parts.reduce((sum, { tokens }) => sum + tokens, 0);
  const letters = parts.reduce((sum, part) => sum + lettersOf(part), 0);
  if (known + letters / 2 > tokensMax) return false;
  const { plain, spaces, odd, foreign } = tallyOf(parts);
  const isProse = odd + foreign < letters * 0.3 && spaces * lettersAWordMax >= letters;
  return (isProse || letters === 0) && known + plain / 2 + odd + foreign * bytesALetterMax <= tokensMax;
}

/** The words of prose are shorter than this on average. */
const lettersAWordMax = 12;
/** A UTF-16 unit is at most three bytes of UTF-8. */
const bytesALetterMax = 3;

interface Tally {
  /** ASCII letters and white space. */
  plain: number;
  /** The white space among them. */
  spaces: number;
  /** ASCII digits and symbols. */
  odd: number;
  /** UTF-16 units outside ASCII. */
  foreign: number;
}

function tallyOf(parts: readonly Part[]): Tally {
  const tally: Tally = { plain: 0, spaces: 0, odd: 0, foreign: 0 };
  for (const text of parts.flatMap(({ texts }) => texts)) {
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (isSpace(code)) tally.spaces += 1;
      if (code > 0x7f) tally.foreign += 1;
      else if (isSpace(code) || isLetter(code)) tally.plain += 1;
      else tally.odd += 1;
    }
  }
  return tally;
}

const isSpace = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d);
const isLetter = (code: number): boolean => (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
