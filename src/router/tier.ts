import type { Analysis, Complexity } from "./analyze.ts";
import type { DecideParts, Tiered } from "./decision.ts";
import { isCertain, place } from "./quantiles.ts";
import { floorOf, type Session } from "./session.ts";
import { higherOf } from "./tiers.ts";

/** Below this the tier may well be another one. */
const sureFrom = 0.6;

/** The tier of a request: what the client says, or the conversation allows, or the request asks by itself. */
export function tierOf({ analysis, control, session, policy, scores, nowMs }: DecideParts): Tiered {
  const { tier: own, confidence } = place(analysis, scores, policy.dial);
  if (control.tier !== undefined)
    return { tier: control.tier, own, from: "client", confidence: 1, isUnsure: false };
  const tier = session === undefined ? own : withinSession({ analysis, own, session, nowMs });
  const isUnsure = tier !== "high" && isDoubtful(analysis, confidence);
  const isRaised = isUnsure && tier === "low" && policy.onUncertain === "up" && !analysis.is_tool_loop;
  if (isRaised) return { tier: "medium", own, from: "doubt", confidence, isUnsure };
  return { tier, own, from: tier === own ? "request" : "conversation", confidence, isUnsure };
}

/** A language that the analyzer does not know is no sign that the question is easy. */
const isDoubtful = (analysis: Analysis, confidence: number): boolean =>
  confidence < sureFrom || (analysis.language === "und" && !isCertain(analysis));

interface WithinSession {
  readonly analysis: Analysis;
  readonly own: Complexity;
  readonly session: Session;
  readonly nowMs: number;
}

function withinSession({ analysis, own, session, nowMs }: WithinSession): Complexity {
  if (analysis.is_tool_loop) return session.tier;
  // "Why?" says little by itself: only what is surely harder goes above the turn it follows.
  if (analysis.is_follow_up)
    return analysis.confidence >= sureFrom ? higherOf(own, session.tier) : session.tier;
  return higherOf(own, floorOf(session, nowMs));
}
