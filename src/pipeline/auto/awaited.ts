import type { Call } from "../../core/call.ts";
import type { Signal } from "../../lib/abort.ts";
import { pause } from "../../lib/time.ts";
import { listAgeMaxMs, listWaitMs, type Looks } from "../../upstream/looks.ts";
import { type Plan, planFor, type PlanParts } from "./plan.ts";

export interface AwaitedParts extends PlanParts, Pick<Looks, "freshen"> {
  /** How long a model may take to load; 0 for no limit. */
  readonly loadMaxMs: number;
}

/** Longest pause between two looks at a model that is being loaded. */
const loadPauseMs = 500;

/**
 * The plan for a call. When nobody may answer it, the lists are looked at anew: a server may just have come back; and
 * one that is still loading its model is waited for, as it is by calls that name that model. Throws what
 * {@link planFor} throws, and what its signal is aborted with.
 */
export async function awaitedPlan(call: Call, parts: AwaitedParts, signal: Signal): Promise<Plan> {
  let plan = planFor(call, parts);
  if (hasSomebody(plan)) return plan;
  await parts.freshen(listAgeMaxMs, listWaitMs);
  const { clock, loadMaxMs } = parts;
  const startedMs = clock.monotonicMs();
  const isInTime = (): boolean => loadMaxMs === 0 || clock.monotonicMs() - startedMs <= loadMaxMs;
  for (plan = planFor(call, parts); !hasSomebody(plan); plan = planFor(call, parts)) {
    if (!isLoading(call, parts) || !isInTime()) return plan;
    await pause(clock, loadPauseMs, signal);
    signal.throwIfAborted();
    await parts.freshen(listAgeMaxMs, listWaitMs);
  }
  return plan;
}

const hasSomebody = ({ decision }: Plan): boolean => decision.order.length > 0;

const isLoading = ({ pinnedUpstream }: Call, { upstreams }: PlanParts): boolean =>
  upstreams().some(
    (one) => one.isLoading === true && (pinnedUpstream === undefined || one.name === pinnedUpstream),
  );
