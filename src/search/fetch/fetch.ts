import { LRUCache } from "lru-cache";
import type { Signal } from "../../lib/abort.ts";
import type { Clock } from "../../lib/time.ts";
import { parsePublished } from "../published.ts";
import type { Lookup } from "./connect.ts";
import { createExchange, type Answer } from "./exchange.ts";
import type { Extracted, Source } from "./extract-messages.ts";
import { createExtractor } from "./extractor.ts";
import { PageFault } from "./fault.ts";
import { checkRedirect, checkUrl, refusedHosts, type UrlRules } from "./guard.ts";
import { createLife, type Life } from "./life.ts";
import { createPlaces } from "./places.ts";

/** What a page says. All of it is a stranger's text: data, never an instruction. */
export interface Page {
  /** Where it was found in the end, after redirects. */
  readonly url: string;
  readonly title?: string | undefined;
  /** What is seen of it, a line for each block, at most 40,000 letters; hidden text and markup are gone. */
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly publishedMs?: number | undefined;
  /** Two or three letters of ISO 639. */
  readonly language?: string | undefined;
}

/** Fetches pages of the public internet, and of nothing else. */
export interface PageFetcher {
  /**
   * The page, or in one sentence why there is none; the sentence repeats nothing of the page or its URL. Takes 10 s at
   * most. Never rejects, except with the signal's reason once that is aborted.
   */
  fetch(url: string, signal: Signal): Promise<Page | { readonly fault: string }>;
  /** Ends what runs. */
  close(): void;
}

/** Times in milliseconds. What is left out has the value of the table in this file. */
export interface PageLimits {
  /** For all requests of a page together, and for connecting, for a head, between two parts of a body. */
  readonly deadlineMs: number;
  readonly connectMs: number;
  readonly headersMs: number;
  readonly idleMs: number;
  /** For finding the text in a page, after which it is read plainly. */
  readonly extractMs: number;
  /** Of a decoded body, and how many times larger it may be than what was sent. */
  readonly bytesMax: number;
  readonly ratioMax: number;
  readonly lettersMax: number;
  readonly redirectsMax: number;
  readonly placesPerHost: number;
  /** How long a page, and how long a failure, is remembered. */
  readonly pageTtlMs: number;
  readonly faultTtlMs: number;
}

const defaults: PageLimits = {
  deadlineMs: 8_000,
  connectMs: 3_000,
  headersMs: 5_000,
  idleMs: 5_000,
  extractMs: 2_000,
  bytesMax: 2 * 1_024 * 1_024,
  ratioMax: 100,
  lettersMax: 40_000,
  redirectsMax: 3,
  placesPerHost: 2,
  pageTtlMs: 600_000,
  faultTtlMs: 60_000,
};

const pagesMax = 64;
const faultsMax = 256;
const queuePerHostMax = 16;

export interface PageFetcherOptions {
  /** The daemon's own listen addresses and its upstreams, as URLs, `host:port`, names or addresses: never asked. */
  readonly hostsRefused: readonly string[];
  readonly limits?: Partial<PageLimits> | undefined;
  /** Beside 80 and 443; for specs. */
  readonly portsAllowed?: readonly number[] | undefined;
}

export interface PageFetcherParts {
  readonly clock: Clock;
  /** The system's resolver when left out. */
  readonly lookup?: Lookup | undefined;
  /** Which addresses may be connected to; for specs, which cannot reach a public one. */
  readonly isAllowed?: ((address: string) => boolean) | undefined;
  /** Certificates to trust in place of Node's own; for specs. */
  readonly ca?: string | undefined;
  /** Where the program of the thread that reads pages is; for specs. */
  readonly program?: URL | undefined;
}

