const uncased = /\p{Lo}/u;

/** Small words that stay small in a title. */
const minor = new Set(
  "a an the of in on for and to at by or vs von der die das und de la le du des el y del da do e per".split(
    " ",
  ),
);

/** Whether every word has a capital, as in headlines: then none of them is a name by it. */
export function isTitled(sentence: string): boolean {
  if (uncased.test(sentence)) return false;
  const words = (sentence.match(/\p{L}[\p{L}\p{N}']*/gu) ?? []).filter((word) => !minor.has(word));
  return words.length > 1 && words.every((word) => /\p{Lu}/u.test(word));
}

/** A text in capitals has no names to be told by them. */
export const isShouted = (text: string): boolean => /\p{Lu}/u.test(text) && !/\p{Ll}/u.test(text);

/** What a word stands after when its capital is its place's and not its own. */
const opening = /(?:^|[.!?:;…]\s|\n|\s[-–—•*])[\s¿¡("'«„“*-]*$/u;

/** Letters that are looked at before a word, and around it, so that a long text costs no more than its length. */
const openingLettersMax = 20;
const aroundLettersMax = 200;

/** Whether a word at a place of a text has a capital that makes it a name, or a part of one. */
export function isNameAt(text: string, at: number, word: string): boolean {
  if (!/^\p{Lu}/u.test(word) || opening.test(text.slice(Math.max(0, at - openingLettersMax), at)))
    return false;
  const sentence = sentenceAround(text, at);
  return !isShouted(sentence) && !isTitled(sentence) && !isStressed(text, at, word);
}

function sentenceAround(text: string, at: number): string {
  const before = text.slice(Math.max(0, at - aroundLettersMax), at).split(/[.!?\n]/);
  const [after = ""] = text.slice(at, at + aroundLettersMax).split(/[.!?\n]/);
  return `${before.at(-1) ?? ""}${after}`;
}

/** A last word in capitals is said aloud, unless the word before it has its own. */
const isStressed = (text: string, at: number, word: string): boolean =>
  word.length > 2 &&
  isShouted(word) &&
  /^\s*(?:[.!?…]|$)/u.test(text.slice(at + word.length)) &&
  !/\p{Lu}[\p{L}\p{N}]*\s+$/u.test(text.slice(Math.max(0, at - openingLettersMax), at));
