import { LRUCache } from "lru-cache";
import type { Signal } from "../lib/abort.ts";
import type { Logger } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import { withDeadline } from "./deadline.ts";
import { gather, type Gathered, type SearchMode } from "./gather.ts";
import { createGuarded, type Guarded, type ProviderSnapshot, type Reason } from "./guarded.ts";
import { type FetchPage, withPage } from "./pages.ts";
import { cut } from "./plain.ts";
import type { Freshness, Provider } from "./provider.ts";
import { type Candidate, fuse, rank, type RankedResult } from "./rank.ts";
import { redact, type RedactedKind } from "./redact.ts";
import { createShared } from "./shared.ts";

/** What is searched for. */
export interface AskedSearch {
  /** One or two; each is redacted and cut to 300 characters before it is sent. */
  readonly queries: readonly string[];
  readonly freshness?: Freshness | undefined;
  /** Two letters of ISO 639-1. */
  readonly language?: string | undefined;
  /** What the results are ranked against. */
  readonly question: string;
  /** In place of the option of that name. */
  readonly resultsMax?: number | undefined;
  /** Whose search it is: what was found for one scope is not given to another. */
  readonly scope?: string | undefined;
}

export interface SearchOutcome {
  /** Best first. */
  readonly results: readonly RankedResult[];
  /** Providers that gave results. */
  readonly providers: readonly string[];
  /** True when nobody was asked. */
  readonly isCached: boolean;
  /** True when a provider failed or was not asked although its turn had come. */
  readonly isDegraded: boolean;
  /** Why providers gave nothing. */
  readonly reasons: readonly Reason[];
  /** What was sent, after redaction. */
  readonly queries: readonly string[];
  /** What redaction took out of the queries. */
  readonly redacted: readonly RedactedKind[];
}

export interface SearchOptions {
  /** How long results are kept, in milliseconds; 0 for not at all. 10 minutes when left out. */
  readonly cacheTtlMs?: number | undefined;
  /** Requests to one provider a UTC day; 1000 when left out. */
  readonly perDayMax?: number | undefined;
  /** For all of a search, with fetching pages, in milliseconds; 10 s when left out. */
  readonly timeoutMs?: number | undefined;
  /** 10 when left out. */
  readonly resultsMax?: number | undefined;
  /** `fallback` when left out. */
  readonly mode?: SearchMode | undefined;
  /** How many of the best results are fetched, 5 at most; 3 when left out. */
  readonly pagesMax?: number | undefined;
}

export interface SearchParts {
  /** In the order in which they are asked. */
  readonly providers: readonly Provider[];
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly log: Pick<Logger, "warn">;
  readonly options?: SearchOptions;
  readonly fetchPage?: FetchPage | undefined;
}

export interface SearchSnapshot {
  readonly searches: number;
  readonly cacheHits: number;
  /** Searches that waited for an equal one under way. */
  readonly joined: number;
  /** Searches that are kept now. */
  readonly cached: number;
  readonly providers: readonly ProviderSnapshot[];
}

export interface Search {
  /** Never rejects for a provider's sake, the outcome says so; rejects with the signal's reason once that is aborted. */
  search(asked: AskedSearch, signal: Signal): Promise<SearchOutcome>;
  snapshot(): SearchSnapshot;
  close(): void;
}

/** What is kept of a search: it is ranked anew for every question. */
interface Found extends Omit<Gathered, "lists"> {
  readonly candidates: readonly Candidate[];
}

interface Kept {
  readonly found: Found;
  readonly untilMs: number;
}

const queriesMax = 2;
const queryLettersMax = 300;
const cachedMax = 500;
const pagesMost = 5;
/** What is not whole is kept for a tenth of the time. */
const flawedShare = 0.1;

/** All of the room: what is asked is redacted, found in the cache or asked for, ranked, and its best pages fetched. */
export function createSearch(parts: SearchParts): Search {
  const { clock, log } = parts;
  const options = withDefaults(parts.options);
  const guarded = parts.providers.map((provider) =>
    createGuarded({ provider, clock, random: parts.random, perDayMax: options.perDayMax }),
  );
  const cache = new LRUCache<string, Kept>({ max: cachedMax });
  const shared = createShared<Found>();
  const counts = { searches: 0, cacheHits: 0, joined: 0 };

  const find = async (asked: Prepared, key: string, signal: Signal): Promise<Found> => {
    const found = await findNow({ guarded, options, clock, fetchPage: parts.fetchPage }, asked, signal);
    for (const { provider, kind } of found.reasons)
      if (kind !== "empty") log.warn("a search provider gave nothing", { provider, reason: kind });
    const ttlMs = options.cacheTtlMs * shareOf(found);
    if (ttlMs > 0) cache.set(key, { found, untilMs: clock.monotonicMs() + ttlMs });
    return found;
  };

  return {
    async search(asked, signal) {
      signal.throwIfAborted();
      counts.searches += 1;
      const prepared = prepare(asked, options.resultsMax);
      const { queries, key } = prepared;
      if (queries.length === 0) return outcomeOf(nothing, prepared, { clock, isCached: false });
      const kept = cache.get(key);
      if (kept !== undefined && kept.untilMs > clock.monotonicMs()) {
        counts.cacheHits += 1;
        return outcomeOf(kept.found, prepared, { clock, isCached: true });
      }
      let isLeader = false;
      const found = await shared.join(key, signal, (own) => {
        isLeader = true;
        return find(prepared, key, own);
      });
      if (!isLeader) counts.joined += 1;
      return outcomeOf(found, prepared, { clock, isCached: false });
    },
    snapshot: () => ({
      ...counts,
      cached: cache.size,
      providers: guarded.map((one) => one.snapshot()),
    }),
    close: () => guarded.forEach((one) => one.close()),
  };
}

