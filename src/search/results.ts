import { isObject, type Json, type JsonObject } from "../lib/json.ts";
import { SearchError } from "./error.ts";
import { plainLine, plainText } from "./plain.ts";
import type { SearchResult } from "./provider.ts";

const titleLettersMax = 300;
const snippetLettersMax = 1_000;
const contentLettersMax = 40_000;
const urlLettersMax = 2_000;

/** What a provider said of one page, before it is checked. */
export interface FoundPage {
  readonly title: Json | undefined;
  readonly url: Json | undefined;
  readonly snippet: Json | undefined;
  readonly content?: Json | undefined;
  readonly publishedMs?: number | undefined;
  readonly engine?: Json | undefined;
}

/** Checked, cleaned, and numbered from 1. Pages without a web address are left out. */
export function toResults(provider: string, pages: readonly FoundPage[], resultsMax: number): SearchResult[] {
  const results: SearchResult[] = [];
  for (const page of pages) {
    const url = webAddress(page.url);
    if (url === undefined) continue;
    if (results.length === resultsMax) break;
    const title = plainLine(textOf(page.title), titleLettersMax);
    const content = plainText(textOf(page.content), contentLettersMax);
    results.push({
      title: title === "" ? url : title,
      url,
      snippet: plainLine(textOf(page.snippet), snippetLettersMax),
      ...(content === "" ? {} : { content }),
      ...(page.publishedMs === undefined ? {} : { publishedMs: page.publishedMs }),
      engine: plainLine(textOf(page.engine), 60) || provider,
      rank: results.length + 1,
    });
  }
  return results;
}

function webAddress(value: Json | undefined): string | undefined {
  if (typeof value !== "string" || value.length > urlLettersMax || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  if (!/^https?:$/.test(url.protocol)) return undefined;
  return url.username === "" && url.password === "" ? url.href : undefined;
}

/** A text, or nothing for what is none. */
export const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : "");

/** The objects in a list; nothing for what is no list. */
export const objectsIn = (value: Json | undefined): JsonObject[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

/** The answer as an object; throws SearchError for anything else. */
export function answerObject(value: Json, name: string): JsonObject {
  if (!isObject(value)) throw new SearchError("broken", `${name} answered with JSON of another shape`);
  return value;
}

/** The list that an answer must have; throws SearchError when it has none. */
export function listIn(answer: JsonObject, key: string, name: string): JsonObject[] {
  if (!Array.isArray(answer[key])) throw new SearchError("broken", `${name} answered without ${key}`);
  return objectsIn(answer[key]);
}
