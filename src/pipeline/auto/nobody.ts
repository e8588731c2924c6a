import { type ErrorCode, ProxyError } from "../../core/error.ts";
import { usdText } from "../../core/price.ts";
import type { Reason } from "../../router/gates.ts";
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

/** The most telling reason first: what the client itself can change. */
const order: readonly Reason[] = [
  "private",
  "local_only",
  "over_max_cost",
  "over_budget",
  "too_long",
  "no_vision",
  "no_tools",
  "away",
];

const namedMax = 5;

export type NobodyParts = Pick<Plan, "decision" | "budgetNanoUsd">;

/** Why nobody may answer a call to `auto`. */
export function nobodyFor({ decision: { refused }, budgetNanoUsd }: NobodyParts): ProxyError {
  const reason = order.find((one) => refused.some((other) => other.reason === one));
  if (reason === undefined)
    return new ProxyError("no_upstream", "auto has no model to choose from", { retryAfterMs: 1_000 });
  const named = refused.slice(0, namedMax).map((one) => `${one.candidate.model}: ${one.reason}`);
  const more = refused.length > namedMax ? `, and ${refused.length - namedMax} more` : "";
  const left =
    reason === "over_budget" && budgetNanoUsd !== undefined
      ? `: ${usdText(budgetNanoUsd)} USD are left of its budget`
      : "";
  const text = `no model may answer this request (${named.join(", ")}${more})${left}`;
  return new ProxyError(codes[reason], text, reason === "away" ? { retryAfterMs: 1_000 } : {});
}
