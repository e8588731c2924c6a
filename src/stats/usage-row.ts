import { displayName, parseModelName, shortName } from "../core/model-name.ts";

/** Where a cost comes from: nobody charges for it, the provider said it, prices times counts, a guess, or nobody knows. */
export type CostSource = "free" | "provider" | "price-table" | "estimated" | "unknown";

/** What the ledger keeps of one call: counts and money, never a word of what was asked. Money is in nano-dollars. */
export interface UsageRow {
  readonly requestId: string;
  /** Milliseconds since 1970. The budgets of that day and month bear the cost. */
  readonly timeMs: number;
  readonly keyName?: string | undefined;
  readonly session?: string | undefined;
  readonly endpoint: string;
  readonly askedModel: string;
  readonly answeredModel?: string | undefined;
  readonly upstream?: string | undefined;
  readonly isCloud: boolean;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
  readonly reasoningTokens: number;
  /** Whether the tokens were counted by Chasqui instead of the upstream. */
  readonly isEstimated: boolean;
  readonly costNanoUsd: number;
  readonly costSource: CostSource;
  /** What the configured cloud model would have cost. */
  readonly baselineNanoUsd: number;
  /** What an answer from the cache spared. */
  readonly avoidedNanoUsd: number;
  /** What the cache said: hit, miss and so on. */
  readonly cache?: string | undefined;
  /** Upstreams that failed before one answered, as one line. */
  readonly hops: string;
  readonly status: number;
  readonly error?: string | undefined;
}

/** One name for keys, names with the usual tag and names without: as OpenRouter lists it, and people ask Ollama for it. */
function oneName(model: string): string {
  const name = parseModelName(model);
  return name === undefined ? model : shortName(displayName(name));
}

const textMax = 256;
const hopsMax = 1_000;
/** The last moment of the year 9999. */
const timeMaxMs = 253_402_300_799_999;

/** The row with whole numbers from 0 and texts of bounded length, as the file takes them. */
export function tidyRow(row: UsageRow): UsageRow {
  return {
    requestId: cut(row.requestId),
    timeMs: Math.min(count(row.timeMs), timeMaxMs),
    keyName: cutMaybe(row.keyName),
    session: cutMaybe(row.session),
    endpoint: cut(row.endpoint),
    askedModel: cut(row.askedModel),
    answeredModel: cutMaybe(row.answeredModel && oneName(row.answeredModel)),
    upstream: cutMaybe(row.upstream),
    isCloud: row.isCloud,
    inputTokens: count(row.inputTokens),
    outputTokens: count(row.outputTokens),
    cachedTokens: count(row.cachedTokens),
    reasoningTokens: count(row.reasoningTokens),
    isEstimated: row.isEstimated,
    costNanoUsd: count(row.costNanoUsd),
    costSource: row.costSource,
    baselineNanoUsd: count(row.baselineNanoUsd),
    avoidedNanoUsd: count(row.avoidedNanoUsd),
    cache: cutMaybe(row.cache),
    hops: row.hops.slice(0, hopsMax),
    status: count(row.status),
    error: cutMaybe(row.error),
  };
}

/** A whole number from 0, rounded up; what is no number is 0. */
export const count = (value: number): number =>
  value > 0 ? Math.ceil(Math.min(value, Number.MAX_SAFE_INTEGER)) : 0;

const cut = (text: string): string => text.slice(0, textMax);
const cutMaybe = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : cut(text);
