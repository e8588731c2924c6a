import { formatHostPort } from "../lib/address.ts";
import type { Loaded } from "./load.ts";

/** How the web is searched; undefined when nobody is there to ask. Read at the start only. */
export function searchOptions({ config, secrets }: Loaded) {
  const { search, server, upstreams } = config;
  if (search.providers.length === 0) return undefined;
  return {
    providers: search.providers.map(({ type, url }, index) => ({
      type,
      url,
      key: secrets.searchKeys[index] ?? "",
      timeoutMs: Math.min(search.provider_timeout, search.timeout),
    })),
    search: {
      mode: search.mode,
      cacheTtlMs: search.ttl,
      perDayMax: search.per_day,
      timeoutMs: search.timeout,
      pagesMax: search.pages,
    },
    // A page that a stranger names must not lead to what stands in the house.
    hostsRefused: [
      formatHostPort(server.listen),
      ...[...upstreams, ...search.providers].flatMap(({ url }) => url ?? []),
    ],
  };
}
