import type { Price } from "../../core/price.ts";
import type { Clock } from "../../lib/time.ts";
import type { Ledger } from "../../stats/ledger/ledger.ts";
import type { OneRow } from "../../stats/one-row.ts";
import type { Candidate } from "../../upstream/admission.ts";

/** What is needed to reckon what calls cost. */
export interface MoneyParts {
  readonly ledger: Ledger;
  /** Told of requests whose row is written here. */
  readonly oneRow: OneRow;
  readonly clock: Clock;
  /** What a model costs at an upstream; undefined where nobody knows, or it costs nothing. */
  readonly priceOf: (candidate: Candidate) => Price | undefined;
  /** What the model costs against which savings are reckoned. */
  readonly baselinePrice: () => Price | undefined;
  /** Whether a budget limits what this key may spend. */
  readonly isLimited: (keyName: string | undefined) => boolean;
  /** What is reserved for an answer whose client sets no limit, in tokens. */
  readonly outputTokensMax: number;
  /** Models with which a provider may answer in the place of any other. */
  readonly fallbackModels: readonly string[];
}
