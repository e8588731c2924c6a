const named: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  ndash: "–",
  mdash: "—",
  hellip: "…",
  rsquo: "’",
  lsquo: "‘",
};

function entity(whole: string, name: string): string {
  const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  if (!name.startsWith("#")) return named[name.toLowerCase()] ?? whole;
  const isLetter = code > 31 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return isLetter ? String.fromCodePoint(code) : " ";
}

/** Character references as the letters they stand for; those of a number may end without a semicolon. */
export const decodeEntities = (text: string): string =>
  text.replace(/&(#\d+|#x[\da-f]+|[a-z]{2,8}(?=;));?/gi, entity);

/** Tags removed, one pass; what looks like a tag after that is text. */
export const stripTags = (text: string): string => text.replace(/<[a-z/!?][^<>]*>/gi, "");

/** A provider's text as one line without markup, at most `lettersMax` long. */
export function plainLine(text: string, lettersMax: number): string {
  const held = text.slice(0, lettersMax * 4);
  return cut(decodeEntities(stripTags(held)).replace(/\s+/g, " ").trim(), lettersMax);
}

/** The same with its line breaks kept. */
export function plainText(text: string, lettersMax: number): string {
  const held = decodeEntities(stripTags(text.slice(0, lettersMax * 2)));
  return cut(
    held
      .replace(/[^\S\n]+/g, " ")
      .replace(/\s*\n\s*/g, "\n")
      .trim(),
    lettersMax,
  );
}

/** The first `lettersMax` letters, never half of one. */
export function cut(text: string, lettersMax: number): string {
  if (text.length <= lettersMax) return text;
  const head = text.slice(0, lettersMax);
  return /[\uD800-\uDBFF]$/.test(head) ? head.slice(0, -1) : head;
}
