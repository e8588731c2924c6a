import type { Loaded } from "../config/load.ts";
import { searchOptions } from "../config/search-options.ts";
import type { Logger } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import { createPageFetcher } from "../search/fetch/fetch.ts";
import type { Provider } from "../search/provider.ts";
import { createBrave } from "../search/providers/brave.ts";
import { createDuckDuckGo } from "../search/providers/duckduckgo.ts";
import { createOllamaSearch } from "../search/providers/ollama.ts";
import { createSearxng } from "../search/providers/searxng.ts";
import { createSerper } from "../search/providers/serper.ts";
import { createTavily } from "../search/providers/tavily.ts";
import { createSearch, type Search } from "../search/search.ts";

/** Who searches the web, for as long as the daemon runs. */
export interface Searching {
  /** Undefined when the configuration names no provider. */
  readonly search: Search | undefined;
  readonly close: () => void;
}

export interface SearchingParts {
  readonly clock: Clock;
  readonly log: () => Logger;
}

export function openSearching(loaded: Loaded, { clock, log }: SearchingParts): Searching {
  const options = searchOptions(loaded);
  if (options === undefined) return { search: undefined, close: () => undefined };
  const providers = options.providers.map((one) => createProvider({ ...one, clock }));
  const readsPages = options.search.pagesMax > 0;
  const fetcher = readsPages ? createPageFetcher(options, { clock }) : undefined;
  const search = createSearch({
    providers,
    clock,
    random: Math.random,
    log: { warn: (...said) => log().warn(...said) },
    options: options.search,
    fetchPage: fetcher === undefined ? undefined : (url, signal) => fetcher.fetch(url, signal),
  });
  return {
    search,
    close() {
      search.close();
      fetcher?.close();
    },
  };
}

type ProviderSaid = NonNullable<ReturnType<typeof searchOptions>>["providers"][number] & {
  readonly clock: Clock;
};

function createProvider({ type, url, ...said }: ProviderSaid): Provider {
  const options = { ...said, url };
  const created: Record<ProviderSaid["type"], () => Provider> = {
    searxng: () => createSearxng({ ...said, url: url ?? "" }),
    brave: () => createBrave(options),
    tavily: () => createTavily(options),
    serper: () => createSerper(options),
    ollama: () => createOllamaSearch(options),
    duckduckgo: () => createDuckDuckGo(options),
  };
  return created[type]();
}
