import type { Complexity, Task } from "../../router/analyze.ts";

/** What was decided for one call; nothing of what it said is in it. */
export interface NotedDecision {
  readonly id: string;
  /** ISO 8601. */
  readonly time: string;
  readonly asked_model: string;
  readonly tier: Complexity;
  readonly confidence: number;
  readonly reasons: readonly string[];
  readonly task: Task;
  readonly language: string;
  /** Tokens of the request, estimated. */
  readonly tokens: number;
  readonly searched: string;
  readonly private: readonly string[];
  readonly missing: readonly string[];
  /** Whether the first answer was held and checked. */
  readonly verified: boolean;
  /** Who answered; undefined when nobody did. */
  readonly model: string | undefined;
  readonly upstream: string | undefined;
  /** Whether the local answer was not good enough, and why. */
  readonly escalated: string | undefined;
}

/** Which of the decisions are asked for. */
export interface DecisionsAsked {
  readonly countMax: number;
  readonly tier?: Complexity | undefined;
  /** Whether one is meant that this model answered. */
  readonly isModel?: ((model: string) => boolean) | undefined;
  /** The conversation, as {@link import("../../router/session.ts").sessionKey} makes it: it says whose it is. */
  readonly session?: string | undefined;
}

/** The decisions of late, a bounded number of them. */
export interface Decisions {
  /** `session` is only compared, never shown. */
  readonly note: (decision: NotedDecision, session: string) => void;
  /** The newest first. */
  readonly latest: (asked: DecisionsAsked) => readonly NotedDecision[];
}

interface Kept {
  readonly decision: NotedDecision;
  readonly session: string;
}

export function createDecisions(entriesMax: number): Decisions {
  let kept: Kept[] = [];
  return {
    note(decision, session) {
      kept.push({ decision, session });
      if (kept.length > entriesMax * 2) kept = kept.slice(-entriesMax);
    },
    latest: (asked) =>
      kept
        .slice(-entriesMax)
        .filter((one) => isMeant(one, asked))
        .slice(-asked.countMax)
        .map(({ decision }) => decision)
        .toReversed(),
  };
}

function isMeant({ decision, session }: Kept, asked: DecisionsAsked): boolean {
  const { tier, model } = decision;
  if (asked.tier !== undefined && asked.tier !== tier) return false;
  if (asked.session !== undefined && asked.session !== session) return false;
  return asked.isModel === undefined || (model !== undefined && asked.isModel(model));
}
