import type { ProxyError } from "../../core/error.ts";
import { costOf } from "../../core/price.ts";
import type { Usage } from "../../core/usage.ts";
import type { Hold } from "../../stats/ledger/ledger.ts";
import type { CostSource } from "../../stats/usage-row.ts";
import type { Candidate, Spent } from "../../upstream/admission.ts";
import type { MoneyParts } from "./parts.ts";

/** An attempt for which something is reserved. */
export interface Open {
  readonly hold: Hold;
  readonly candidate: Candidate;
  readonly maxNanoUsd: number;
  /** Whether it was sent, so that it may cost something. */
  isSent: boolean;
  /** What is known of it since it failed. */
  begun?: ProxyError["begun"];
}

export interface Charge {
  readonly nanoUsd: number;
  readonly source: CostSource;
}

/** What a whole answer cost: the provider's word, else prices times counts; counts that are ours are not trusted. */
export function chargeOf(
  usage: Usage | undefined,
  { candidate, maxNanoUsd }: Open,
  parts: MoneyParts,
): Charge {
  if (usage?.costNanoUsd !== undefined) return { nanoUsd: usage.costNanoUsd, source: "provider" };
  const price = parts.priceOf(candidate);
  if (price === undefined) return { nanoUsd: 0, source: "unknown" };
  if (usage === undefined || usage.isEstimated === true) return { nanoUsd: maxNanoUsd, source: "estimated" };
  const nowMs = parts.clock.epochMs();
  return { nanoUsd: costOf(price, usage, { images: 0, nowMs }), source: "price-table" };
}

/** What our own count is multiplied by where nobody else will ever tell: other tokenizers may count more. */
const countMargin = 1.25;

/**
 * An answer that was not heard to its end may have cost all that was reserved, unless the provider said otherwise or can
 * be asked later. One that tells nobody is taken to have charged what was asked and said, and some more.
 */
export async function doubtfulCharge(spent: Spent, last: Open, parts: MoneyParts): Promise<Charge> {
  const { candidate, maxNanoUsd } = last;
  const told = spent.usage?.costNanoUsd ?? last.begun?.usage?.costNanoUsd;
  if (told !== undefined) return { nanoUsd: told, source: "provider" };
  const price = parts.priceOf(candidate);
  const counted = await spent.meter?.estimate();
  if (candidate.upstream.lookUpCost !== undefined || price === undefined || counted === undefined)
    return { nanoUsd: maxNanoUsd, source: "estimated" };
  const nowMs = parts.clock.epochMs();
  const nanoUsd = Math.ceil(costOf(price, counted, { images: 0, nowMs }) * countMargin);
  return { nanoUsd: Math.min(nanoUsd, maxNanoUsd), source: "estimated" };
}
