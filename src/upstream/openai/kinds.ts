import { ProxyError } from "../../core/error.ts";
import type { Flavour } from "../../dialect/openai/outgoing-options.ts";
import type { JsonObject } from "../../lib/json.ts";
import { askJson, fetchJson, type Lists } from "../models.ts";
import type { Pool } from "../pool.ts";
import type { ModelList } from "../upstream.ts";
import { isLoadedAt, isRouter, listsOf, llamaModels, openaiModels, openrouterModels } from "./lists.ts";

/** What differs from one kind of OpenAI-compatible server to the next. */
export interface Kind {
  readonly flavour: Flavour;
  /** Before the paths of OpenAI's API. */
  readonly prefix: string;
  /** Whether it refuses fields that are not OpenAI's own. */
  readonly isStrict: boolean;
  /** Whether it answers `/responses` itself. */
  readonly hasResponses: boolean;
  /** Asks for a sign of life. Rejects with ProxyError when there is none. */
  readonly ask: () => Promise<void>;
  readonly fetchLists: (before: ModelList) => Promise<Lists>;
  /** Whether one model answers to every name, as last seen. */
  readonly isSingle: () => boolean;
  /** Takes a model out of its memory, where that can be asked for. */
  readonly unload: ((id: string) => Promise<void>) | undefined;
}

export interface KindParts {
  readonly pool: Pool;
  readonly waitMs: number;
  readonly url: string;
}

const json = { accept: "application/json", "content-type": "application/json" };

export function llamaServerKind({ pool, waitMs, url }: KindParts): Kind {
  let router = false;
  return {
    flavour: "llama-server",
    prefix: prefixFor(url),
    isStrict: false,
    hasResponses: false,
    // While it loads it says so to every question: one that lists its models has loaded, whatever its health page says.
    ask: async () => {
      await fetchJson(pool, "/health", waitMs).catch(() =>
        fetchJson(pool, `${prefixFor(url)}/models`, waitMs),
      );
    },
    async fetchLists() {
      const list = await fetchJson(pool, `${prefixFor(url)}/models`, waitMs);
      router = isRouter(list);
      const props = router ? undefined : await fetchJson(pool, "/props", waitMs).catch(unknownProps);
      return listsOf(llamaModels(list, props), isLoadedAt(list));
    },
    isSingle: () => !router,
    unload: async (id) => {
      if (!router) return;
      const body = Buffer.from(JSON.stringify({ model: id }));
      const attempt = { method: "POST", path: "/models/unload", headers: json, body, repeatable: true };
      await askJson(pool, attempt, waitMs);
    },
  };
}

/** The page can be switched off, or wants a key that we were not given. */
const unknownProps = (thrown: unknown): undefined => {
  if (!(thrown instanceof ProxyError)) throw thrown;
  return undefined;
};

/** Hosts that refuse what they do not know; those who copy them mostly pass it over. */
const strictHosts = new Set(["api.openai.com", "api.groq.com"]);

export function openaiKind({ pool, waitMs, url }: KindParts): Kind {
  const prefix = prefixFor(url);
  const fetchModels = (): Promise<JsonObject> => fetchJson(pool, `${prefix}/models`, waitMs);
  return {
    flavour: "openai",
    prefix,
    isStrict: strictHosts.has(new URL(url).hostname),
    hasResponses: true,
    ask: async () => void (await fetchModels()),
    fetchLists: async () => listsOf(openaiModels(await fetchModels()), () => false),
    isSingle: () => false,
    unload: undefined,
  };
}

export interface OpenRouterParts extends KindParts {
  readonly isAllowed: (id: string) => boolean;
  /** How long a list with its prices is good, in milliseconds. */
  readonly listAgeMaxMs: number;
  readonly nowMs: () => number;
}

export function openrouterKind(parts: OpenRouterParts): Kind {
  const { pool, waitMs, url, isAllowed, listAgeMaxMs, nowMs } = parts;
  let fetchedMs = Number.NEGATIVE_INFINITY;
  const host = new URL(url).origin;
  return {
    flavour: "openrouter",
    prefix: "",
    isStrict: false,
    hasResponses: false,
    // Only this page tells whether the key is good: the list of models is there for everyone.
    ask: async () => void (await fetchJson(pool, "/key", waitMs)),
    async fetchLists(before) {
      if (nowMs() - fetchedMs < listAgeMaxMs && before.seenAtMs !== undefined) return before;
      const [chat, embedding] = await Promise.all([
        fetchJson(pool, "/models", waitMs),
        fetchJson(pool, "/embeddings/models", waitMs).catch(unknownProps),
      ]);
      fetchedMs = nowMs();
      const models = [chat, ...(embedding === undefined ? [] : [embedding])];
      return listsOf(
        models.flatMap((list) => openrouterModels(list, { isAllowed, host })),
        () => false,
      );
    },
    isSingle: () => false,
    unload: undefined,
  };
}

/** An address that ends with a version is the base of the API already. */
const prefixFor = (url: string): string => (/\/v\d+\/*$/.test(new URL(url).pathname) ? "" : "/v1");
