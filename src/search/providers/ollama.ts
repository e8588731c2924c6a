import { createAsk } from "../ask.ts";
import type { KeyedProviderOptions, Provider } from "../provider.ts";
import { answerObject, listIn, toResults } from "../results.ts";

const name = "ollama";
const countMax = 10;

/** Ollama's web search; it knows neither dates nor languages, and sends much of each page. */
export function createOllamaSearch(options: KeyedProviderOptions): Provider {
  const ask = createAsk({
    ...options,
    url: options.url ?? "https://ollama.com",
    name,
  });
  return {
    name,
    async search({ text, resultsMax }, signal) {
      const body = { query: text, max_results: Math.min(resultsMax, countMax) };
      const headers = { authorization: `Bearer ${options.key}` };
      const value = await ask({ method: "POST", path: "/api/web_search", headers, body }, signal);
      const pages = listIn(answerObject(value, name), "results", name).map((row) => ({
        title: row["title"],
        url: row["url"],
        snippet: row["content"],
        content: row["content"],
      }));
      return toResults(name, pages, resultsMax);
    },
    close: ask.close,
  };
}
