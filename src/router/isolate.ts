import type { ChatRequest, Message } from "../core/chat.ts";

/** What a request asks in its user's own words, apart from everything that others put beside them. */
export interface Asked {
  /** The user's own words of the last turn. */
  readonly text: string;
  /** Letters of material that the user only shows: code, logs, quoted pages. */
  readonly pastedLetters: number;
  /** The beginning of that material, in which its kind can be seen. */
  readonly pasted: string;
  /** User turns before the last one. */
  readonly turnsBefore: number;
  /** The user's words of the turn before, for turns that only make sense after it. */
  readonly before: string | undefined;
  /** Whether the conversation stands behind a tool's result, so that the model that called it goes on. */
  readonly isToolLoop: boolean;
  /** Whether a program asks, for a title, tags or the like, in the name of its user. */
  readonly isHousekeeping: boolean;
}

/** More is not looked at: a prompt of a megabyte must not cost more than one of a page. */
const headLetters = 440;
const tailLetters = 200;

/** Blocks that programs put into a user's turn. */
const harness =
  /<(system-reminder|context|environment_details|ide_selection|files?|document|attachments?|search_results|web_results|instructions)\b[^>]{0,200}>/g;
/** In longer turns such blocks are looked for in the window only. */
const harnessLettersMax = 100_000;

const fence = /```[\s\S]*?(?:```|$)/g;
const quoteSigns = /^[>|]|\n[>|]/;
const quoteLine = /^(?:>|\|).*$/gm;
const choiceLine = /^[ \t]*\(?[A-Ea-e][.):][ \t].*$/gm;
const secondChoice = /\n[ \t]*\(?[Bb][.):][ \t]/;
const choicesMin = 3;