type Options = { readonly [Key in keyof SearchOptions]-?: NonNullable<SearchOptions[Key]> };

const withDefaults = (options: SearchOptions = {}): Options => ({
  cacheTtlMs: options.cacheTtlMs ?? 600_000,
  perDayMax: options.perDayMax ?? 1_000,
  timeoutMs: options.timeoutMs ?? 10_000,
  resultsMax: options.resultsMax ?? 10,
  mode: options.mode ?? "fallback",
  pagesMax: Math.min(options.pagesMax ?? 3, pagesMost),
});

const nothing: Found = { candidates: [], providers: [], reasons: [] };

/** A search that may leave the house. */
interface Prepared extends AskedSearch {
  readonly redacted: readonly RedactedKind[];
  readonly resultsMax: number;
  readonly key: string;
}

/** This is the one door out: whatever built the queries, they are redacted here. */
function prepare(asked: AskedSearch, resultsMax: number): Prepared {
  const redacted = asked.queries.map(redact);
  const texts = redacted.map(({ text }) => cut(text.replace(/[\s\p{Cc}]+/gu, " ").trim(), queryLettersMax));
  const queries = [...new Set(texts.filter((text) => /[\p{L}\p{N}]/u.test(text)))].slice(0, queriesMax);
  const wanted = asked.resultsMax ?? resultsMax;
  const { scope = "", freshness = "", language = "" } = asked;
  const canonical = queries.map((query) => query.toLowerCase()).sort();
  const kinds = [...new Set(redacted.flatMap(({ kinds }) => kinds))];
  const key = JSON.stringify([scope, freshness, language, wanted, ...canonical]);
  return { ...asked, queries, redacted: kinds, resultsMax: wanted, key };
}

interface Finding {
  readonly guarded: readonly Guarded[];
  readonly options: Options;
  readonly clock: Clock;
  readonly fetchPage: FetchPage | undefined;
}

async function findNow(finding: Finding, asked: Prepared, caller: Signal): Promise<Found> {
  const { guarded, options, clock, fetchPage } = finding;
  const { freshness, language, resultsMax } = asked;
  const { signal, end } = withDeadline(caller, clock, options.timeoutMs);
  try {
    const queries = asked.queries.map((text) => ({ text, freshness, language, resultsMax }));
    const { lists, ...gathered } = await gather(guarded, queries, { mode: options.mode, signal });
    const candidates = fuse(lists);
    if (fetchPage === undefined || options.pagesMax === 0) return { candidates, ...gathered };
    const urls = wantedPages(candidates, asked, { clock, pagesMax: options.pagesMax });
    const read = await Promise.all(
      candidates.map(async (one) => (urls.has(one.url) ? withPage(one, fetchPage, signal) : one)),
    );
    caller.throwIfAborted();
    return { candidates: read, ...gathered };
  } finally {
    end();
  }
}

/** The best results whose provider did not send the page with it. */
function wantedPages(
  candidates: readonly Candidate[],
  asked: Prepared,
  { clock, pagesMax }: { readonly clock: Clock; readonly pagesMax: number },
): Set<string> {
  const best = rank(candidates, { ...asked, resultsMax: pagesMax, nowMs: clock.epochMs() });
  return new Set(best.filter(({ content }) => content === undefined).map(({ url }) => url));
}

const isFlawed = ({ reasons }: Pick<Gathered, "reasons">): boolean =>
  reasons.some(({ kind }) => kind !== "empty");

/** The share of the time that a search is kept: nothing that only failed, little that failed in part. */
function shareOf(found: Found): number {
  if (found.candidates.length === 0) return isFlawed(found) ? 0 : flawedShare;
  return isFlawed(found) ? flawedShare : 1;
}

function outcomeOf(
  { candidates, providers, reasons }: Found,
  asked: Prepared,
  { clock, isCached }: { readonly clock: Clock; readonly isCached: boolean },
): SearchOutcome {
  return {
    results: rank(candidates, { ...asked, nowMs: clock.epochMs() }),
    providers,
    isCached,
    isDegraded: isFlawed({ reasons }),
    reasons,
    queries: asked.queries,
    redacted: asked.redacted,
  };
}
