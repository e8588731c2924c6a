import { bm25 } from "./bm25.ts";
import { canonicalUrl, hostIn } from "./canonical-url.ts";
import type { Freshness, SearchResult } from "./provider.ts";

/** A page that one list or several name. */
export interface Candidate extends SearchResult {
  /** Its address in the one spelling of all that lead to it. */
  readonly key: string;
  /** The sum of 1 / (60 + rank) over the lists that name it (Cormack and others, 2009). */
  readonly fused: number;
}

/** A result in its final place. */
export interface RankedResult extends SearchResult {
  /** 0 to 1; the best result of a search need not have 1. */
  readonly score: number;
}

const fusionConstant = 60;

/**
 * One list out of many: pages that are the same are put together. Of their texts the longest stays; the engine and the
 * address are those of the best place. Best first; equal ones in the order of their addresses.
 */
export function fuse(lists: readonly (readonly SearchResult[])[]): Candidate[] {
  const found = new Map<string, Named>();
  for (const list of lists) {
    for (const [key, result] of bestPlaces(list)) {
      const { page, ranks = [] } = found.get(key) ?? {};
      found.set(key, {
        page: page === undefined ? result : together(page, result),
        ranks: [...ranks, result.rank],
      });
    }
  }
  return Array.from(found, candidateOf).sort((a, b) => b.fused - a.fused || compare(a.key, b.key));
}

const candidateOf = ([key, { page, ranks }]: readonly [string, Named]): Candidate => ({
  ...page,
  key,
  fused: fusedOf(ranks),
});

/** A page, and its places in the lists that name it. */
interface Named {
  readonly page: SearchResult;
  readonly ranks: readonly number[];
}

/** Fractions do not add up to quite the same in another order, and equal pages must be equal whoever answered first. */
const fusedOf = (ranks: readonly number[]): number =>
  ranks.toSorted((a, b) => a - b).reduce((sum, rank) => sum + 1 / (fusionConstant + rank), 0);

/** A list that names a page twice has not two votes. */
function bestPlaces(list: readonly SearchResult[]): Map<string, SearchResult> {
  const places = new Map<string, SearchResult>();
  for (const result of list) {
    const key = canonicalUrl(result.url);
    const known = places.get(key);
    places.set(key, known === undefined ? result : together(known, result));
  }
  return places;
}

function together(one: SearchResult, other: SearchResult): SearchResult {
  const [first, second] = inOrder(one, other) <= 0 ? [one, other] : [other, one];
  const content = longer(first.content ?? "", second.content ?? "");
  const publishedMs = first.publishedMs ?? second.publishedMs;
  return {
    ...first,
    snippet: longer(first.snippet, second.snippet),
    ...(content === "" ? {} : { content }),
    ...(publishedMs === undefined ? {} : { publishedMs }),
  };
}

/** The same whatever list came first. */
const inOrder = (one: SearchResult, other: SearchResult): number =>
  one.rank - other.rank || compare(one.engine, other.engine) || compare(one.url, other.url);

const longer = (one: string, other: string): string => (other.length > one.length ? other : one);

/** By code units: the same on every machine. */
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

export interface RankOptions {
  readonly question: string;
  /** Set when the question asks for something new: only then does age count. */
  readonly freshness?: Freshness | undefined;
  readonly nowMs: number;
  readonly resultsMax: number;
}

/** Results of one host in a list. */
const perHostMax = 3;

/** Age after which a page's boost is half of what a new one gets, in milliseconds. */
const halfLifeMs: Readonly<Record<Freshness, number>> = {
  day: 86_400_000,
  week: 3 * 86_400_000,
  month: 14 * 86_400_000,
  year: 120 * 86_400_000,
};

/** The share of the score that is decided by age when the question asks for something new. */
const recencyShare = 0.3;

/**
 * Puts candidates in order: half by how the engines place them, half by the words they share with the question, each
 * against the best of this search. Equal ones keep the order of their addresses.
 */
export function rank(candidates: readonly Candidate[], options: RankOptions): RankedResult[] {
  const texts = candidates.map(({ title, snippet, content = "" }) => `${title} ${snippet} ${content}`);
  const shares = bm25(options.question, texts);
  const fusedMax = Math.max(...candidates.map(({ fused }) => fused), Number.MIN_VALUE);
  const shareMax = Math.max(...shares, Number.MIN_VALUE);
  const scored = candidates.map((candidate, at) => {
    const relevance = candidate.fused / fusedMax / 2 + (shares[at] ?? 0) / shareMax / 2;
    return { candidate, score: withAge(relevance, candidate.publishedMs, options) };
  });
  scored.sort((a, b) => b.score - a.score || compare(a.candidate.key, b.candidate.key));
  const kept = atMostPerHost(scored.map(({ candidate, score }) => ({ candidate, score })));
  return kept
    .slice(0, options.resultsMax)
    .map(({ candidate, score }, at) => resultOf(candidate, score, at + 1));
}

/** A page without a date is taken for an old one. */
function withAge(
  relevance: number,
  publishedMs: number | undefined,
  { freshness, nowMs }: RankOptions,
): number {
  if (freshness === undefined) return relevance;
  const ageMs = publishedMs === undefined ? Infinity : Math.max(0, nowMs - publishedMs);
  return relevance * (1 - recencyShare) + recencyShare * 2 ** (-ageMs / halfLifeMs[freshness]);
}

interface Scored {
  readonly candidate: Candidate;
  readonly score: number;
}

function atMostPerHost(scored: readonly Scored[]): Scored[] {
  const counts = new Map<string, number>();
  return scored.filter(({ candidate }) => {
    const host = hostIn(candidate.url);
    const count = (counts.get(host) ?? 0) + 1;
    counts.set(host, count);
    return count <= perHostMax;
  });
}

function resultOf(
  { key: _key, fused: _fused, ...result }: Candidate,
  score: number,
  place: number,
): RankedResult {
  return { ...result, rank: place, score: Math.round(score * 10_000) / 10_000 };
}
