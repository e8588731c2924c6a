import type { Analysis, Complexity } from "./analyze.ts";
import type { Control } from "./control.ts";
import type { Asks, Candidate, Reason } from "./gates.ts";
import type { Models } from "./order.ts";
import type { RecentScores } from "./quantiles.ts";
import type { Session } from "./session.ts";

/** What to do when a request may be harder than it looks: answer and check, go a tier up, or trust the local model. */
export type OnUncertain = "verify" | "up" | "local";

/** What an operator wants of `auto`. */
export interface Policy extends Models {
  /** From 0, cheap, to 10, quality; 5 as shipped. */
  readonly dial: number;
  readonly onUncertain: OnUncertain;
}

export interface DecideParts {
  readonly analysis: Analysis;
  readonly control: Control;
  readonly session: Session | undefined;
  readonly candidates: readonly Candidate[];
  readonly search: {
    readonly isAvailable: boolean;
    /** Whether the request has a place for its results; yes when left out. */
    readonly isPlaceable?: boolean;
    /** Most tokens that its results take of a prompt. */
    readonly tokensMax?: number;
  };
  readonly policy: Policy;
  /** Whether something private was found in the request. A session's own mark counts beside it. */
  readonly isPrivate: boolean;
  /** Whether the asker's calls stay in the house. */
  readonly isLocalOnly: boolean;
  readonly asks: Asks;
  readonly scores: RecentScores;
  /** What is left of the budget, in nano-dollars; undefined for no budget. */
  readonly budgetNanoUsd?: number | undefined;
  /** Now, as the clock's `monotonicMs`. */
  readonly nowMs: number;
}

export type Missing = "cloud" | "search" | "local";

export interface Refused {
  readonly candidate: Candidate;
  readonly reason: Reason;
}

/** Who is to answer, and how. */
export interface Decision {
  readonly tier: Complexity;
  /** The tier of the request by itself, for {@link import("./session.ts").Turn}. */
  readonly ownTier: Complexity;
  /** Whether web results go into the prompt. */
  readonly search: boolean;
  /** Whether the web may be asked for this request, also later, when an answer turns out to be dated. */
  readonly maySearch: boolean;
  /** Whether the beginning of the answer is held and checked. */
  readonly verify: boolean;
  /** First choice first; each one has passed its gates. Empty when nobody may answer. */
  readonly order: readonly Candidate[];
  readonly refused: readonly Refused[];
  /** Why, in words. No text of the request is in them. */
  readonly reasons: readonly string[];
  /** How sure the tier is, 0 to 1; 1 when it was given. */
  readonly confidence: number;
  /** What would have been used, had it been there. */
  readonly missing: readonly Missing[];
  /** Whether it is too long for everyone who may answer now, so that its oldest turns will be left out. */
  readonly isTrimmed: boolean;
  /** Whether the model stays because a tool's result is for it. */
  readonly isLocked: boolean;
  /** Who answers, once, when the check fails. Both answers together are within the limits. */
  readonly escalateTo?: Candidate | undefined;
}

/** A tier, and where it comes from. */
export interface Tiered {
  readonly tier: Complexity;
  readonly own: Complexity;
  readonly from: "client" | "request" | "conversation" | "doubt";
  readonly confidence: number;
  /** Low or medium, and perhaps more. */
  readonly isUnsure: boolean;
}
