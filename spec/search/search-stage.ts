import { createAbort, type Signal } from "../../src/lib/abort.ts";
import { SearchError, type SearchFaultKind } from "../../src/search/error.ts";
import type { FetchPage } from "../../src/search/pages.ts";
import type { Provider, SearchQuery, SearchResult } from "../../src/search/provider.ts";
import { type AskedSearch, createSearch, type SearchOptions } from "../../src/search/search.ts";
import { createFakeClock } from "../support/fake-clock.ts";

export const result = (host: string, rank = 1, more: Partial<SearchResult> = {}): SearchResult => ({
  title: host,
  url: `https://${host}.example/`,
  snippet: `about ${host}`,
  engine: "e",
  rank,
  ...more,
});

export type Behaviour = (query: SearchQuery, signal: Signal) => Promise<SearchResult[]>;

export const finds =
  (...hosts: string[]): Behaviour =>
  async () =>
    hosts.map((host, at) => result(host, at + 1));

export const fails =
  (kind: SearchFaultKind, retryAfterMs?: number): Behaviour =>
  async () => {
    throw new SearchError(kind, `it is ${kind}`, { retryAfterMs });
  };

export const hangs: Behaviour = (_, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });

/** A provider that does what it is told, and remembers what it was asked. */
export function scripted(name: string, behaviour: Behaviour) {
  const asked: SearchQuery[] = [];
  const signals: Signal[] = [];
  const self = {
    name,
    asked,
    signals,
    behaviour,
    closed: false,
    search(query: SearchQuery, signal: Signal) {
      asked.push(query);
      signals.push(signal);
      return self.behaviour(query, signal);
    },
    close: () => void (self.closed = true),
  };
  return self satisfies Provider;
}

/** A search with a clock and a log of its own. */
export function stage(providers: Provider[], options: SearchOptions = {}, fetchPage?: FetchPage) {
  const clock = createFakeClock();
  const warned: unknown[] = [];
  const search = createSearch({
    providers,
    clock,
    random: () => 0,
    log: { warn: (message, fields) => void warned.push([message, fields]) },
    options,
    fetchPage,
  });
  const ask = (more: Partial<AskedSearch> = {}, signal: Signal = createAbort().signal) =>
    search.search({ queries: ["llama"], question: "llama", ...more }, signal);
  const hosts = async (more: Partial<AskedSearch> = {}) =>
    (await ask(more)).results.map(({ title }) => title);
  return { clock, warned, search, ask, hosts };
}
