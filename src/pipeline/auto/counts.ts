import type { Complexity } from "../../router/analyze.ts";
import type { Missing } from "../../router/decision.ts";
import type { Searched } from "./headers.ts";

/** What is counted of a decision. */
export interface Counted {
  readonly tier: Complexity;
  readonly searched: Searched;
  /** Whether the beginning of the first answer was held and checked. */
  readonly isVerified: boolean;
  /** As `X-Chasqui-Escalated` says it. */
  readonly escalated: string | undefined;
  /** Whether the call had to stay in the house for what was said in its conversation. */
  readonly isPrivate: boolean;
  readonly missing: readonly Missing[];
  /** Who answered, by the name in the list of its upstream; undefined when nobody did. */
  readonly model: string | undefined;
}

/** What `auto` decided since the start. Bounded: models have the names that upstreams list, and only so many of them. */
export interface RoutingCounts {
  readonly note: (decision: Counted) => void;
  readonly snapshot: () => RoutingSnapshot;
}

export interface RoutingSnapshot {
  readonly decided: number;
  readonly by_tier: Readonly<Record<Complexity, number>>;
  readonly by_model: Readonly<Record<string, number>>;
  readonly searched: Readonly<Record<Searched, number>>;
  readonly verified: number;
  /** By what was wrong with the first answer. */
  readonly escalated: Readonly<Record<string, number>>;
  readonly private: number;
  readonly missing: Readonly<Record<Missing, number>>;
}

/** Those that come after so many are counted together, as `other`. */
const modelsMax = 200;

export function createRoutingCounts(): RoutingCounts {
  const byTier: Record<Complexity, number> = { low: 0, medium: 0, high: 0 };
  const searches: Record<Searched, number> = { yes: 0, no: 0, no_query: 0, no_results: 0, failed: 0 };
  const missed: Record<Missing, number> = { cloud: 0, search: 0, local: 0 };
  const byModel = new Map<string, number>();
  const byFault = new Map<string, number>();
  let decided = 0;
  let verified = 0;
  let privates = 0;
  return {
    note({ tier, searched, isVerified, escalated, isPrivate, missing, model }) {
      decided += 1;
      byTier[tier] += 1;
      searches[searched] += 1;
      if (isVerified) verified += 1;
      if (isPrivate) privates += 1;
      for (const one of missing) missed[one] += 1;
      if (escalated !== undefined) bump(byFault, faultIn(escalated));
      if (model !== undefined)
        bump(byModel, byModel.has(model) || byModel.size < modelsMax ? model : "other");
    },
    snapshot: () => ({
      decided,
      by_tier: { ...byTier },
      by_model: Object.fromEntries(byModel),
      searched: { ...searches },
      verified,
      escalated: Object.fromEntries(byFault),
      private: privates,
      missing: { ...missed },
    }),
  };
}

/** How the second attempt failed, where it did, comes after a comma. */
const faultIn = (escalated: string): string => escalated.split(",", 1)[0] ?? escalated;

const bump = (counts: Map<string, number>, name: string): void =>
  void counts.set(name, (counts.get(name) ?? 0) + 1);
