import type { Call } from "../../core/call.ts";
import type { Signal } from "../../lib/abort.ts";
import { pause } from "../../lib/time.ts";
import { listAgeMaxMs, listWaitMs, type Looks } from "../../upstream/looks.ts";
import { pinnedTo } from "../../upstream/route.ts";
import { loadPauseMs } from "../../upstream/run.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import { type Plan, planOf, type PlanParts, study } from "./plan.ts";

export interface AwaitedParts extends PlanParts, Pick<Looks, "freshen"> {
  /** Whether others have taken the place of these upstreams: then nobody is waited for any more. */
  readonly isStopped: () => boolean;
  /** How long a model may take to load; 0 for no limit. */
  readonly loadMaxMs: number;
}

/**
 * The plan for a call. When nobody may answer it, the lists are looked at anew: a server may just have come back; and
 * one that is still loading its model is waited for, as it is by calls that name that model. Throws what
 * {@link study} and {@link planOf} throw, and what its signal is aborted with.
 */
export async function awaitedPlan(call: Call, parts: AwaitedParts, signal: Signal): Promise<Plan> {
  const studied = study(call, parts);
  let plan = planOf(studied, parts);
  if (hasSomebody(plan)) return plan;
  await parts.freshen(listAgeMaxMs, listWaitMs);
  const { clock, loadMaxMs } = parts;
  const startedMs = clock.monotonicMs();
  const isInTime = (): boolean => loadMaxMs === 0 || clock.monotonicMs() - startedMs <= loadMaxMs;
  for (plan = planOf(studied, parts); !hasSomebody(plan); plan = planOf(studied, parts)) {
    if (parts.isStopped() || !mayYetBeOne(call, plan, parts.upstreams()) || !isInTime()) return plan;
    await pause(clock, loadPauseMs, signal);
    signal.throwIfAborted();
    await parts.freshen(listAgeMaxMs, listWaitMs);
  }
  return plan;
}

const hasSomebody = ({ decision }: Plan): boolean => decision.order.length > 0;

/** Whether somebody who loads may do when it has loaded: whose model is not known yet, or was passed over for loading only. */
const mayYetBeOne = (call: Call, { holders, decision }: Plan, upstreams: readonly Upstream[]): boolean =>
  pinnedTo(call, upstreams).some((one) => {
    if (one.isLoading !== true) return false;
    const own = holders.filter(({ upstream }) => upstream === one).map(({ candidate }) => candidate);
    return (
      own.length === 0 ||
      decision.refused.some(({ candidate, reason }) => reason === "away" && own.includes(candidate))
    );
  });
