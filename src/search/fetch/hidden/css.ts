/** Comments, strings, bare addresses and escapes: what must be read before colons and braces mean anything. */
const marks = new RegExp(
  [
    String.raw`\/\*[^]*?(?:\*\/|$)`,
    String.raw`"[^"\\\n\r\f]*(?:\\[^][^"\\\n\r\f]*)*"?`,
    String.raw`'[^'\\\n\r\f]*(?:\\[^][^'\\\n\r\f]*)*'?`,
    String.raw`(?<![\w-])url\(\s*(?!["'\s])[^)\\]*(?:\\[^][^)\\]*)*\)?`,
    String.raw`\\(?:([\da-f]{1,6})(?:\r\n|[ \t\n\r\f])?|([^\n\r\f]))`,
  ].join("|"),
  "gi",
);

/** What stands for a letter that an escape keeps from meaning anything, such as a colon inside a name. */
const privateUse = 0xe000;

/**
 * CSS in small letters with escapes as the letters they stand for, without comments and without what is in strings and
 * addresses: what is left can be taken apart at its colons and braces.
 */
export const plainCss = (css: string): string =>
  css
    .replace(marks, (whole: string, code: string | undefined, letter: string | undefined) => {
      if (code !== undefined) return plainNames(letterOf(Number.parseInt(code, 16)));
      if (letter !== undefined) return plainNames(letter);
      if (whole.startsWith("/*")) return "";
      return whole.startsWith("u") || whole.startsWith("U") ? "url()" : '""';
    })
    .toLowerCase();

/** A class or an id, or many between spaces, in the letters that {@link plainCss} writes. */
export const plainNames = (names: string): string =>
  names.replace(/[^\w\u0080-\u{10ffff}-]/gu, (sign) => String.fromCodePoint(privateUse + sign.charCodeAt(0)));

const letterOf = (code: number): string =>
  code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? "\uFFFD" : String.fromCodePoint(code);
