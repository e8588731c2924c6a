/**
 * Why a provider gave no results. `refused`: there is no connection; `timeout`: it took too long; `limited`: it wants
 * fewer requests; `denied`: it does not accept the key, or the plan is used up; `broken`: the answer is not what was
 * agreed; `degraded`: it answered, but those that it asks itself did not.
 */
export type SearchFaultKind = "refused" | "timeout" | "limited" | "denied" | "broken" | "degraded";

export interface SearchErrorOptions {
  /** How long the provider wants to be left alone, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** A provider's failure. It stays inside this room, and its message holds neither a key nor a provider's own words. */
export class SearchError extends Error {
  override readonly name: string = "SearchError";
  readonly kind: SearchFaultKind;
  readonly retryAfterMs: number | undefined;

  constructor(kind: SearchFaultKind, message: string, options: SearchErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
  }
}
