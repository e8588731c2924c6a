import { cut } from "../plain.ts";
import { clean, type Cleaned } from "./clean.ts";
import { decodeBytes } from "./content.ts";
import { tidy } from "./entities.ts";
import type { Extracted, ExtractSettings, Source } from "./extract-messages.ts";

/** A body read in one pass: no parser, no guess which part of a page is the article. */
export interface PlainPage extends Extracted {
  /** Markup for a parser that wants to find the article; undefined when there is none or it is not fit for parsing. */
  readonly html: string | undefined;
}

/** Reads a body in a time that grows with its length only. */
export function readPlainly({ bytes, kind, charset }: Source, { lettersMax }: ExtractSettings): PlainPage {
  const decoded = decodeBytes(bytes, charset);
  if (kind === "text") return { text: cut(tidy(decoded), lettersMax), dates: [], html: undefined };
  if (kind === "html") return pageOf(clean(decoded, lettersMax));
  const feed = clean(decoded, lettersMax, { feed: true });
  // The text of a feed's entries is markup that was escaped, or stood in CDATA.
  return { ...pageOf(clean(lines(feed.text), lettersMax)), html: undefined };
}

const lines = (text: string): string => text.replaceAll("\n", "\n<br>");

const pageOf = ({ text, html, facts }: Cleaned): PlainPage => ({ text, html, ...facts });
