import { isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { createAsk, type Told } from "../ask.ts";
import { SearchError } from "../error.ts";
import type { Freshness, KeyedProviderOptions, Provider } from "../provider.ts";
import { parsePublished } from "../published.ts";
import { answerObject, type FoundPage, objectsIn, textOf, toResults } from "../results.ts";

const name = "serper";
const countMax = 20;

const within: Readonly<Record<Freshness, string>> = { day: "d", week: "w", month: "m", year: "y" };

/** Serper, which asks Google: the answer box and the knowledge panel come before the list. */
export function createSerper(options: KeyedProviderOptions): Provider {
  const ask = createAsk({
    ...options,
    url: options.url ?? "https://google.serper.dev",
    name,
    judge,
  });
  return {
    name,
    async search({ text, freshness, language, resultsMax }, signal) {
      const body = {
        q: text,
        num: Math.min(resultsMax, countMax),
        ...(language === undefined ? {} : { hl: language }),
        ...(freshness === undefined ? {} : { tbs: `qdr:${within[freshness]}` }),
      };
      const headers = { "x-api-key": options.key };
      const answer = answerObject(
        await ask({ method: "POST", path: "/search", headers, body }, signal),
        name,
      );
      return toResults(name, pagesOf(answer, options.clock.epochMs()), resultsMax);
    },
    close: ask.close,
  };
}

function pagesOf(answer: JsonObject, nowMs: number): FoundPage[] {
  const list = objectsIn(answer["organic"]).map((row): FoundPage => ({
    title: row["title"],
    url: row["link"],
    snippet: row["snippet"],
    publishedMs: parsePublished(row["date"], nowMs),
  }));
  return [...answerBox(answer["answerBox"]), ...knowledge(answer["knowledgeGraph"]), ...list];
}

function answerBox(box: Json | undefined): FoundPage[] {
  if (!isObject(box)) return [];
  return [{ title: box["title"], url: box["link"], snippet: box["answer"] ?? box["snippet"] }];
}

/** The panel counts only with an address that can be named as its source. */
function knowledge(panel: Json | undefined): FoundPage[] {
  if (!isObject(panel)) return [];
  const attributes = isObject(panel["attributes"]) ? Object.entries(panel["attributes"]) : [];
  const facts = attributes.map(([key, value]) => `${key}: ${textOf(value)}.`);
  const snippet = [textOf(panel["description"]), ...facts].filter(Boolean).join(" ");
  const title = [panel["title"], panel["type"]].map(textOf).filter(Boolean).join(": ");
  return [{ title, url: panel["descriptionLink"] ?? panel["website"], snippet }];
}

/** It says "Not enough credits" with status 400, as if the query were wrong. */
function judge(status: number, { body }: Told): SearchError | undefined {
  const isUnpaid = status === 400 && isObject(body) && /credit/i.test(textOf(body["message"]));
  return isUnpaid ? new SearchError("denied", "serper: no credits are left") : undefined;
}
