import type { Call, Reply } from "../../core/call.ts";
import { costOf, type Price, usdText } from "../../core/price.ts";
import { type CallRecord, ownUsage } from "../../stats/record.ts";
import type { Sent } from "../../upstream/retry.ts";
import { type CostParts, mostOf } from "../money/most.ts";
import type { Plan } from "./plan.ts";

/** What a call is compared with: everything sent to the configured cloud model. */
export type Baseline = () => Price | undefined;

export interface CostHeaderParts {
  readonly cost: CostParts;
  readonly baseline: Baseline;
}

/**
 * What an answer cost, and what the baseline model would have: of a whole answer what it did, of a stream, whose headers
 * go before its end, the most that it can. In US dollars; left out where nobody knows a price.
 */
export function costHeaders(
  { call, plan, record, sent }: Answered,
  reply: Reply,
  { cost, baseline }: CostHeaderParts,
): Record<string, string> {
  const price = baseline();
  const nowMs = cost.clock.epochMs();
  if (!(reply.body instanceof Uint8Array)) {
    const { usage: most, images } = mostOf(call, cost);
    const usage = ownUsage(record, most);
    return named("-Max", mostAt(plan, sent), price && costOf(price, usage, { images, nowMs }));
  }
  const usage = record.usage && ownUsage(record, record.usage);
  const spent = sent.isCloud ? record.costNanoUsd : 0;
  return named("", spent, price && usage && costOf(price, usage, { images: 0, nowMs }));
}

interface Answered {
  readonly call: Call;
  readonly plan: Plan;
  readonly record: CallRecord;
  readonly sent: Sent;
}

const mostAt = ({ holders }: Plan, sent: Sent): number | undefined =>
  holders.find(({ upstream, target }) => upstream.name === sent.upstream && target.model === sent.model)
    ?.candidate.maxCostNanoUsd;

function named(
  ending: "" | "-Max",
  nanoUsd: number | undefined,
  baselineNanoUsd: number | undefined,
): Record<string, string> {
  const headers: Record<string, string> = {};
  if (nanoUsd !== undefined && !Number.isNaN(nanoUsd)) headers[`X-Chasqui-Cost${ending}`] = usdText(nanoUsd);
  if (baselineNanoUsd !== undefined) headers[`X-Chasqui-Baseline-Cost${ending}`] = usdText(baselineNanoUsd);
  return headers;
}
