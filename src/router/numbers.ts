import { dot, percent, space } from "./codes.ts";
import { wordSetOf } from "./lexicon.ts";
import { type Tokens, traits } from "./scan.ts";
import { unitsIn } from "./units.ts";

const currencies = wordSetOf("usd eur gbp dollar dollars euro euros pounds quid bucks");
const currencySigns = unitsIn("$€£¥₹");
const thousands = unitsIn("kKMG");
/** Years before and after are seldom meant. */
const firstYear = 1500;
const lastYear = 2099;

/** What the numbers of a text are. */
export interface Numbers {
  count: number;
  isBig: boolean;
  /** Some is a year before the last, the last or this one, or one to come. */
  isPast: boolean;
  isNear: boolean;
  isAhead: boolean;
  isVersion: boolean;
  isMoney: boolean;
  isShare: boolean;
}

/** Looks at the numbers of a text, in the year that is now. */
export function numbersOf(tokens: Tokens, year: number): Numbers {
  const found: Numbers = {
    count: 0,
    isBig: false,
    isPast: false,
    isNear: false,
    isAhead: false,
    isVersion: false,
    isMoney: false,
    isShare: false,
  };
  for (let at = 0; at < tokens.count; at += 1)
    if (((tokens.traits[at] ?? 0) & traits.number) !== 0) addNumber(found, tokens, { at, year });
  return found;
}

interface Which {
  readonly at: number;
  readonly year: number;
}

function addNumber(found: Numbers, tokens: Tokens, { at, year }: Which): void {
  found.count += 1;
  const then = yearOf(tokens, at);
  if (then !== undefined) {
    if (then < year - 1) found.isPast = true;
    else if (then > year) found.isAhead = true;
    else found.isNear = true;
  }
  found.isBig ||= isBig(tokens, at);
  found.isVersion ||= isVersion(tokens, at);
  found.isMoney ||= isMoney(tokens, at);
  found.isShare ||= near(tokens, tokens.to[at] ?? 0, 1) === percent;
}

function yearOf({ value, from, to, traits: all }: Tokens, at: number): number | undefined {
  const number = value[at] ?? 0;
  const isYear = (to[at] ?? 0) - (from[at] ?? 0) === 4 && ((all[at] ?? 0) & traits.parts) === 0;
  return isYear && number >= firstYear && number <= lastYear ? number : undefined;
}

/** The unit beside a place, behind one space at most. */
function near({ units, length }: Tokens, at: number, step: 1 | -1): number {
  const beside = units[at] === space ? at + step : at;
  return beside < 0 || beside >= length ? 0 : (units[beside] ?? 0);
}

const isBig = (tokens: Tokens, at: number): boolean =>
  ((tokens.traits[at] ?? 0) & traits.long) !== 0 || thousands.has(tokens.units[tokens.to[at] ?? 0] ?? 0);

function isVersion({ units, from, to, traits: all }: Tokens, at: number): boolean {
  const start = from[at] ?? 0;
  const end = to[at] ?? 0;
  if (((all[at] ?? 0) & traits.parts) !== 0) return units.subarray(start, end).includes(dot);
  const isAfterWord = at > 0 && ((all[at - 1] ?? 0) & traits.number) === 0 && start - (to[at - 1] ?? 0) < 2;
  return isAfterWord && end - start < 3;
}

function isMoney(tokens: Tokens, at: number): boolean {
  const { from, to, hash, count } = tokens;
  const before = near(tokens, (from[at] ?? 0) - 1, -1);
  const after = near(tokens, to[at] ?? 0, 1);
  const isSigned = currencySigns.has(before) || currencySigns.has(after);
  return isSigned || (at + 1 < count && currencies.has(hash[at + 1] ?? 0));
}
