import { randomBytes } from "node:crypto";
import type { Call } from "../../core/call.ts";
import type { Signal } from "../../lib/abort.ts";
import type { Clock } from "../../lib/time.ts";
import { loadTokenizer } from "../../lib/tokens.ts";
import { buildContext, type Source } from "../../search/context.ts";
import { buildQueries } from "../../search/query.ts";
import type { Search } from "../../search/search.ts";
import { withAddedText } from "./last-turn.ts";
import type { Plan } from "./plan.ts";

export interface EnrichParts {
  readonly search: Pick<Search, "search">;
  /** Most tokens that results may take. */
  readonly tokensMax: number;
  readonly clock: Clock;
}

/** A call with web results in it, or why there are none. */
export interface Enriched {
  readonly call: Call;
  readonly outcome: "yes" | "no_query" | "no_results" | "failed";
  readonly sources: readonly Source[];
  /** What was put into the prompt, estimated. */
  readonly tokens: number;
}

/** The same, or the call as it was where nothing was searched for. */
export type Found = Omit<Enriched, "outcome"> & { readonly outcome: Enriched["outcome"] | "no" };

/** Searches the web for what a call asks, and puts what was found into its last user turn, as data. */
export async function enrich(
  call: Call,
  { request }: Plan,
  parts: EnrichParts & { readonly signal: Signal },
): Promise<Enriched> {
  const { queries, freshness, language, question } = buildQueries(request.messages, parts.clock);
  if (queries.length === 0) return { call, outcome: "no_query", sources: [], tokens: 0 };
  const asked = { queries, freshness, language, question, scope: call.asker.scope };
  const { results, reasons } = await parts.search.search(asked, parts.signal);
  if (results.length === 0 && reasons.some(({ kind }) => kind !== "empty"))
    return { call, outcome: "failed", sources: [], tokens: 0 };
  const tokenizer = await loadTokenizer();
  const block = buildContext({
    results,
    question,
    tokensMax: parts.tokensMax,
    countTokens: (text) => tokenizer.count(text),
    markerBytes: randomBytes(12),
    nowMs: parts.clock.epochMs(),
  });
  const enriched = block === undefined ? undefined : withAddedText(call, block.text);
  if (block === undefined || enriched === undefined)
    return { call, outcome: "no_results", sources: [], tokens: 0 };
  return { call: enriched, outcome: "yes", sources: block.sources, tokens: block.tokens };
}
