import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom";
import { clean } from "./clean.ts";
import type { Extracted, ExtractSettings, Source } from "./extract-messages.ts";
import { readPlainly } from "./plain-page.ts";

/** An article shorter than this is more likely a wrong guess; then the whole page's text is the better answer. */
const articleLettersMin = 250;

/**
 * What is in a body, with what stands around an article left out where one can be found. It may take seconds and much
 * memory for a page that was made to do so: run it in a thread that can be stopped.
 */
export function extract(source: Source, settings: ExtractSettings): Extracted {
  const { html, ...page } = readPlainly(source, settings);
  if (html === undefined) return page;
  const text = articleOf(html, settings.lettersMax);
  const isFound = text.length >= Math.min(articleLettersMin, page.text.length);
  return isFound && text !== "" ? { ...page, text } : page;
}

/** The article's text, or nothing. */
function articleOf(html: string, lettersMax: number): string {
  try {
    const { document } = parseHTML(html.includes("<html") ? html : `<html><body>${html}</body></html>`);
    const article = new Readability(document, { disableJSONLD: true }).parse();
    return clean(article?.content ?? "", lettersMax).text;
  } catch {
    // The parser and readability throw on markup they do not expect; the page's plain text is there.
    return "";
  }
}
