/** A number of CSS with its unit, which may be none. */
export interface Length {
  readonly amount: number;
  readonly unit: string;
}

/** How many pixels the units of a fixed length are; a bare number is one of those in pages without a doctype. */
const pixels: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["px", 1],
  ["pt", 4 / 3],
  ["pc", 16],
  ["in", 96],
  ["cm", 37.8],
  ["mm", 3.78],
  ["q", 0.945],
]);

const number = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)([a-z%]*)$/;

export function lengthOf(text: string): Length | undefined {
  const [, amount, unit = ""] = number.exec(text) ?? [];
  return amount === undefined ? undefined : { amount: Number(amount), unit };
}

/** True when the text is a length that passes the test. */
export function hasLength(text: string, test: (length: Length) => boolean): boolean {
  const length = lengthOf(text);
  return length !== undefined && test(length);
}

export const isNothing = ({ amount }: Length): boolean => amount === 0;

const sidePixelsMax = 1.5;

/** A side that leaves no room for a letter. */
export function isSmallSide({ amount, unit }: Length): boolean {
  const factor = pixels.get(unit);
  return amount >= 0 && factor !== undefined && amount * factor <= sidePixelsMax;
}

const fontPixelsMin = 3;
const fontRatioMin = 0.3;

/** Letters that nobody can read. */
export function isSmallFont({ amount, unit }: Length): boolean {
  const factor = pixels.get(unit);
  if (amount < 0) return false;
  if (factor !== undefined) return amount * factor < fontPixelsMin;
  return (unit === "%" ? amount / 100 : amount) < fontRatioMin;
}

const farPixels = 999;
const farRatio = 100;

/** So far to the left or to the top that it is outside of every window. */
export function isFar({ amount, unit }: Length): boolean {
  const factor = pixels.get(unit);
  return factor === undefined ? amount <= -farRatio : amount * factor <= -farPixels;
}
