import type { Logger } from "../lib/log.ts";
import type { Clock, Timer } from "../lib/time.ts";

/** What a cleanup does over and over. */
export interface Cleanup<Result> {
  readonly start: () => void;
  readonly stop: () => void;
  readonly state: () => {
    readonly runs: number;
    readonly failures: number;
    /** Seconds since the last one ended well; undefined before that. */
    readonly last_seconds_ago: number | undefined;
    readonly last: Result | undefined;
  };
}

export interface CleanupParts<Result> {
  readonly sweep: () => Promise<Result>;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly log: () => Logger;
  readonly random: () => number;
}

/** So that daemons that were started together do not sweep together. */
const jitter = 0.1;

/** Sweeps every interval, never twice at once; one that fails is told and counted, and the next one comes all the same. */
export function createCleanup<Result>(parts: CleanupParts<Result>): Cleanup<Result> {
  const { sweep, intervalMs, clock, log, random } = parts;
  let timer: Timer | undefined;
  let isOn = false;
  let runs = 0;
  let failures = 0;
  let last: { readonly result: Result; readonly atMs: number } | undefined;

  const run = async (): Promise<void> => {
    try {
      const result = await sweep();
      runs += 1;
      last = { result, atMs: clock.monotonicMs() };
      log().debug("cache cleaned up", { result });
    } catch (thrown) {
      failures += 1;
      log().warn("the cache was not cleaned up", {
        error: thrown instanceof Error ? thrown.message : String(thrown),
      });
    }
    arm();
  };
  const arm = (): void => {
    if (!isOn) return;
    const waitMs = intervalMs * (1 - jitter + 2 * jitter * random());
    timer = clock.after(waitMs, () => void run());
  };

  return {
    start() {
      isOn = true;
      arm();
    },
    stop() {
      isOn = false;
      timer?.cancel();
    },
    state: () => ({
      runs,
      failures,
      last_seconds_ago:
        last === undefined ? undefined : Math.round((clock.monotonicMs() - last.atMs) / 1_000),
      last: last?.result,
    }),
  };
}
