/** Widths between these are those of windows that pages are read in. */
const widthMin = 320;
const widthMax = 4_000;

/** True for media queries, in small letters, one of which every reader at a screen fulfils; for none at all, too. */
export const isShownOnScreens = (queries: string): boolean =>
  queries.trim() === "" || queries.split(",").some(isFulfilled);

const isFulfilled = (query: string): boolean =>
  query
    .trim()
    .split(/\s+and\s+|\s+and(?=\()/)
    .every(isTrue);

function isTrue(part: string): boolean {
  if (/^(?:only\s+)?(?:all|screen)$|^not\s+(?:print|speech)$/.test(part)) return true;
  const [, side, width] = /^\(\s*(min|max)-width\s*:\s*(\d+)(?:px)?\s*\)$/.exec(part) ?? [];
  if (side === undefined) return false;
  return side === "min" ? Number(width) <= widthMin : Number(width) >= widthMax;
}
