import type { Signal } from "../lib/abort.ts";
import type { Clock } from "../lib/time.ts";

/** How old a result may be. */
export type Freshness = "day" | "week" | "month" | "year";

export const freshnessWindows: readonly Freshness[] = ["day", "week", "month", "year"];

/** What a provider is asked; nothing in it is secret any more. */
export interface SearchQuery {
  /** At most 300 characters. */
  readonly text: string;
  readonly freshness?: Freshness | undefined;
  /** Two letters of ISO 639-1, e.g. `de`. */
  readonly language?: string | undefined;
  /** How many results are wanted; a provider may give fewer. */
  readonly resultsMax: number;
}

/** One result, the same for all providers. All texts are plain: no markup, no line breaks except in `content`. */
export interface SearchResult {
  readonly title: string;
  /** http or https, without credentials. */
  readonly url: string;
  readonly snippet: string;
  /** Text of the page itself, from providers that send it. */
  readonly content?: string | undefined;
  readonly publishedMs?: number | undefined;
  /** Who found it: the provider, or the engine that the provider asked. */
  readonly engine: string;
  /** Place in the provider's list, from 1. */
  readonly rank: number;
}

/** A search engine. */
export interface Provider {
  readonly name: string;
  /** Rejects with SearchError, or with the signal's reason once that is aborted. Never follows a redirect. */
  search(query: SearchQuery, signal: Signal): Promise<SearchResult[]>;
  /** Closes idle connections. */
  close(): void;
}

/** What every provider is built from. */
export interface ProviderOptions {
  /** Base URL, in place of the provider's own. */
  readonly url?: string | undefined;
  readonly clock: Clock;
  /** From sending a query to having read the whole answer, in milliseconds; 4 s when left out. */
  readonly timeoutMs?: number | undefined;
}

/** What a provider that knows its callers by a key is built from. */
export interface KeyedProviderOptions extends ProviderOptions {
  readonly key: string;
}
