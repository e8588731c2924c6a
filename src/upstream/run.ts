import { type Call, isRepeatable } from "../core/call.ts";
import { type Hop, ProxyError } from "../core/error.ts";
import type { Signal } from "../lib/abort.ts";
import { type Clock, pause } from "../lib/time.ts";
import type { Candidate } from "./admission.ts";
import type { RetryBudget } from "./retry-budget.ts";
import { choose, type Route, type Stage } from "./route.ts";
import type { Upstream } from "./upstream.ts";

/** The attempts at one call so far, and who is left. */
export interface Run {
  readonly hops: Hop[];
  /** Whoever is to be asked next. Throws ProxyError when nobody is. */
  readonly next: () => Candidate;
  readonly failed: (candidate: Candidate, error: ProxyError) => void;
  /** Whether another attempt is to be made; waits first where that helps. */
  readonly mayGoOn: (error: ProxyError, by: RunBy) => Promise<boolean>;
}

export interface RunBy {
  readonly budget: RetryBudget;
  readonly signal: Signal;
}

export interface RunLimits {
  /** Attempts at one call, the first included. */
  readonly attemptsMax: number;
  /** Longest wait for an upstream that says when to come back, when nobody else could answer; in milliseconds. */
  readonly waitMaxMs: number;
  /** No attempt is begun later than this after the first one; 0 for no limit. */
  readonly deadlineMs: number;
  /** How long a model may take to load; 0 for no limit. */
  readonly loadMaxMs: number;
  readonly clock: Clock;
}

/** Longest pause between two looks at a model that is being loaded. */
export const loadPauseMs = 500;

export function beginRun(call: Call, { stages, again }: Route, limits: RunLimits): Run {
  const { clock, attemptsMax } = limits;
  const startedMs = clock.monotonicMs();
  const hops: Hop[] = [];
  let left: readonly Stage[] = stages;
  let pending: Hop | undefined;
  let last: Candidate | undefined;
  const tookMs = (): number => clock.monotonicMs() - startedMs;

  /** The same one again, after a wait: only when nobody else is left. */
  const waitAgain = async (waitMs: number, { signal }: RunBy): Promise<boolean> => {
    if (last === undefined) return false;
    await pause(clock, waitMs, signal);
    left = [{ upstreams: [last.upstream], target: last.target }];
    return !signal.aborted;
  };

  /** One that is only slow to begin has not failed. */
  const waitForLoading = async (by: RunBy): Promise<boolean> => {
    pending = undefined;
    if (isOver(tookMs(), limits) || !(await waitAgain(loadPauseMs, by))) return false;
    if (again !== undefined) left = (await again()).stages;
    return true;
  };

  /** Nobody else is left: the same one again, if that is worth a wait. */
  const mayWait = async (error: ProxyError, by: RunBy): Promise<boolean> => {
    if (error.code === "upstream_loading") return waitForLoading(by);
    const waitMs = hops.length + 1 < attemptsMax ? waitFor(error, last, limits) : undefined;
    return waitMs !== undefined && by.budget.spend() ? waitAgain(waitMs, by) : false;
  };

  return {
    hops,
    next() {
      if (pending !== undefined) hops.push(pending);
      pending = undefined;
      const candidate = firstOf(left);
      if (candidate === undefined) throw new ProxyError("internal", "a route without candidates");
      return candidate;
    },
    failed(candidate, error) {
      last = candidate;
      left = stagesWithout(left, candidate, error);
      pending = { upstream: candidate.upstream.name, error: error.code };
    },
    async mayGoOn(error, by) {
      if (!mayRepeat(call, error) || isLate(tookMs(), limits)) return false;
      const isAlone = left.length === 0;
      // Nobody was asked: going on to what costs less doubles no load.
      if (refusedHere.has(error.code)) return !isAlone;
      if (isAlone) return mayWait(error, by);
      return hops.length + 1 < attemptsMax && by.budget.spend();
    },
  };
}

const refusedHere = new Set(["budget_exceeded", "ledger_unavailable"]);

const mayRepeat = ({ operation }: Call, { retryable }: ProxyError): boolean =>
  retryable && isRepeatable(operation);

const isLate = (tookMs: number, { deadlineMs }: RunLimits): boolean => deadlineMs > 0 && tookMs >= deadlineMs;

const isOver = (tookMs: number, { loadMaxMs }: RunLimits): boolean => loadMaxMs > 0 && tookMs > loadMaxMs;

function firstOf(stages: readonly Stage[]): Candidate | undefined {
  for (const { upstreams, target } of stages) {
    const upstream = choose(upstreams, target.key);
    if (upstream !== undefined) return { upstream, target };
  }
  return undefined;
}

/** A provider that says when it has time again is worth a short wait. */
function waitFor(
  { code, retryAfterMs }: ProxyError,
  last: Candidate | undefined,
  { waitMaxMs }: RunLimits,
): number | undefined {
  if (code !== "upstream_busy" || last?.upstream.isCloud !== true) return undefined;
  return retryAfterMs !== undefined && retryAfterMs <= waitMaxMs ? retryAfterMs : undefined;
}

/** Who is left to be asked: those that are up, and when the queue was the trouble, those with a free place. */
function stagesWithout(
  stages: readonly Stage[],
  { upstream, target }: Candidate,
  error: ProxyError,
): readonly Stage[] {
  const isLeft = (stage: Stage, one: Upstream): boolean => {
    // What failed with one model may do with another, unless it is the upstream itself that fails.
    if (one === upstream && (stage.target.key === target.key || error.unhealthy)) return false;
    if (one.health.state !== "up" || one.trouble !== undefined) return false;
    return error.code !== "overloaded" || one.inference.pressure === 0;
  };
  return stages
    .map((stage) => ({
      target: stage.target,
      upstreams: stage.upstreams.filter((one) => isLeft(stage, one)),
    }))
    .filter(({ upstreams }) => upstreams.length > 0);
}
