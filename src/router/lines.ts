import { bar, closeParenthesis, colon, comma, dot, newline, openParenthesis, space, tab } from "./codes.ts";
import type { Tokens } from "./scan.ts";
import { isDigit, unitsIn } from "./units.ts";

/** What the lines of a text look like. */
export interface Lines {
  /** Lines that begin as the items of a list do. */
  readonly items: number;
  /** Lines of two to eight short fields, as tables have. */
  readonly rows: number;
  /** Lines that begin as the answers of a multiple choice do. */
  readonly choices: number;
  /** Lines that end as lines of code do, or hold its words. */
  readonly codeEnds: number;
}

const fieldsMin = 3;
const fieldsMax = 9;
const fieldLetters = 30;

const bullets = unitsIn("-*•");
const codeEnds = unitsIn("{};");
const sentenceEnds = unitsIn(".?!");

type Text = Pick<Tokens, "units" | "length">;

/** A line without the blanks around it; units from one to before another. */
interface Line {
  readonly units: Uint16Array;
  readonly from: number;
  readonly to: number;
}

/** Looks at the lines of a text; a text without an end of line is one. */
export function linesOf({ units, length }: Text): Lines {
  const found = { items: 0, rows: 0, choices: 0, codeEnds: 0 };
  for (let from = 0; from < length;) {
    let end = from;
    while (end < length && units[end] !== newline) end += 1;
    const line = trimmed(units, from, end);
    if (isItem(line)) found.items += 1;
    if (isChoice(line)) found.choices += 1;
    if (codeEnds.has(units[line.to - 1] ?? 0)) found.codeEnds += 1;
    if (isRow(line)) found.rows += 1;
    from = end + 1;
  }
  return found;
}

const isBlank = (unit: number | undefined): boolean => unit === space || unit === tab;

function trimmed(units: Uint16Array, start: number, end: number): Line {
  let [from, to] = [start, end];
  while (from < to && isBlank(units[from])) from += 1;
  while (to > from && isBlank(units[to - 1])) to -= 1;
  return { units, from, to };
}

/** "- ", "1. ", "2) " and the like. */
function isItem({ units, from, to }: Line): boolean {
  if (bullets.has(units[from] ?? 0)) return isBlank(units[from + 1]);
  let at = from;
  while (at < to && isDigit(units[at] ?? 0)) at += 1;
  const mark = units[at];
  return at > from && (mark === dot || mark === closeParenthesis) && isBlank(units[at + 1]);
}

/** "A. ", "(B) " and the like. */
function isChoice({ units, from }: Line): boolean {
  const at = units[from] === openParenthesis ? from + 1 : from;
  const letter = units[at] ?? 0;
  const mark = units[at + 1];
  const isMarked = mark === dot || mark === closeParenthesis || mark === colon;
  return letter >= 65 && letter <= 69 && isMarked && isBlank(units[at + 2]);
}

function isRow({ units, from, to }: Line): boolean {
  if (to - from > fieldsMax * (fieldLetters + 1) || sentenceEnds.has(units[to - 1] ?? 0)) return false;
  let fields = 1;
  let last = from;
  for (let at = from; at < to; at += 1) {
    const unit = units[at];
    if (unit === comma || unit === bar || unit === tab) {
      fields += 1;
      last = at;
    } else if (at - last > fieldLetters) return false;
  }
  return fields >= fieldsMin && fields <= fieldsMax;
}
