import { isLittleEndian } from "../lib/little-endian.ts";
import { nine, zero } from "./codes.ts";

/** A text as UTF-16 units, which are read several times as fast as letters of a string. */
export interface Units {
  /** Holds the text that was read last; what is behind it is old. */
  readonly units: Uint16Array;
  readonly read: (text: string) => void;
}

/** Makes room for texts of so many units. Always the same array: code that knows its array is faster. */
export function createUnits(lettersMax: number): Units {
  const bytes = Buffer.alloc(lettersMax * 2);
  const units = new Uint16Array(bytes.buffer, bytes.byteOffset, lettersMax);
  return {
    units,
    read(text) {
      if (isLittleEndian) bytes.write(text, "utf16le");
      else for (let at = 0; at < lettersMax; at += 1) units[at] = text.charCodeAt(at);
    },
  };
}

export const isDigit = (unit: number): boolean => unit >= zero && unit <= nine;

/** The units of some letters, none of them a pair of units. */
export const unitsIn = (letters: string): ReadonlySet<number> =>
  new Set(Array.from(letters, (letter) => letter.charCodeAt(0)));
