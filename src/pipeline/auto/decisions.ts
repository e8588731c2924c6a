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

/** The decisions of late, a bounded number of them. */
export interface Decisions {
  readonly note: (decision: NotedDecision) => void;
  /** The newest first. */
  readonly latest: (countMax: number) => readonly NotedDecision[];
}

export function createDecisions(entriesMax: number): Decisions {
  let noted: NotedDecision[] = [];
  return {
    note(decision) {
      noted.push(decision);
      if (noted.length > entriesMax * 2) noted = noted.slice(-entriesMax);
    },
    latest: (countMax) => noted.slice(-Math.min(countMax, entriesMax)).toReversed(),
  };
}
