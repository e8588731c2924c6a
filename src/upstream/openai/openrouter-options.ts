import type { Json } from "../../lib/json.ts";

/** What is said to OpenRouter with every request, and how it is treated. */
export interface OpenRouterOptions {
  /** Which application asks, for the provider's own statistics. */
  readonly referer: string | undefined;
  readonly title: string;
  /** How long a list with its prices is good, in milliseconds. */
  readonly listAgeMaxMs: number;
  /** Goes into every request as `provider`. */
  readonly provider: Readonly<Record<string, Json>>;
  /** Models that the provider itself tries in the place of each. */
  readonly fallbacks: readonly string[];
  /** Most output tokens of a call whose client sets no limit; 0 for none. What a budget reserves. */
  readonly outputTokensMax: number;
  /** How long a key that was rejected, or an account without money, is left alone, in milliseconds. */
  readonly offMs: number;
}
