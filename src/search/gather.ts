import type { Signal } from "../lib/abort.ts";
import { DeadlineError } from "./deadline.ts";
import type { Answer, Guarded, Reason } from "./guarded.ts";
import type { SearchQuery, SearchResult } from "./provider.ts";

/** `fallback` asks the next provider when one has nothing; `merge` asks all and puts their lists together. */
export type SearchMode = "fallback" | "merge";

/** What the providers gave together. */
export interface Gathered {
  readonly lists: readonly (readonly SearchResult[])[];
  /** Those that gave results. */
  readonly providers: readonly string[];
  readonly reasons: readonly Reason[];
}

/** Asks providers as the mode says. When the time is over, that is their reason; rejects when the caller leaves. */
export async function gather(
  providers: readonly Guarded[],
  queries: readonly SearchQuery[],
  { mode, signal }: { readonly mode: SearchMode; readonly signal: Signal },
): Promise<Gathered> {
  if (mode === "merge") {
    const all = await Promise.all(providers.map((provider) => askAll(provider, queries, signal)));
    return together(all);
  }
  const asked: Gathered[] = [];
  for (const provider of providers) {
    const gathered = await askAll(provider, queries, signal);
    asked.push(gathered);
    if (gathered.lists.length > 0) break;
  }
  return together(asked);
}

async function askAll(provider: Guarded, queries: readonly SearchQuery[], signal: Signal): Promise<Gathered> {
  const answers = provider.isOnTrial()
    ? await oneByOne(provider, queries, signal)
    : await Promise.all(queries.map((query) => askInTime(provider, query, signal)));
  const lists = answers.flatMap(({ results }) => (results === undefined ? [] : [results]));
  const reasons = answers.flatMap(({ reason }) => (reason === undefined ? [] : [reason]));
  return { lists, providers: lists.length > 0 ? [provider.name] : [], reasons: distinct(reasons) };
}

/** One query tells whether a provider is back; the other is for afterwards. */
async function oneByOne(
  provider: Guarded,
  queries: readonly SearchQuery[],
  signal: Signal,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const query of queries) answers.push(await askInTime(provider, query, signal));
  return answers;
}

/** The end of the search's time is this provider's reason, and no error. */
async function askInTime(provider: Guarded, query: SearchQuery, signal: Signal): Promise<Answer> {
  const { name } = provider;
  try {
    return await provider.ask(query, signal);
  } catch (thrown) {
    if (!(signal.reason instanceof DeadlineError)) throw thrown;
    return {
      reason: { provider: name, kind: "timeout", message: `the search's time ended before ${name} answered` },
    };
  }
}

/** Two queries that fail the same way are one reason. */
function distinct(reasons: readonly Reason[]): Reason[] {
  return reasons.filter(
    ({ provider, kind }, at) =>
      reasons.findIndex((other) => other.provider === provider && other.kind === kind) === at,
  );
}

const together = (all: readonly Gathered[]): Gathered => ({
  lists: all.flatMap(({ lists }) => lists),
  providers: all.flatMap(({ providers }) => providers),
  reasons: all.flatMap(({ reasons }) => reasons),
});
