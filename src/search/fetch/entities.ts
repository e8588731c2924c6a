import { decodeEntities } from "../plain.ts";

/** HTML's names for the letters from U+00A0 to U+00FF, in their order. */
const latin =
  "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute " +
  "micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig " +
  "Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash " +
  "Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute " +
  "ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc " +
  "uuml yacute thorn yuml";

/** Its names for what has a meaning in CSS or in an attribute. */
const punctuation: readonly [string, string][] = [
  ["Tab", "\t"],
  ["NewLine", "\n"],
  ["excl", "!"],
  ["num", "#"],
  ["dollar", "$"],
  ["percnt", "%"],
  ["lpar", "("],
  ["rpar", ")"],
  ["ast", "*"],
  ["midast", "*"],
  ["plus", "+"],
  ["comma", ","],
  ["period", "."],
  ["sol", "/"],
  ["colon", ":"],
  ["semi", ";"],
  ["equals", "="],
  ["quest", "?"],
  ["commat", "@"],
  ["lsqb", "["],
  ["lbrack", "["],
  ["bsol", "\\"],
  ["rsqb", "]"],
  ["rbrack", "]"],
  ["lowbar", "_"],
  ["UnderBar", "_"],
  ["lcub", "{"],
  ["lbrace", "{"],
  ["rcub", "}"],
  ["rbrace", "}"],
];

const named = new Map([
  ...punctuation,
  ...latin.split(" ").map((name, index): [string, string] => [name, String.fromCodePoint(0xa0 + index)]),
  ["euro", "€"],
  ["ldquo", "“"],
  ["rdquo", "”"],
  ["bdquo", "„"],
  ["sbquo", "‚"],
  ["bull", "•"],
  ["trade", "™"],
]);

/** Character references as the letters they stand for, in one pass: `&amp;lt;` is `&lt;` afterwards. */
export const decodeReferences = (text: string): string =>
  text.includes("&")
    ? text.replace(
        /&(#\d+|#x[\da-f]+|[a-z]{2,8}\d{0,2}(?=;));?/gi,
        (whole, name: string) => named.get(name) ?? decodeEntities(whole),
      )
    : text;

/**
 * Letters that show nothing and can hide words or turn them round: soft hyphen, zero-width, direction controls,
 * invisible operators, byte order marks, the tag block, variation selectors of the supplement, and control codes.
 */
const invisible =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]|[\u{E0000}-\u{E01EF}]/gu;

/** Text with one space between words and at most one empty line's worth of break, without letters that show nothing. */
export const tidy = (text: string): string =>
  text
    .replace(invisible, "")
    .replace(/[^\S\n]+/g, " ")
    .replace(/ ?\n[ \n]*/g, "\n")
    .trim();
