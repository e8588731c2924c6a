import { openCache, type OpenCache } from "../cache/open.ts";
import type { GivenAnswer } from "../cache/recent.ts";
import { createPolicy, type KeyParts, placeOf } from "../cache/policy.ts";
import { hasTimeWords } from "../cache/time-words.ts";
import { cacheOptions, policyOptions, semanticOptions } from "../config/cache-options.ts";
import type { Loaded } from "../config/load.ts";
import type { Call } from "../core/call.ts";
import { dialects } from "../dialect/dialects.ts";
import { type CachePages, createCachePages } from "../http/cache-pages.ts";
import { cacheStats, type CacheView } from "../http/cache-stats.ts";
import type { Logger } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import type { Answer } from "../pipeline/answer.ts";
import { createCachingAnswer } from "../pipeline/caching.ts";
import { createEmbed, createJudge } from "../pipeline/encoder.ts";
import type { FlownAnswer } from "../pipeline/fly.ts";
import { createAskInside } from "../pipeline/inner-call.ts";
import { createMeaning, type Meaning } from "../pipeline/meaning.ts";
import type { Registry } from "../upstream/registry.ts";

/** The cache and all that belongs to it, for as long as the daemon runs. */
export interface Caching {
  readonly cache: OpenCache<FlownAnswer>;
  /** Undefined when questions are not compared by their meaning. */
  readonly meaning: Meaning | undefined;
  /** What statistics show. */
  readonly view: CacheView;
  readonly pages: CachePages;
  /** Takes an answer away that was wrong for who was given it. */
  readonly reject: (given: GivenAnswer) => void;
  readonly clock: Clock;
  /** Never rejects. */
  readonly close: () => Promise<void>;
}

export interface CachingParts {
  readonly clock: Clock;
  readonly log: () => Logger;
  /** What asks now: reading the configuration anew replaces it. */
  readonly now: () => Asking;
}

export function openCaching(loaded: Loaded, parts: CachingParts): Caching {
  const { clock } = parts;
  const cache = openCache<FlownAnswer>(cacheOptions(loaded), parts);
  const meaning = openMeaning(loaded, cache, parts);
  const view = { ...cache, semantic: () => meaning?.state() };
  return {
    cache,
    meaning,
    view,
    pages: createCachePages({ care: cache.care, clock, counted: () => cacheStats(view) }),
    reject(given) {
      if (meaning !== undefined) return meaning.reject(given);
      cache.cache.remove(given.askedKey);
      cache.cache.remove(given.knownKey);
    },
    clock,
    async close() {
      await Promise.all([cache.close(), meaning?.close()]);
    },
  };
}

export interface Asking {
  readonly registry: Registry;
  /** Asks an upstream, past the cache. */
  readonly ask: Answer;
}

/** A line whose answers are stored. */
export interface CachedLine extends Asking {
  /** What else than its body makes two of its calls different ones; such calls are not compared by their meaning. */
  readonly variantOf?: (call: Call) => string;
}

function keysOf({ secret }: OpenCache<FlownAnswer>, registry: () => Registry): KeyParts {
  return {
    secret: secret.secret,
    epoch: secret.epoch,
    digestOf: (model, upstream) => registry().factsOf(model, upstream).digest,
  };
}

/** The straight line with the cache before it. */
export function cachingAnswer(
  loaded: Loaded,
  caching: Caching,
  { registry, ask, variantOf }: CachedLine,
): Answer {
  const { cache, clock } = caching;
  const meaning = variantOf === undefined ? caching.meaning : undefined;
  const keys = { ...keysOf(cache, () => registry), ...(variantOf === undefined ? {} : { variantOf }) };
  return createCachingAnswer({
    ...cache,
    meaning,
    ask,
    policy: createPolicy(policyOptions(loaded), keys),
    placeOf: (call, wire) => placeOf(call, keys, wire),
    models: {
      keyOf: registry.keyOf,
      contextOf: (model) => registry.factsOf(model).contextTokens,
      isLoaded: (model) => registry.factsOf(model).isLoaded,
      digestOf: (model) => registry.factsOf(model).digest,
    },
    isAboutNow,
    clock,
  });
}

/** Whether the last thing the user said is about the present. */
function isAboutNow({ dialect, wire, operation }: Call): boolean {
  const { messages } = dialects[dialect].decodeRequest(wire, operation);
  return hasTimeWords(messages.findLast((message) => message.role === "user")?.text ?? "");
}

/** Compares questions by their meaning, when the configuration wants that; for as long as the daemon runs. */
function openMeaning(
  loaded: Loaded,
  cache: OpenCache<FlownAnswer>,
  { clock, log, now }: CachingParts,
): Meaning | undefined {
  const options = semanticOptions(loaded);
  if (options === undefined) return undefined;
  const { encoder, judge = encoder.model, search } = options;
  const keys = keysOf(cache, () => now().registry);
  const askInside = createAskInside((...asked) => now().ask(...asked));
  return createMeaning({
    options: search,
    cache: cache.cache,
    placeOf: (call, wire) => placeOf(call, keys, wire),
    epoch: cache.secret.epoch,
    encoderDigest: () => now().registry.factsOf(encoder.model).digest,
    embed: createEmbed(askInside, encoder),
    judge: createJudge(askInside, judge),
    isIdle: () =>
      now().registry.upstreams.every(({ inference }) => inference.inFlight + inference.queued === 0),
    clock,
    log,
  });
}
