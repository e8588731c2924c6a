import { antonyms } from "../antonyms.ts";

const stems = new Map<string, Set<number>>();

/**
 * A word without the endings of its forms. Cruder than grammar: it may give two words one stem, and a guard that
 * compares stems is then stricter, not looser.
 */
export function stemOf(word: string): string {
  if (word.length <= 3) return word;
  const bare = word.replace(/'s?$/, "").replace(/(?:ies|ied)$/, "y");
  const cut = bare.replace(/(?:ing|edly|ed|es|s|ly|e)$/, "");
  const stem = cut.length < 3 ? bare : cut;
  return stem.replace(/([bdfgklmnprt])\1$/, "$1");
}

for (const [number, group] of antonyms.entries()) {
  for (const word of group) {
    const stem = stemOf(word);
    stems.set(stem, (stems.get(stem) ?? new Set()).add(number));
  }
}

const prefixes =
  /^(?:un|in|im|il|ir|dis|non|de|mis|anti|counter|under|over|pre|post|hyper|hypo|inter|intra|up|down|out|multi|mono|bi|uni|semi|sub|super|re|co|ex|en|macro|micro|a)-?(?=\p{L}{3})/u;
const suffixes = /(?:less|ful|er|est|or|ee|or)$/;

/** Whether two different words exclude each other: two of a group, or the same word with another prefix or suffix. */
export function areOpposed(left: string, right: string): boolean {
  const [a, b] = [stemOf(left), stemOf(right)];
  if (a === b) return false;
  const groups = stems.get(b);
  if ([...(stems.get(a) ?? [])].some((number) => groups?.has(number) === true)) return true;
  return isTurned(left, right) || isTurned(right, left);
}

/** Whether one is the other with a prefix, or both are one word with different prefixes or suffixes. */
function isTurned(left: string, right: string): boolean {
  const [a, b] = [left.replace(prefixes, ""), right.replace(prefixes, "")].map(stemOf);
  if (a === b || stemOf(left) === b) return true;
  return (
    stemOf(left.replace(suffixes, "")) === stemOf(right.replace(suffixes, "")) &&
    left.length + right.length > 8
  );
}
