import type { Signal } from "../lib/abort.ts";
import { createAbort } from "../lib/abort.ts";
import type { Clock } from "../lib/time.ts";
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
  const answers = await Promise.all(queries.map((query) => askInTime(provider, query, signal)));
  const lists = answers.flatMap(({ results }) => (results === undefined ? [] : [results]));
  const reasons = answers.flatMap(({ reason }) => (reason === undefined ? [] : [reason]));
  return { lists, providers: lists.length > 0 ? [provider.name] : [], reasons: distinct(reasons) };
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

class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/** A signal that aborts when its caller's does, or when the time is over; `end` must be called. */
export function withDeadline(
  caller: Signal,
  clock: Clock,
  timeoutMs: number,
): { readonly signal: Signal; readonly end: () => void } {
  const { signal, abort } = createAbort();
  const leave = (): void =>
    abort(caller.reason instanceof Error ? caller.reason : new Error("the caller left"));
  caller.addEventListener("abort", leave);
  const timer = clock.after(timeoutMs, () => abort(new DeadlineError("the search's time is over")));
  return {
    signal,
    end() {
      timer.cancel();
      caller.removeEventListener("abort", leave);
    },
  };
}
