/** Any text as the value of a header: ASCII as it is, everything else percent-encoded; lone surrogates become U+FFFD. */
export function headerText(text: string): string {
  return encodeURI(Buffer.from(text).toString("utf8"));
}
