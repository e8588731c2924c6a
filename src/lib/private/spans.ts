/** Where something stands in a text: from a letter to before another. */
export type Span = readonly [from: number, to: number];

/** Finds all there is of a kind. */
export type Finder = (text: string) => Iterable<Span>;

/** All that a pattern finds and that is what it looks like. */
export function* spansOf(
  text: string,
  pattern: RegExp,
  isIt: (match: RegExpExecArray) => boolean = () => true,
): Generator<Span> {
  for (const match of text.matchAll(pattern))
    if (isIt(match)) yield [match.index, match.index + match[0].length];
}