/** Requests of chat programs about a conversation, not of their users. Source: the prompts of Open WebUI, LibreChat, Jan. */
const housekeeping =
  /^(?:#+ ?task:|generate a (?:concise|short|brief)?[^.\n]{0,60}\b(?:title|tags)\b|suggest (?:3|three|3-5|several)[^.\n]{0,40}follow-?up|(?:create|write|give)[^.\n]{0,30}\btitle for (?:this|the) (?:chat|conversation)|summari[sz]e this conversation (?:in|as) (?:a title|\d+ words)|(?:tag|categori[sz]e) this (?:chat|conversation))/i;

/** A part of this length without a blank line is material, not words of a user. */
const blockLetters = 600;

/** Takes a request apart. Only the text of messages is looked at, and of that only so much. */
export function isolate({ messages }: Pick<ChatRequest, "messages">): Asked {
  const users = messages.filter(({ role }) => role === "user");
  const own = ownWords(users.at(-1)?.text ?? "");
  const seen = windowOf(own);
  const { words, shown } = apart(seen);
  return {
    text: words,
    pastedLetters: own.length - seen.length + shown.length,
    pasted: shown.slice(0, 1_000),
    turnsBefore: Math.max(0, users.length - 1),
    before: users.length > 1 ? apart(windowOf(ownWords(users.at(-2)?.text ?? ""))).words : undefined,
    isToolLoop: endsWithTool(messages),
    isHousekeeping: housekeeping.test(own.trimStart()),
  };
}

function windowOf(text: string): string {
  if (text.length <= headLetters + tailLetters) return text;
  return `${text.slice(0, headLetters)}\n${text.slice(-tailLetters)}`;
}

/** A turn without the blocks of programs. A block that nothing ends is left, and looked for no more: this stays linear. */
function ownWords(turn: string): string {
  const text = turn.length > harnessLettersMax ? windowOf(turn) : turn;
  if (!text.includes("</")) return text;
  const lower = text.toLowerCase();
  const open = new Set<string>();
  let kept = "";
  let from = 0;
  for (const found of lower.matchAll(harness)) {
    const name = found[1] ?? "";
    if (found.index < from || open.has(name)) continue;
    const end = lower.indexOf(`</${name}>`, found.index);
    if (end < 0) {
      open.add(name);
      continue;
    }
    kept += `${text.slice(from, found.index)} `;
    from = end + name.length + 3;
  }
  return kept + text.slice(from);
}

/** A result of a tool that no user has answered yet. */
function endsWithTool(messages: readonly Message[]): boolean {
  const last = messages.at(-1);
  return last?.role === "tool" || (last?.role === "assistant" && (last.toolCalls?.length ?? 0) > 0);
}

interface Parts {
  readonly words: string;
  readonly shown: string;
}

/** A user's words, and what stands beside them: fenced code, quoted lines, and long blocks after a colon or a blank line. */
function apart(text: string): Parts {
  const shown: string[] = [];
  const take = (part: string): string => {
    shown.push(part);
    return "\n";
  };
  const unfenced = withoutChoices(text.includes("```") ? text.replace(fence, take) : text, take);
  const unquoted = withoutQuotes(unfenced, shown);
  const open = quoteSigns.test(unquoted)
    ? unquoted.replace(quoteLine, (line) => (line.length > 40 ? take(line) : line))
    : unquoted;
  const words = said(open, shown);
  return words === ""
    ? { words: plain(text.trim()), shown: "" }
    : { words: plain(words), shown: shown.join("\n") };
}

const greeting =
  /^(?:(?:hi|hello|hey)(?: there)?[,!.]?\s+|(?:please|pls|plz|kindly),?\s+|(?:could|can|would|will) you (?:please|kindly|pls),?\s+(?:help me with this[?.!:]\s+)?)+/i;
const thanks =
  /(?:[\s,.!]+(?:please|pls|plz|thanks(?: a lot| so much| in advance)?|thank you(?: so much| very much)?|thx|cheers)[.!]*)+\s*$/i;
const thanksLetters = 80;

const isWide = (words: string): boolean => ["  ", "\t", "\u00a0"].some((gap) => words.includes(gap));
const gaps = /[ \t\u00a0]+/g;

/** Words without greetings, thanks and wide gaps: how polite a request is says nothing of what it asks. */
function plain(words: string): string {
  const even = isWide(words) ? words.replace(gaps, " ").trim() : words.trim();
  const tail = even.slice(-thanksLetters);
  const kept = (even.slice(0, even.length - tail.length) + tail.replace(thanks, ""))
    .replace(greeting, "")
    .trim();
  return kept === "" ? even : kept;
}

/** The words without long blocks, unless there is nothing but those. */
function said(open: string, shown: string[]): string {
  if (!open.includes("\n\n")) return firstWords(open, shown);
  const blocks = open.split(/\n{2,}/);
  const long = blocks.filter((block) => block.length > blockLetters);
  const words = blocks
    .filter((block) => block.length <= blockLetters)
    .join("\n\n")
    .trim();
  if (words === "") return firstWords(open, shown);
  shown.push(...long);
  return words;
}

const quoted =
  /(?=["“«„「])(?:"[^"\n]{60,2000}"|“[^“”]{60,2000}”|«[^«»]{60,2000}»|„[^„“”]{60,2000}[“”]|「[^「」]{40,2000}」|"[^"]{160,3000}")/g;

/** The answers of a multiple choice say little of what is asked, and much of where the question comes from. */
function withoutChoices(text: string, take: (part: string) => string): string {
  if (!secondChoice.test(text)) return text;
  return (text.match(choiceLine)?.length ?? 0) >= choicesMin ? text.replace(choiceLine, take) : text;
}

const quoteMarks = ['"', "“", "«", "„", "「"];

/** Long quotations are shown, unless they are all there is. */
function withoutQuotes(text: string, shown: string[]): string {
  if (!quoteMarks.some((mark) => text.includes(mark))) return text;
  const before = shown.length;
  const rest = text.replace(quoted, (part) => {
    shown.push(part);
    return ' "…" ';
  });
  if (shown.length === before || rest.replace(/["…\s]/g, "").length >= 12) return rest;
  shown.length = 0;
  return text;
}

/** "Summarise this: ..." with a page after the colon: the page is shown, not said. */
function firstWords(text: string, shown: string[]): string {
  const trimmed = text.trim();
  const colon = trimmed.search(/[:：]\s/);
  if (colon < 0 || colon > 300 || trimmed.length - colon < blockLetters) return trimmed;
  shown.push(trimmed.slice(colon + 1));
  return trimmed.slice(0, colon + 1);
}
