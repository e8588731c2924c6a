import { z } from "zod";
import { parseUpstreamUrl } from "../lib/address.ts";
import { between, count, duration, expected, listOfSections, parsed, text, wait } from "./fields.ts";

const providers = ["searxng", "brave", "tavily", "serper", "ollama", "duckduckgo"] as const;

const provider = z.strictObject({
  type: z.enum(providers, expected(`one of ${providers.join(", ")}`)),
  /** Where it is; SearXNG has no usual place. */
  url: parsed("an address such as http://127.0.0.1:8888", parseUpstreamUrl).optional(),
  api_key: text("a key").optional(),
  api_key_file: text("a path").optional(),
});

/** The section `search`. */
export const searchSchema = z.strictObject({
  /** In the order in which they are asked. */
  providers: listOfSections(provider, "{ type: brave, api_key_file: /run/secrets/brave }"),
  /** fallback: the next one when one has nothing; merge: all at once. */
  mode: z.enum(["fallback", "merge"], expected("fallback or merge")).default("fallback"),
  /** Longest wait for a provider, */
  provider_timeout: wait("4s"),
  /** and for all of a search, with its pages; no provider is waited for longer. */
  timeout: wait("10s"),
  /** How long results are good. */
  ttl: duration("10m"),
  /** Most requests to one provider in a day, UTC; 0 means none. */
  per_day: count(1_000),
  /** Pages that are fetched and read, no more than a search can wait for; 0 leaves it at the snippets. */
  pages: between(0, 5).default(0),
});
