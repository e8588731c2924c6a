import type { ChatRequest } from "../core/chat.ts";

/** A model that might answer, and what is known of it. */
export interface Candidate {
  readonly model: string;
  readonly upstream: string;
  readonly isCloud: boolean;
  /** What it can take; undefined is not known. */
  readonly capabilities: {
    readonly tools?: boolean | undefined;
    readonly vision?: boolean | undefined;
    readonly thinking?: boolean | undefined;
  };
  /** Tokens of prompt and answer together; undefined when nobody said. */
  readonly contextTokens?: number | undefined;
  /** How many weights it has; undefined when nobody said. */
  readonly parameters?: number | undefined;
  readonly isLoaded: boolean;
  /** Whether a call that is too long for it is made to fit by leaving out its oldest turns. */
  readonly isTrimmable?: boolean | undefined;
  /** What this call may cost there at most; 0 for what is free. */
  readonly maxCostNanoUsd: number;
  /** True while its upstream is down or in trouble. */
  readonly isAway?: boolean | undefined;
}

/** What a call needs of whoever answers it. */
export interface Needs {
  /** Something in the conversation must not leave the house. */
  readonly isPrivate: boolean;
  /** The client, its key or its choice of `auto:local` keeps the call in the house. */
  readonly isLocalOnly: boolean;
  readonly images: boolean;
  readonly tools: boolean;
  /** Tokens of the prompt and of the room for an answer. */
  readonly tokens: number;
  /** Whether a call may be trimmed for whoever can do that. */
  readonly mayTrim?: boolean | undefined;
  /** What the client wants to pay at most for this call; undefined for no such limit. */
  readonly costNanoUsdMax?: number | undefined;
  /** What is left of the budget; undefined for no budget. */
  readonly budgetNanoUsd?: number | undefined;
}

/** The part of {@link Needs} that the request itself says. */
export interface Asks {
  readonly images: boolean;
  readonly tools: boolean;
  /** Room for the answer. */
  readonly replyTokens: number;
}

const replyTokensUsual = 512;
/** Clients ask for far more tokens than answers have; a larger wish does not make a model's context too small. */
const replyTokensMax = 1_024;

export function asksOf({
  messages,
  needs,
  tools,
  sampling,
}: Pick<ChatRequest, "messages" | "needs" | "tools" | "sampling">): Asks {
  const wanted = sampling.outputTokensMax ?? replyTokensUsual;
  return {
    images: needs.includes("images") || messages.some(({ images }) => (images?.length ?? 0) > 0),
    tools: tools.length > 0 || needs.includes("tools"),
    // Ollama reads a negative number as no limit.
    replyTokens: wanted > 0 ? Math.min(wanted, replyTokensMax) : replyTokensUsual,
  };
}

/** Why a candidate may not answer. */
export type Reason =
  | "private"
  | "local_only"
  | "no_vision"
  | "no_tools"
  | "too_long"
  | "over_budget"
  | "over_max_cost"
  | "away";

interface Gate {
  readonly reason: Reason;
  readonly isShut: (candidate: Candidate, needs: Needs) => boolean;
}

/**
 * Privacy first, so that it is the reason that is told when several hold. What a model cannot do counts only where it
 * is known: Ollama lists no capabilities for many models that have them. Money is compared so that a cost that is no
 * number is refused, and what is free is never held up by an empty budget.
 */
const gates: readonly Gate[] = [
  { reason: "private", isShut: ({ isCloud }, { isPrivate }) => isCloud && isPrivate },
  { reason: "local_only", isShut: ({ isCloud }, { isLocalOnly }) => isCloud && isLocalOnly },
  { reason: "no_vision", isShut: ({ capabilities }, { images }) => images && capabilities.vision === false },
  { reason: "no_tools", isShut: ({ capabilities }, { tools }) => tools && capabilities.tools === false },
  {
    reason: "too_long",
    isShut: ({ contextTokens, isTrimmable }, { tokens, mayTrim }) =>
      contextTokens !== undefined &&
      !(tokens <= contextTokens) &&
      !(mayTrim === true && isTrimmable === true),
  },
  {
    reason: "over_budget",
    isShut: ({ maxCostNanoUsd }, { budgetNanoUsd }) =>
      budgetNanoUsd !== undefined && maxCostNanoUsd !== 0 && !(maxCostNanoUsd <= budgetNanoUsd),
  },
  {
    reason: "over_max_cost",
    isShut: ({ maxCostNanoUsd }, { costNanoUsdMax }) =>
      costNanoUsdMax !== undefined && maxCostNanoUsd !== 0 && !(maxCostNanoUsd <= costNanoUsdMax),
  },
  { reason: "away", isShut: ({ isAway }) => isAway === true },
];

/** The first gate that a candidate does not pass; undefined when it may answer. Holds for every hop anew. */
export function refusedBecause(candidate: Candidate, needs: Needs): Reason | undefined {
  return gates.find(({ isShut }) => isShut(candidate, needs))?.reason;
}
