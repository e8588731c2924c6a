import { isObject, type JsonObject } from "../../lib/json.ts";
import { createAsk } from "../ask.ts";
import { SearchError } from "../error.ts";
import type { Provider, ProviderOptions } from "../provider.ts";
import { answerObject, type FoundPage, objectsIn, textOf, toResults } from "../results.ts";

const name = "duckduckgo";

/** An address that it blocks stays blocked for about an hour. */
const blockedMs = 3_600_000;

/** DuckDuckGo's Instant Answers: encyclopaedic summaries, not web results, but without a key. Nothing is scraped. */
export function createDuckDuckGo(options: ProviderOptions): Provider {
  const ask = createAsk({
    ...options,
    url: options.url ?? "https://api.duckduckgo.com",
    name,
    judge,
  });
  return {
    name,
    async search({ text, resultsMax }, signal) {
      const parameters = new URLSearchParams({ q: text, format: "json", no_html: "1", skip_disambig: "1" });
      const value = await ask({ method: "GET", path: `/?${parameters.toString()}` }, signal);
      return toResults(name, pagesOf(answerObject(value, name)), resultsMax);
    },
    close: ask.close,
  };
}

/** 202 is its way to say that it takes the caller for a robot. */
function judge(status: number): SearchError | undefined {
  if (status !== 202) return undefined;
  return new SearchError("limited", "duckduckgo blocks this address for a while", {
    retryAfterMs: blockedMs,
  });
}

function pagesOf(answer: JsonObject): FoundPage[] {
  const heading = answer["Heading"];
  const said: FoundPage[] = [
    { title: heading, url: answer["AbstractURL"], snippet: answer["AbstractText"] },
    { title: heading, url: answer["DefinitionURL"], snippet: answer["Definition"] },
  ].filter(({ snippet }) => textOf(snippet) !== "");
  const topics = [...objectsIn(answer["Results"]), ...topicsIn(answer)];
  return [...said, ...topics.map(topicPage)];
}

/** Topics come alone or in groups. */
function topicsIn(answer: JsonObject): JsonObject[] {
  return objectsIn(answer["RelatedTopics"]).flatMap((topic) =>
    isObject(topic) && Array.isArray(topic["Topics"]) ? objectsIn(topic["Topics"]) : [topic],
  );
}

/** A topic's title is what stands before the first dash of its text. */
function topicPage(topic: JsonObject): FoundPage {
  const text = textOf(topic["Text"]);
  return { title: text.split(" - ")[0] ?? text, url: topic["FirstURL"], snippet: text };
}
