import type { Reply } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import { isObject, type JsonObject, tryParse } from "../lib/json.ts";
import { findPrivate, type PrivatePatterns } from "../router/privacy.ts";
import { type Freshness, freshnessWindows } from "../search/provider.ts";
import type { AskedSearch, Search, SearchOutcome } from "../search/search.ts";
import type { Exchange } from "./exchange.ts";
import { readBody, type ReadBodyParts, scopeOf, staysInside } from "./read-call.ts";

/** `POST /api/search {query, max_results?, freshness?, language?}`. Rejects with ProxyError. */
export type SearchPage = (exchange: Exchange) => Promise<Reply>;

export interface SearchPageParts extends ReadBodyParts {
  /** Undefined when nobody is there to ask. */
  readonly search: Pick<Search, "search"> | undefined;
  /** Whether all clients share what is found. */
  readonly isShared: boolean;
  /** Whether nothing may leave the house, whoever asks. */
  readonly isLocalOnly: boolean;
  /** What else must not: an operator's own patterns. Known forms of secrets are taken out of the query instead. */
  readonly patterns: PrivatePatterns["own"];
}

const resultsMost = 20;
const resultsByDefault = 5;
const queryLettersMax = 400;
const fields = ["query", "max_results", "freshness", "language"];

/** A page that searches the web as a model's call would, so that people can see what is found and what is sent. */
export function createSearchPage(parts: SearchPageParts): SearchPage {
  const { search, isShared } = parts;
  return async (exchange) => {
    const { record, signal } = exchange;
    const asked = askedFrom(await readBody(exchange, parts));
    const scope = scopeOf(record.keyName, isShared);
    if (staysInside(exchange, parts.isLocalOnly))
      throw new ProxyError(
        "local_only",
        "a web search leaves the house, and local_only keeps this call in it",
      );
    const [kept] = findPrivate(asked.question, { kinds: noKinds, own: parts.patterns }).kinds;
    if (kept !== undefined)
      throw new ProxyError(
        "local_only",
        `query: has what routing.private.patterns keeps in the house (${kept})`,
      );
    if (search === undefined)
      throw new ProxyError(
        "not_supported",
        "web search has no provider: set search.providers in config.yaml, for example a SearXNG of your own with its url, or Brave, Tavily, Serper or Ollama with a key",
      );
    const outcome = await search.search({ ...asked, scope }, signal);
    return {
      status: 200,
      contentType: "application/json; charset=utf-8",
      headers: { "Cache-Control": "no-store" },
      body: Buffer.from(JSON.stringify(shown(outcome))),
    };
  };
}

const noKinds: PrivatePatterns["kinds"] = new Set();

function askedFrom(bytes: Uint8Array): AskedSearch {
  const body = tryParse(Buffer.from(bytes).toString("utf8"));
  if (!isObject(body)) throw bad('expected a JSON object such as {"query": "..."}');
  const other = Object.keys(body).find((name) => !fields.includes(name));
  if (other !== undefined) throw bad(`${other.slice(0, 60)}: unknown; there are ${fields.join(", ")}`);
  const query = queryFrom(body);
  return {
    queries: [query],
    question: query,
    resultsMax: resultsMaxFrom(body),
    freshness: freshnessFrom(body),
    language: languageFrom(body),
  };
}

function queryFrom({ query }: JsonObject): string {
  if (typeof query !== "string" || query.trim() === "") throw bad("query: expected a text");
  if (query.length > queryLettersMax) throw bad(`query: expected at most ${queryLettersMax} characters`);
  return query;
}

function resultsMaxFrom({ max_results: said }: JsonObject): number {
  if (said === undefined || said === null) return resultsByDefault;
  if (typeof said !== "number" || !Number.isInteger(said) || said < 1 || said > resultsMost)
    throw bad(`max_results: expected a whole number from 1 to ${resultsMost}`);
  return said;
}

function freshnessFrom({ freshness: said }: JsonObject): Freshness | undefined {
  if (said === undefined || said === null) return undefined;
  const known = freshnessWindows.find((one) => one === said);
  if (known === undefined) throw bad(`freshness: expected one of ${freshnessWindows.join(", ")}`);
  return known;
}

function languageFrom({ language: said }: JsonObject): string | undefined {
  if (said === undefined || said === null) return undefined;
  if (typeof said !== "string" || !/^[a-z]{2}$/.test(said))
    throw bad("language: expected two letters of ISO 639-1 such as en");
  return said;
}

const bad = (text: string): ProxyError => new ProxyError("invalid_request", text);

function shown({ results, providers, isCached, isDegraded, reasons, queries, redacted }: SearchOutcome) {
  return {
    results: results.map(({ title, url, snippet, publishedMs, engine, score }) => ({
      title,
      url,
      snippet,
      ...(publishedMs === undefined ? {} : { published: new Date(publishedMs).toISOString() }),
      engine,
      score,
    })),
    providers,
    cached: isCached,
    query: queries[0] ?? "",
    redacted,
    degraded: isDegraded,
    reasons: reasons.map(({ provider, kind, message }) => ({ provider, reason: kind, message })),
  };
}
