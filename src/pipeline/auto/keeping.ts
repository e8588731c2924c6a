import type { Keeping } from "../../core/call.ts";
import { usdText } from "../../core/price.ts";
import { headerText } from "../../lib/header-text.ts";
import type { Decision } from "../../router/decision.ts";
import { demoName } from "../../upstream/demo.ts";
import type { Sent } from "../../upstream/retry.ts";
import type { Outcome } from "./headers.ts";
import type { Plan } from "./plan.ts";

/** Answers with web results in them, or that should have had some, are not given again for longer. */
const freshAnswerMs = 600_000;

/** What of a plan tells whether its answer may be stored. */
interface Planned extends Pick<Plan, "isPrivate"> {
  readonly decision: Pick<Decision, "order" | "escalateTo" | "search">;
  readonly analysis: Pick<Plan["analysis"], "needs_search">;
}

interface Made extends Pick<Outcome, "searched" | "escalated"> {
  readonly sent: Pick<Sent, "model" | "upstream" | "fitted">;
}

interface Told {
  readonly told: Readonly<Record<string, string>>;
  readonly cost: Readonly<Record<string, string>>;
}

/**
 * How an answer of `auto` may be stored. Only the first choice's own answer is, or that of whom it was escalated to:
 * what somebody else said in their stead, or the demo model while nobody was there, may be better said the next time. Private answers are not: whoever is given
 * one must be known to have a private conversation.
 */
export function keepingOf(
  { decision, analysis, isPrivate }: Planned,
  { searched, escalated, sent }: Made,
  { told, cost }: Told,
): Keeping {
  const chosen = chosenOf(decision, { searched, escalated });
  const isWhole = sent.fitted?.includes("trimmed") !== true;
  const isChosen = chosen?.model === sent.model && sent.upstream !== demoName && isWhole;
  const lacksResults = decision.search && searched !== "yes";
  const isFresh = searched === "yes" || analysis.needs_search;
  const baseline = Object.entries(cost).filter(([name]) => name.includes("Baseline"));
  return {
    isKept: isChosen && !isPrivate && !lacksResults,
    freshMsMax: isFresh ? freshAnswerMs : Number.POSITIVE_INFINITY,
    model: sent.model,
    told: {
      ...told,
      ...Object.fromEntries(baseline),
      "X-Chasqui-Model": headerText(sent.model),
      "X-Chasqui-Cost": usdText(0),
    },
  };
}

/** Who was asked once more with web results is still the first choice. */
function chosenOf(
  { order, search, escalateTo }: Planned["decision"],
  { searched, escalated }: Pick<Made, "searched" | "escalated">,
): Planned["decision"]["escalateTo"] {
  const isFirst = escalated === undefined || (searched === "yes" && !search);
  return isFirst ? order[0] : escalateTo;
}
