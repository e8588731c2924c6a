import { isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { createAsk } from "../ask.ts";
import { cut } from "../plain.ts";
import type { Freshness, KeyedProviderOptions, Provider, SearchQuery, SearchResult } from "../provider.ts";
import { parsePublished } from "../published.ts";
import { answerObject, type FoundPage, objectsIn, textOf, toResults } from "../results.ts";

const name = "brave";
const countMax = 20;
const wordsMax = 50;
const lettersMax = 400;

const freshness: Readonly<Record<Freshness, string>> = { day: "pd", week: "pw", month: "pm", year: "py" };

/** Languages that Brave calls otherwise than ISO does; it refuses the whole search for one it does not know. */
const searchLanguages: Readonly<Record<string, string>> = { ja: "jp", zh: "zh-hans", pt: "pt-pt" };
const plainLanguages = new Set("ar cs da de el en es fi fr he hu it ko nl no pl ru sv tr uk".split(" "));

/** Brave Search. Its words for a match are set in tags even when asked not to be; they are removed. */
export function createBrave(options: KeyedProviderOptions): Provider {
  const ask = createAsk({
    ...options,
    url: options.url ?? "https://api.search.brave.com",
    name,
  });
  return {
    name,
    async search(query, signal) {
      const path = `/res/v1/web/search?${parametersOf(query)}`;
      const headers = { "x-subscription-token": options.key };
      const value = await ask({ method: "GET", path, headers }, signal);
      return resultsOf(value, query.resultsMax, options.clock.epochMs());
    },
    close: ask.close,
  };
}

function parametersOf({ text, resultsMax, ...query }: SearchQuery): string {
  const words = cut(text, lettersMax).split(" ").slice(0, wordsMax).join(" ");
  const parameters = new URLSearchParams({
    q: words,
    count: String(Math.min(resultsMax, countMax)),
    text_decorations: "false",
    extra_snippets: "true",
    result_filter: "web,news",
  });
  const language = languageOf(query.language);
  if (language !== undefined) parameters.set("search_lang", language);
  if (query.freshness !== undefined) parameters.set("freshness", freshness[query.freshness]);
  return parameters.toString();
}

function languageOf(language: string | undefined): string | undefined {
  if (language === undefined) return undefined;
  return searchLanguages[language] ?? (plainLanguages.has(language) ? language : undefined);
}

function resultsOf(value: Json, resultsMax: number, nowMs: number): SearchResult[] {
  const answer = answerObject(value, name);
  const rows = [...rowsOf(answer["web"]), ...rowsOf(answer["news"])];
  return toResults(
    name,
    rows.map((row) => pageOf(row, nowMs)),
    resultsMax,
  );
}

const rowsOf = (part: Json | undefined): JsonObject[] => (isObject(part) ? objectsIn(part["results"]) : []);

function pageOf(row: JsonObject, nowMs: number): FoundPage {
  const extra = Array.isArray(row["extra_snippets"]) ? row["extra_snippets"] : [];
  return {
    title: row["title"],
    url: row["url"],
    snippet: [row["description"], ...extra].map(textOf).filter(Boolean).join(" "),
    publishedMs: parsePublished(row["page_age"], nowMs) ?? parsePublished(row["age"], nowMs),
  };
}
