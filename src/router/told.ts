import type { DecideParts, Decision, Tiered } from "./decision.ts";
import { nameOf } from "./order.ts";
import type { Needs, Reason } from "./gates.ts";

export interface ExplainParts extends Pick<DecideParts, "analysis" | "control" | "policy" | "session"> {
  readonly needs: Needs;
  readonly tiered: Tiered;
  readonly decision: Omit<Decision, "reasons">;
  readonly isDoubted: boolean;
}

/** Why a decision is what it is, in words, in the order in which it was made. */
export function explain(parts: ExplainParts): string[] {
  return [
    ...houseWords(parts.needs),
    ...tierWords(parts),
    ...modeWords(parts),
    ...doubtWords(parts),
    ...missingWords(parts),
    ...(parts.decision.isTrimmed
      ? ["too long for everyone who may answer now: its oldest turns are left out"]
      : []),
    ...refusedWords(parts.decision),
  ];
}

function houseWords({ isPrivate, isLocalOnly }: Needs): string[] {
  if (isPrivate) return ["private: it stays in the house, and is not searched for"];
  return isLocalOnly ? ["local only: it stays in the house, and is not searched for"] : [];
}

function tierWords({ analysis, tiered, session }: ExplainParts): string[] {
  const { tier, own, from } = tiered;
  if (from === "client") return [`${tier}: the client says so`];
  if (analysis.is_tool_loop && session !== undefined) return [`${tier}: it goes on after a tool`];
  if (from === "conversation") return [`${tier}: as the conversation before`, `by itself: ${own}`];
  const words =
    analysis.complexity === own ? analysis.reasons : [`${own}: by what is usual here and the dial`];
  return from === "doubt" ? [...words, `${tier}: unsure, so a tier up`] : [...words];
}

function modeWords({ control, decision, policy }: ExplainParts): string[] {
  const words: string[] = [];
  if (decision.isLocked) words.push("the model that called the tool goes on");
  if (control.mode === "cloud") words.push("the client prefers the cloud");
  if (control.mode === "fast" && !decision.isLocked) words.push(...fastWords(policy, decision));
  if (control.isSearchBarred) words.push("the client wants no search");
  return words;
}

function fastWords({ fastModel }: ExplainParts["policy"], { order: [first] }: Omit<Decision, "reasons">) {
  if (first === undefined) return [];
  if (fastModel === undefined) return ["the quickest model"];
  return nameOf(first.model) === nameOf(fastModel)
    ? ["the model set as the fast one"]
    : ["the quickest model: the one set as the fast one may not answer, or is not there"];
}

function doubtWords({ decision, isDoubted, policy, tiered }: ExplainParts): string[] {
  if (decision.verify) return ["unsure: the answer is checked first"];
  if (!isDoubted || tiered.from === "doubt" || decision.order.length === 0) return [];
  if (policy.onUncertain === "local") return ["unsure: the local model is trusted"];
  if (decision.isLocked || decision.order[0]?.isCloud !== false) return ["unsure"];
  return [
    decision.escalateTo === undefined ? "unsure, but nobody else may answer" : "unsure, and not checked",
  ];
}

const missingText = {
  cloud: "no cloud model is set up: the best local one answers",
  search: "no search provider is set up",
  local: "no local model is there",
} as const;

const missingWords = ({ decision }: ExplainParts): string[] =>
  decision.missing.map((one) => missingText[one]);

function refusedWords({ order, refused }: Omit<Decision, "reasons">): string[] {
  const counts = new Map<Reason, number>();
  for (const { reason } of refused) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const told = [...counts]
    .map(([reason, count]) => (count === 1 ? reason : `${reason} (${count})`))
    .join(", ");
  if (order.length > 0) return told === "" ? [] : [`passed over: ${told}`];
  return [told === "" ? "nobody may answer: no model is there" : `nobody may answer: ${told}`];
}
