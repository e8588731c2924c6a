/**
 * What stands in marks of quotation. One that is also an apostrophe or a sign of inches opens only before a word
 * and closes only after one.
 */
const quotations =
  /[“„«][^“”„«»\n]{1,80}[“”»]|[「『《〈][^」』》〉\n]{1,80}[」』》〉]|(?<![\p{L}\p{N}])(?:"(?=\S)[^"\n]{1,80}(?<=\S)"|'(?=\S)[^'\n]{0,80}(?:(?<=\p{L})'\p{L}[^'\n]{0,80}){0,3}(?<=\S)')(?![\p{L}\p{N}])/gu;

/** A text with each of its quotations replaced; one that is all there is says what is meant. */
export function withoutQuotations(text: string, replaced: (quotation: string) => string): string {
  if (!/\p{L}/u.test(text.replace(quotations, ""))) return text;
  return text.replace(quotations, replaced);
}
