import type { Clock } from "../../lib/time.ts";
import { createBreaker, type BreakerState } from "../breaker.ts";

/** Whether a server is worth waiting for. */
export interface Trust {
  readonly state: BreakerState;
  /** Whether a lookup has waited so long already that others should not wait with it. */
  readonly isStuck: () => boolean;
  readonly failures: number;
  /** Settles like `work`, and learns from it. */
  readonly follow: <Value>(work: Promise<Value>) => Promise<Value>;
  readonly failed: () => void;
}

export interface TrustParts {
  readonly clock: Clock;
  /** Asks for a sign of life; rejects when there is none. */
  readonly ping: () => Promise<unknown>;
  /** Whether nobody wants to know any more. */
  readonly isOver: () => boolean;
}

const stuckMs = 15;
/** How often it is looked whether it is time for the next sign of life. */
const probeMs = 100;

/** After three failures in a row nobody waits until a PING has been answered: the first after 1 s, then later each time. */
export function createTrust({ clock, ping, isOver }: TrustParts): Trust {
  const breaker = createBreaker(clock);
  const asked = new Map<number, number>();
  let nextId = 0;
  let failures = 0;

  const probe = (): void => {
    clock.after(probeMs, () => {
      if (isOver() || breaker.state === "up") return;
      if (!breaker.enter()) return probe();
      ping().then(breaker.good, () => {
        breaker.bad();
        probe();
      });
    });
  };
  const failed = (): void => {
    failures += 1;
    const before = breaker.state;
    breaker.bad();
    if (before === "up" && breaker.state === "down") probe();
  };

  return {
    get state() {
      return breaker.state;
    },
    isStuck() {
      const [oldestMs] = asked.values();
      return oldestMs !== undefined && clock.monotonicMs() - oldestMs > stuckMs;
    },
    get failures() {
      return failures;
    },
    async follow(work) {
      nextId += 1;
      const id = nextId;
      asked.set(id, clock.monotonicMs());
      try {
        const value = await work;
        breaker.good();
        return value;
      } catch (thrown) {
        failed();
        throw thrown;
      } finally {
        asked.delete(id);
      }
    },
    failed,
  };
}
