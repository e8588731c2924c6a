import { createAsk, type Told } from "../ask.ts";
import { SearchError } from "../error.ts";
import type { Freshness, Provider, ProviderOptions, SearchQuery } from "../provider.ts";
import { parsePublished } from "../published.ts";
import { answerObject, type FoundPage, listIn, objectsIn, textOf, toResults } from "../results.ts";
import type { Json, JsonObject } from "../../lib/json.ts";

export interface SearxngOptions extends ProviderOptions {
  readonly url: string;
  /** Engines that the instance is to ask; its own choice when left out. */
  readonly engines?: readonly string[] | undefined;
  readonly safeSearch?: 0 | 1 | 2 | undefined;
}

const name = "searxng";

/** It knows no week, so a month is asked for; newer pages are put before older ones later. */
const timeRange: Readonly<Record<Freshness, string>> = {
  day: "day",
  week: "month",
  month: "month",
  year: "year",
};

/** SearXNG, which people run themselves; it must be told to answer with JSON. Asked by POST: its log keeps addresses. */
export function createSearxng(options: SearxngOptions): Provider {
  const ask = createAsk({ ...options, name, judge });
  return {
    name,
    async search(query, signal) {
      const text = withoutCommands(query.text);
      if (text === "") return [];
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const body = formOf({ ...query, text }, options);
      const value = await ask({ method: "POST", path: "/search", headers, body }, signal);
      return resultsOf(value, query.resultsMax, options.clock.epochMs());
    },
    close: ask.close,
  };
}

/** `!bang`, `:language` and `<timeout` change what SearXNG does, wherever they stand; `!!` makes it redirect. */
const withoutCommands = (text: string): string =>
  text
    .replace(/(^|\s)[!:<]+/g, "$1")
    .replace(/\s+/g, " ")
    .trim();

function formOf(query: SearchQuery, { engines, safeSearch }: SearxngOptions): string {
  const form = new URLSearchParams({ q: query.text, format: "json", categories: "general", pageno: "1" });
  if (query.language !== undefined) form.set("language", query.language);
  if (query.freshness !== undefined) form.set("time_range", timeRange[query.freshness]);
  if (safeSearch !== undefined) form.set("safesearch", String(safeSearch));
  if (engines !== undefined && engines.length > 0) form.set("engines", engines.join(","));
  return form.toString();
}

function judge(status: number, { retryAfterMs }: Told): SearchError | undefined {
  if (status === 403)
    return new SearchError(
      "denied",
      "searxng refuses to answer with JSON; in its settings.yml set\nsearch:\n  formats: [html, json]\nand restart it",
    );
  if (status === 429)
    return new SearchError(
      "limited",
      "searxng limits requests; in its settings.yml set server.limiter: false, or list this machine under botdetection.ip_lists.pass_ip",
      { retryAfterMs },
    );
  return undefined;
}

function resultsOf(value: Json, resultsMax: number, nowMs: number) {
  const answer = answerObject(value, name);
  const pages = listIn(answer, "results", name).map((row) => pageOf(row, nowMs));
  const answers = objectsIn(answer["answers"]).map((row): FoundPage => ({
    title: "Answer",
    url: row["url"],
    snippet: row["answer"],
  }));
  const results = toResults(name, [...answers, ...pages], resultsMax);
  const silent = answer["unresponsive_engines"];
  if (results.length === 0 && Array.isArray(silent) && silent.length > 0)
    throw new SearchError(
      "degraded",
      `searxng found nothing: ${silent.length} of its engines did not answer`,
    );
  return results;
}

function pageOf(row: JsonObject, nowMs: number): FoundPage {
  const engine = textOf(row["engine"]);
  return {
    title: row["title"],
    url: row["url"],
    snippet: row["content"],
    publishedMs: parsePublished(row["publishedDate"], nowMs),
    engine: engine === "" ? name : `${name}:${engine}`,
  };
}
