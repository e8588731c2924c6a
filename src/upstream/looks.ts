import { pause, type Clock, type Timer } from "../lib/time.ts";
import type { Upstream } from "./upstream.ts";

/** When each upstream was last looked at, and the looking itself. */
export interface Looks {
  /** Looks anew at upstreams whose last look is older than `ageMaxMs`, and waits for that up to `waitMs`. */
  readonly freshen: (ageMaxMs: number, waitMs: number) => Promise<void>;
  /** Forgets how fresh the lists are: something was just changed at an upstream. */
  readonly expire: () => void;
  /** Looks at every upstream that is up once in `everyMs`; those that are down have their own probes. */
  readonly begin: (everyMs: number) => void;
  readonly stop: () => void;
}

/** How old a look may be when someone asks for a list or an unknown model, and how long they wait for a newer one. */
export const listAgeMaxMs = 1_000;
export const listWaitMs = 500;

/** One that was down is either there at once or not yet: nobody waits longer to learn which. */
const downWaitMs = 100;

const within = (clock: Clock, waitMs: number, work: readonly Promise<void>[]): Promise<unknown> =>
  work.length === 0 ? Promise.resolve() : Promise.race([Promise.all(work), pause(clock, waitMs)]);

export function createLooks(upstreams: readonly Upstream[], clock: Clock): Looks {
  const lookedAtMs = new Map<string, number>();
  const running = new Map<string, Promise<void>>();
  let timer: Timer | undefined;

  const look = (upstream: Upstream): Promise<void> => {
    const { name } = upstream;
    const begun = running.get(name);
    if (begun !== undefined) return begun;
    const startedMs = clock.monotonicMs();
    const mine = upstream.refresh().then(() => {
      // What was forgotten meanwhile stays forgotten: this look may have begun before the change.
      if (running.get(name) === mine) {
        running.delete(name);
        lookedAtMs.set(name, startedMs);
      }
    });
    running.set(name, mine);
    return mine;
  };

  const begin = (everyMs: number): void => {
    timer = clock.after(everyMs, () => {
      for (const one of upstreams) if (one.health.state === "up") void look(one);
      begin(everyMs);
    });
  };

  return {
    freshen: async (ageMaxMs, waitMs) => {
      const oldest = clock.monotonicMs() - ageMaxMs;
      const due = upstreams.filter((one) => (lookedAtMs.get(one.name) ?? Number.NEGATIVE_INFINITY) <= oldest);
      if (due.length === 0) return;
      const isDown = (one: Upstream): boolean => one.health.state === "down";
      const [down, others] = [due.filter(isDown), due.filter((one) => !isDown(one))];
      await Promise.all([
        within(clock, waitMs, others.map(look)),
        within(clock, Math.min(waitMs, downWaitMs), down.map(look)),
      ]);
    },
    expire: () => {
      lookedAtMs.clear();
      running.clear();
    },
    begin,
    stop: () => timer?.cancel(),
  };
}
