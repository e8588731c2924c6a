import type { Tokens } from "./scan.ts";
import { unitsIn } from "./units.ts";

/** The signs that are counted in a text. */
const letters = {
  question: "?？؟",
  comma: ",、，",
  colon: ":：",
  quote: '"“”«»„「」',
  maths: "=^∑∫√≤≥≠±×÷∈∀∃∞πωθλ²³\\",
  brace: "{};",
  bracket: "()[]`_<>",
  slash: "/",
  newline: "\n",
  stop: ".!。！",
} as const;

export type Sign = keyof typeof letters;

/** For each unit, the number of its sign; 0 for what is none. */
const signOf = new Uint8Array(2 ** 16);
const numbers = new Map<string, number>();
for (const [index, [name, some]] of Object.entries(letters).entries()) {
  numbers.set(name, index + 1);
  for (const unit of unitsIn(some)) signOf[unit] = index + 1;
}

/** From here on letters are of no Latin script. */
const otherScript = 0x0250;

/** How often each sign is in a text, and letters of other scripts than the Latin one. */
export interface SignCounts {
  readonly of: (sign: Sign) => number;
  readonly otherScript: number;
}

/** Counts the signs of a text in one pass. */
export function signsOf({ units, length }: Pick<Tokens, "units" | "length">): SignCounts {
  const counts = new Uint16Array(numbers.size + 1);
  let others = 0;
  for (let at = 0; at < length; at += 1) {
    const unit = units[at] ?? 0;
    if (unit >= otherScript) others += 1;
    const sign = signOf[unit] ?? 0;
    if (sign !== 0) counts[sign] = (counts[sign] ?? 0) + 1;
  }
  return { of: (sign) => counts[numbers.get(sign) ?? 0] ?? 0, otherScript: others };
}
