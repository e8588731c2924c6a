import { createAsk } from "../ask.ts";
import { SearchError } from "../error.ts";
import type { KeyedProviderOptions, Provider } from "../provider.ts";
import { parsePublished } from "../published.ts";
import { answerObject, listIn, toResults } from "../results.ts";

const name = "tavily";
const countMax = 20;

/** Tavily, in its cheapest depth. What it calls content is taken from the page itself, so that none needs fetching. */
export function createTavily(options: KeyedProviderOptions): Provider {
  const ask = createAsk({
    ...options,
    url: options.url ?? "https://api.tavily.com",
    name,
    judge,
  });
  return {
    name,
    async search({ text, freshness, resultsMax }, signal) {
      const body = {
        query: text,
        search_depth: "basic",
        max_results: Math.min(resultsMax, countMax),
        include_answer: false,
        ...(freshness === undefined ? {} : { time_range: freshness }),
      };
      const headers = { authorization: `Bearer ${options.key}` };
      const answer = answerObject(
        await ask({ method: "POST", path: "/search", headers, body }, signal),
        name,
      );
      const nowMs = options.clock.epochMs();
      const pages = listIn(answer, "results", name).map((row) => ({
        title: row["title"],
        url: row["url"],
        snippet: row["content"],
        content: row["raw_content"] ?? row["content"],
        publishedMs: parsePublished(row["published_date"], nowMs),
      }));
      return toResults(name, pages, resultsMax);
    },
    close: ask.close,
  };
}

function judge(status: number): SearchError | undefined {
  if (status === 432) return new SearchError("denied", "tavily: the plan's limit is used up (HTTP 432)");
  if (status === 433)
    return new SearchError("denied", "tavily: the pay-as-you-go limit is reached (HTTP 433)");
  return undefined;
}
