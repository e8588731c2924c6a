/** Digits after the point that a nano-dollar leaves room for. */
const digitsMax = 9;

/** Reads an amount in US dollars (`5`, `$0.25`) as nano-dollars, exactly; undefined for anything else. */
export function parseUsd(text: string): number | undefined {
  const [, whole, part = ""] = /^\$?\s*(\d{1,6})(?:\.(\d{1,9}))?$/.exec(text.trim()) ?? [];
  if (whole === undefined) return undefined;
  return Number(whole) * 1e9 + Number(part.padEnd(digitsMax, "0"));
}
