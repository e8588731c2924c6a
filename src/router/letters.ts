/** What one unit of a text is. Units of words lie between `joiner` and `digit`. */
export const sorts = {
  other: 1,
  space: 2,
  /** Stands inside words only. */
  joiner: 3,
  letter: 4,
  capital: 5,
  digit: 6,
  /** A word of its own, as question marks and signs of money are. */
  sign: 7,
  /** A letter of a script without spaces: a word of its own, too. */
  ideograph: 8,
} as const;

/**
 * Of each UTF-16 unit its sort, above what it is without case and accents ({@link foldBits}); 0 for what no text had
 * yet. Pairs of units (emoji and rare letters) are `other`.
 */
export const known = new Int32Array(2 ** 16);

/** The bits of {@link known} below the sort. An accent that stands alone has none of them. */
export const foldBits = 16;
export const foldMask = 2 ** foldBits - 1;

const nothing = 0;

/** Makes the units of a text {@link known}. */
export function learn(units: Uint16Array, length: number): void {
  const table = known;
  for (let at = 0; at < length; at += 1) {
    const unit = units[at] ?? 0;
    if (table[unit] === 0) table[unit] = learnt(unit);
  }
}

/** The sort of a unit that is {@link known}. */
export const sortOf = (unit: number): number => (known[unit] ?? 0) >>> foldBits;

/** A unit that is {@link known} without its case and accents. */
export const foldOf = (unit: number): number => (known[unit] ?? 0) & foldMask;

function learnt(unit: number): number {
  const letter = String.fromCharCode(unit);
  return (sortFor(letter) << foldBits) | foldFor(unit, letter);
}

const tests: readonly (readonly [sort: number, test: RegExp])[] = [
  [sorts.space, /^\s/],
  [sorts.ideograph, /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u],
  [sorts.capital, /^\p{Lu}/u],
  [sorts.letter, /^[\p{L}\p{M}]/u],
  [sorts.digit, /^\p{N}/u],
  [sorts.joiner, /^['’_+#.]/],
  [sorts.sign, /^[?？؟%$€£]/],
];

const sortFor = (letter: string): number => tests.find(([, test]) => test.test(letter))?.[0] ?? sorts.other;

/** In these blocks an accent is often left out by those who type in haste. */
const hasAccents = (unit: number): boolean =>
  unit < 0x0530 ? unit < 0x0250 || unit >= 0x0370 : unit >= 0x1e00 && unit < 0x2000;

function foldFor(unit: number, letter: string): number {
  const plain = "’？؟".indexOf(letter);
  if (plain >= 0) return "'??".charCodeAt(plain);
  if (unit >= 0x0300 && unit < 0x0370) return nothing;
  const lower = letter.toLowerCase();
  return (hasAccents(unit) ? lower.normalize("NFD") : lower).charCodeAt(0);
}
