import { describe, expect, it } from "vitest";
import { searchOptions } from "../../src/config/search-options.ts";
import { load, problemsOf } from "../support/configuration.ts";

describe("what contradicts itself about searches and secrets", () => {
  it.each([
    ["search: { pages: 6 }", "config.yaml:1:11: search.pages: expected a whole number from 0 to 5"],
    [
      "search: { providers: [{ type: brave, api_key: a, api_key_file: DIR/key }] }",
      "config.yaml:1:23: search.providers.0: takes one of api_key and api_key_file",
    ],
    [
      "search: { providers: [{ type: duckduckgo, api_key: a }] }",
      "config.yaml:1:43: search.providers.0.api_key: duckduckgo takes no key",
    ],
    [
      "search: { providers: [{ type: searxng, url: 'http://a', api_key_file: DIR/key }] }",
      "search.providers.0.api_key_file: searxng takes no key",
    ],
    [
      "upstreams: [{ url: a, api_key: a, api_key_file: DIR/key }]",
      "config.yaml:1:13: upstreams.0: takes one of api_key and api_key_file",
    ],
    [
      "cache: { redis: { url: 'redis://a', password: a, password_file: DIR/key } }",
      "config.yaml:1:10: cache.redis: takes one of password and password_file",
    ],
  ])("%j is told %j", (yaml, want) => {
    expect(problemsOf({ yaml, files: { key: "secret" } })).toEqual([expect.stringContaining(want)]);
  });
});

describe("how long a provider is waited for", () => {
  const waitWith = (more: string): number | undefined => {
    const yaml = `search: { providers: [{ type: duckduckgo }]${more} }`;
    return searchOptions(load({ yaml }))?.providers[0]?.timeoutMs;
  };

  it("is what is said, and never longer than the whole search", () => {
    expect([waitWith(""), waitWith(", timeout: 2s"), waitWith(", provider_timeout: 3s")]).toEqual([
      4_000, 2_000, 3_000,
    ]);
  });
});
