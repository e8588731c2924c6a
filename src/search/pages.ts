import type { Signal } from "../lib/abort.ts";
import type { SearchResult } from "./provider.ts";

/** The text of a page, or why there is none. */
export type FetchedPage =
  | {
      readonly title?: string | undefined;
      readonly text: string;
      readonly publishedMs?: number | undefined;
      readonly fault?: undefined;
    }
  | { readonly fault: string };

/** Fetches a page from the web; resolves with a fault when that fails. */
export type FetchPage = (url: string, signal: Signal) => Promise<FetchedPage>;

/** The page's text beside the snippet; the result as it was when the page cannot be had before the signal aborts. */
export async function withPage<Result extends SearchResult>(
  result: Result,
  fetchPage: FetchPage,
  signal: Signal,
): Promise<Result> {
  const fetched = fetchPage(result.url, signal).catch((): FetchedPage => ({ fault: "failed" }));
  const page = await untilAborted(fetched, signal);
  if (page === undefined || page.fault !== undefined || page.text.trim() === "") return result;
  const publishedMs = result.publishedMs ?? page.publishedMs;
  return { ...result, content: page.text, ...(publishedMs === undefined ? {} : { publishedMs }) };
}

/** What the work gives, or undefined as soon as the signal aborts, whether the work heeds it or not. */
function untilAborted<T>(work: Promise<T>, signal: Signal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return resolve(undefined);
    const quit = (): void => resolve(undefined);
    signal.addEventListener("abort", quit);
    work.finally(() => signal.removeEventListener("abort", quit)).then(resolve, reject);
  });
}
