import { isTitled } from "./capitals.ts";
import { chitChat } from "./words.ts";

/** Where a sentence may end: the marks of scripts without spaces need none after them, and a forgotten one is no matter. */
const ends =
  /(?<=[。？！])\s*|(?<=[?!.؟]["'”’»)\]]*)\s+|(?<=\p{L}[?!])(?=\p{Lu}\p{Ll}|(?:who|what|when|where|why|how)(?!\p{L}))/u;

/** Short words whose dot ends no sentence, initials, and numbers that are said as the first, the second. */
const abbreviation =
  /(?:^|[\s(])(?:dr|mr|mrs|ms|st|vs|no|nr|prof|mt|ft|fig|vol|gen|col|capt|lt|rev|gov|hon|sra?|sta|dra|mme|mlle|inc|co|ltd|jr|sr|bros|bzw|ca|approx|jan|feb|apr|aug|sept?|oct|nov|\p{L}|(?!a\.m|p\.m)(?:\p{L}\.)+\p{L})\.$/iu;
const ordinal = /(?:^|\s)\d{1,2}\.$/;

/** Words that begin a sentence also where it is typed without a capital. */
const openers =
  /^(?:who|what|when|where|which|why|how|whose|please|pls|tell|give|show|find|search|explain|i|i'm|i'd|i'll|i've|my|we|you|he|she|they|hi|hello|hey|thanks|thank|ok|okay|also|then|wer|was|wann|wo|wie|warum|welche[rsnm]?|ich|bitte|danke|kannst|qui|quand|où|comment|pourquoi|combien|quel(?:le)?s?|je|merci|peux|quién|qué|cuál|cuándo|dónde|cómo|cuánt[oa]s?|gracias|puedes|chi|quando|dove|quanto|grazie|puoi|quem|onde|obrigad[oa]|wat|waar|wanneer|welke|hoe|kto|co|gdzie|kiedy|ile|кто|что|где|когда|как|почему|сколько|какой|какая)(?![\p{L}\p{N}])/iu;

/** The same for what goes on after a name as well as it begins a sentence. */
const verbs =
  /^(?:is|are|was|were|does|do|did|can|could|will|would|should|has|have|it|it's|this|that|these|the|a|an|ist|sind|est|es|è|é|der|die|das|le|la|el|il|o)(?![\p{L}\p{N}])/iu;

/** How a question begins that is not finished before its own mark. An outcry begins so, too: "what a day!". */
const asking =
  /^[\s¿¡"'(]*(?!what an?\b|how \p{L}+!)(?:who|what|when|where|which|why|how|whose|is|are|was|were|does|do|did|can|has|have|will|tell|wer|wann|wo|welche[rsnm]?|warum|qui|quand|où|comment|pourquoi|quel(?:le)?s?|quién|qué|cuál|cuándo|dónde|cómo|chi|quando|dove|come|quem|onde|wat|waar|wanneer|hoe|kto|gdzie|kiedy|кто|что|где|когда)(?!\p{L})/iu;

/** The sentences of a text, each with its mark at the end. */
export function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  for (const line of text.split("\n")) {
    const parts = line
      .split(ends)
      .map((part) => part.trim())
      .filter(Boolean);
    for (const [at, part] of parts.entries()) {
      const last = sentences.at(-1);
      if (at > 0 && last !== undefined && !isEnd(last, part))
        sentences[sentences.length - 1] = `${last} ${part}`;
      else sentences.push(part);
    }
  }
  return sentences;
}

/** Whether a sentence ends between two parts, and not only a name with a mark in it, as "Yahoo!" and "Guess Who?". */
function isEnd(before: string, next: string): boolean {
  const mark = /[.?!](?=["'”’»)\]]*$)/.exec(before)?.[0];
  if (mark === undefined) return true;
  if (mark === ".") return !isLower(next) && !isAbbreviated(before, next);
  if (openers.test(next) || isChitChat(before)) return true;
  return mark === "!" ? isCalledOut(before, next) : isAsked(before, next);
}

const isLower = (text: string): boolean => /^\p{Ll}/u.test(text);

const begins = (next: string): boolean => !isLower(next) || verbs.test(next);

/** A question ends with another mark, so that this one is a name's. */
const isCalledOut = (before: string, next: string): boolean => begins(next) && !asking.test(before);

/** What is written as a title and goes on is one. */
const isAsked = (before: string, next: string): boolean =>
  begins(next) || (asking.test(before) && !isTitled(before));

function isAbbreviated(before: string, next: string): boolean {
  if (ordinal.test(before)) return !openers.test(next) && !verbs.test(next);
  return abbreviation.test(before);
}

const isChitChat = (text: string): boolean =>
  (text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? []).every((word) => chitChat.has(word));
