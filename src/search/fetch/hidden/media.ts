/** Widths between these are those of windows that pages are read in. */
const widthMin = 320;
const widthMax = 4_000;

/** True for media queries, in small letters, one of which every reader at a screen fulfils; for none at all, too. */
export const isShownOnScreens = (queries: string): boolean =>
  queries.trim() === "" || queries.split(",").some(isFulfilled);

const parts = (query: string): readonly string[] => query.trim().split(/\s+and\s+|\s+and(?=\()/);

const isFulfilled = (query: string): boolean => parts(query).every(isTrue);

const widthLimit = /^\(\s*(min|max)-width\s*:\s*(\d+)(?:px)?\s*\)$/;

function isTrue(part: string): boolean {
  if (/^(?:only\s+)?(?:all|screen)$|^not\s+(?:print|speech)$/.test(part)) return true;
  const [, side, width] = widthLimit.exec(part) ?? [];
  if (side === undefined) return false;
  return side === "min" ? Number(width) <= widthMin : Number(width) >= widthMax;
}

/** True for those that some reader at a screen may fulfil. */
export const maybeShownOnScreens = (queries: string): boolean =>
  queries.trim() === "" || queries.split(",").some((query) => !parts(query).some(isNeverTrue));

function isNeverTrue(part: string, _at: number, { length }: readonly string[]): boolean {
  if (/^(?:only\s+)?(?:print|speech)$|^\(\s*scripting\s*:\s*none\s*\)$/.test(part)) return true;
  if (/^not\s+(?:all|screen)$/.test(part)) return length === 1;
  const [, side, width] = widthLimit.exec(part) ?? [];
  return side !== undefined && (side === "min" ? Number(width) > widthMax : Number(width) < widthMin);
}
