import { type ErrorCode, ProxyError } from "../../core/error.ts";
import { usdText } from "../../core/price.ts";
import type { Reason } from "../../router/gates.ts";
import { backInMs, isUnseen, whyAway } from "../../upstream/away.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import type { Plan } from "./plan.ts";

const codes: Readonly<Record<Reason, ErrorCode>> = {
  private: "local_only",
  local_only: "local_only",
  no_vision: "upstream_rejected",
  no_tools: "upstream_rejected",
  too_long: "context_overflow",
  over_budget: "budget_exceeded",
  over_max_cost: "budget_exceeded",
  away: "no_upstream",
};

/** The most telling reason first: what the client itself can change. Who may never answer says nothing of the others. */
const order: readonly Reason[] = [
  "over_max_cost",
  "over_budget",
  "too_long",
  "no_vision",
  "no_tools",
  "away",
  "private",
  "local_only",
];

const namedMax = 5;

export interface NobodyParts extends Pick<Plan, "budgetNanoUsd"> {
  readonly decision: Pick<Plan["decision"], "refused">;
  /** Those in use, or the one that the client insists on. */
  readonly upstreams: readonly Upstream[];
  /** Whether the call may go to none of them that is outside. */
  readonly mustStay: boolean;
}

/**
 * Why nobody may answer a call to `auto`, judged by those that could be allowed to. Whoever is only away may answer
 * later, and so it is worth another try; what must stay in the house is refused for good where nobody is in it.
 */
export function nobodyFor(parts: NobodyParts): ProxyError {
  const { refused } = parts.decision;
  if (refused.length === 0) return nothingThere(parts);
  const away = awayAmong(parts);
  if (away.length > 0) {
    const why = `: ${listed(away.map((one) => whyAway(one) ?? ""))}`;
    const text = `no model may answer this request${why} (${refusedText(parts, "away")})`;
    return new ProxyError("no_upstream", text, { retryAfterMs: backInMs(away) });
  }
  const reason = order.find((one) => refused.some((other) => other.reason === one)) ?? "away";
  const text = `no model may answer this request (${refusedText(parts, reason)})${leftText(parts, reason)}`;
  return new ProxyError(codes[reason], text, reason === "away" ? { retryAfterMs: backInMs([]) } : {});
}

/** Nobody has a model that `auto` may use: none was seen yet, or there is none. */
function nothingThere({ upstreams, mustStay }: NobodyParts): ProxyError {
  const asked = upstreams.filter(({ isCloud }) => !(mustStay && isCloud));
  if (asked.length === 0 && upstreams.length > 0)
    return new ProxyError("local_only", "this request must not leave the house, and no upstream is in it");
  const why = asked.map((one) => whyAway(one) ?? `upstream ${one.name} has no model that auto may use`);
  const text = ["auto has no model to choose from", ...(why.length === 0 ? [] : [listed(why)])].join(": ");
  const away = asked.filter((one) => whyAway(one) !== undefined);
  return new ProxyError("no_upstream", text, { retryAfterMs: backInMs(away) });
}

/** Upstreams that could be allowed to answer were they there; one that was never seen may have any model. */
function awayAmong({ decision: { refused }, upstreams, mustStay }: NobodyParts): readonly Upstream[] {
  const having = new Set(
    refused.filter(({ reason }) => reason === "away").map(({ candidate }) => candidate.upstream),
  );
  return upstreams.filter(
    (one) =>
      whyAway(one) !== undefined && (having.has(one.name) || (isUnseen(one) && !(mustStay && one.isCloud))),
  );
}

/** Those that were refused, the ones first that decide what the client is told. */
function refusedText({ decision: { refused } }: NobodyParts, reason: Reason): string {
  const deciding = refused.filter((one) => one.reason === reason);
  const others = refused.filter((one) => one.reason !== reason);
  return listed([...deciding, ...others].map((one) => `${one.candidate.model}: ${one.reason}`));
}

function listed(texts: readonly string[]): string {
  const more = texts.length > namedMax ? `, and ${texts.length - namedMax} more` : "";
  return texts.slice(0, namedMax).join(", ") + more;
}

const leftText = ({ budgetNanoUsd }: NobodyParts, reason: Reason): string =>
  reason === "over_budget" && budgetNanoUsd !== undefined
    ? `: ${usdText(budgetNanoUsd)} USD are left of its budget`
    : "";