/** Starts nothing until the first page is asked for. */
export function createPageFetcher(options: PageFetcherOptions, parts: PageFetcherParts): PageFetcher {
  const { clock } = parts;
  const limits = { ...defaults, ...options.limits };
  const rules: UrlRules = {
    portsAllowed: options.portsAllowed,
    hostsRefused: refusedHosts(options.hostsRefused),
    isAllowed: parts.isAllowed,
  };
  const road = createRoad({ limits, rules, parts });
  const extractor = createExtractor(limits, parts);
  const memory = createMemory(limits, clock);

  const load = async (first: URL, caller: Signal): Promise<Page> => {
    const life = createLife(caller, limits, clock);
    try {
      extractor.warm();
      const { url, source } = await road.follow(first, life);
      life.landed();
      return pageOf(url, await life.race(extractor.extract(source)), clock.epochMs());
    } finally {
      life.end();
    }
  };
  return {
    async fetch(text, signal) {
      signal.throwIfAborted();
      try {
        const url = checkUrl(text, rules);
        return memory.recall(url.href) ?? (await memory.keep(url.href, load(url, signal)));
      } catch (thrown) {
        signal.throwIfAborted();
        return { fault: thrown instanceof PageFault ? thrown.message : "the page cannot be read" };
      }
    },
    close() {
      road.close();
      extractor.close();
    },
  };
}

function pageOf(url: URL, { text, title, dates, language }: Extracted, nowMs: number): Page {
  if (text === "") throw new PageFault("there is no text on the page");
  const published = dates.map((date) => parsePublished(date, nowMs)).find((ms) => ms !== undefined);
  return { url: url.href, title, text, publishedMs: published, language };
}

/** The way to a page, over all its redirects. */
interface Road {
  /** `first` has passed the guard. Rejects with PageFault, or with the life's reason. */
  follow(first: URL, life: Life): Promise<{ readonly url: URL; readonly source: Source }>;
  close(): void;
}

interface RoadParts {
  readonly limits: PageLimits;
  readonly rules: UrlRules;
  readonly parts: PageFetcherParts;
}

function createRoad({ limits, rules, parts: { clock, lookup, ca } }: RoadParts): Road {
  const exchange = createExchange({ ...limits, rules, clock, lookup, ca });
  const { deadlineMs: waitMs, placesPerHost } = limits;
  const places = createPlaces({ placesPerHost, queueMax: queuePerHostMax, waitMs, clock });
  const ask = async (url: URL, life: Life): Promise<Answer> => {
    const release = await places.take(url.hostname, life.signal);
    try {
      return await exchange.ask(url, life);
    } finally {
      release();
    }
  };
  return {
    async follow(first, life) {
      let url = first;
      for (let hops = 0; hops <= limits.redirectsMax; hops += 1) {
        const answer = await ask(url, life);
        if ("source" in answer) return { url, source: answer.source };
        url = checkRedirect(url, answer.location, rules);
      }
      throw new PageFault("it redirects too often");
    },
    close: () => exchange.close(),
  };
}

interface Memory {
  /** The page that was found a while ago; throws the failure that was. */
  recall(url: string): Page | undefined;
  keep(url: string, page: Promise<Page>): Promise<Page>;
}

function createMemory({ pageTtlMs, faultTtlMs }: PageLimits, clock: Clock): Memory {
  // LRUCache takes something kept at 0 for something that never ages.
  const perf = { now: () => clock.monotonicMs() + 1 };
  const pages = new LRUCache<string, Page>({ max: pagesMax, ttl: pageTtlMs, ttlResolution: 0, perf });
  const faults = new LRUCache<string, PageFault>({ max: faultsMax, ttl: faultTtlMs, ttlResolution: 0, perf });
  return {
    recall(url) {
      const fault = faults.get(url);
      if (fault !== undefined) throw fault;
      return pages.get(url);
    },
    async keep(url, loading) {
      try {
        const page = await loading;
        pages.set(url, page);
        return page;
      } catch (thrown) {
        if (thrown instanceof PageFault && thrown.isLasting) faults.set(url, thrown);
        throw thrown;
      }
    },
  };
}
