import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSemaphore, QueueRefusedError } from "../../src/lib/semaphore.ts";
import { createFakeClock } from "../support/fake-clock.ts";

/** What a caller knows of its own wait. */
interface Caller {
  readonly controller: AbortController;
  readonly arrivedMs: number;
  state: "waiting" | "inside" | "done" | "full" | "deadline" | "aborted";
  release: () => void;
}

type Step =
  | { readonly act: "arrive" }
  | { readonly act: "release" | "abort"; readonly who: number }
  | { readonly act: "advance"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ act: "arrive" } as const) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant("release" as const), who: fc.nat({ max: 30 }) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("abort" as const), who: fc.nat({ max: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("advance" as const), ms: fc.nat({ max: 60 }) }) },
);

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Plays callers against a semaphore and against the plain model of one: a list of who is where. */
function createPlay(places: number, queueMax: number) {
  const waitMs = 100;
  const clock = createFakeClock();
  const semaphore = createSemaphore({ places, queueMax, waitMs, clock });
  const callers: Caller[] = [];
  const want: Caller["state"][] = [];
  const count = (state: Caller["state"]): number => want.filter((one) => one === state).length;
  const admit = (): void => {
    for (let who = 0; who < want.length && count("inside") < places; who++)
      if (want[who] === "waiting") want[who] = "inside";
  };

  const arrive = (): void => {
    const caller: Caller = {
      controller: new AbortController(),
      arrivedMs: clock.monotonicMs(),
      state: "waiting",
      release: () => undefined,
    };
    callers.push(caller);
    want.push(count("inside") < places ? "inside" : count("waiting") < queueMax ? "waiting" : "full");
    semaphore.acquire(caller.controller.signal).then(
      (release) => {
        caller.state = "inside";
        caller.release = release;
      },
      (error: unknown) => {
        caller.state = error instanceof QueueRefusedError ? error.reason : "aborted";
      },
    );
  };

  const release = (who: number): void => {
    const caller = callers[who];
    if (caller?.state !== "inside") return;
    caller.release();
    caller.release();
    caller.state = "done";
    want[who] = "done";
    admit();
  };

  const abort = (who: number): void => {
    if (want[who] === "waiting") want[who] = "aborted";
    callers[who]?.controller.abort(new Error("left"));
  };

  const advance = (ms: number): void => {
    clock.advance(ms);
    for (const [who, caller] of callers.entries())
      if (want[who] === "waiting" && caller.arrivedMs + waitMs <= clock.monotonicMs()) want[who] = "deadline";
  };

  return {
    semaphore,
    play: async (one: Step): Promise<void> => {
      if (one.act === "arrive") arrive();
      else if (one.act === "release") release(one.who);
      else if (one.act === "advance") advance(one.ms);
      else abort(one.who);
      await settle();
    },
    states: () => callers.map((caller) => caller.state),
    want: () => want,
    counted: () => ({ inFlight: count("inside"), queued: count("waiting") }),
  };
}

const never = new AbortController().signal;

describe("a semaphore", () => {
  it("lets in, queues, refuses and forgets exactly as a plain list of callers would", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.nat({ max: 4 }),
        fc.array(step, { maxLength: 30 }),
        async (places, queueMax, steps) => {
          const { semaphore, ...callers } = createPlay(places, queueMax);
          for (const one of steps) {
            await callers.play(one);

            expect(callers.states()).toEqual(callers.want());
            expect({ inFlight: semaphore.inFlight, queued: semaphore.queued }).toEqual(callers.counted());
            expect(semaphore.inFlight).toBeLessThanOrEqual(places);
            expect(semaphore.queued).toBeLessThanOrEqual(queueMax);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("lets in first who came first", async () => {
    const semaphore = createSemaphore({ places: 1, queueMax: 5, waitMs: 100, clock: createFakeClock() });
    const order: number[] = [];
    const callers = [0, 1, 2, 3].map(async (who) => {
      const release = await semaphore.acquire(never);
      order.push(who);
      release();
    });

    await Promise.all(callers);

    expect(order).toEqual([0, 1, 2, 3]);
  });

  it("gives no place to someone whose signal was aborted before", async () => {
    const semaphore = createSemaphore({ places: 1, queueMax: 1, waitMs: 100, clock: createFakeClock() });
    const gone = AbortSignal.abort(new Error("left already"));

    await expect(semaphore.acquire(gone)).rejects.toThrow("left already");

    expect(semaphore.inFlight).toBe(0);
  });

  it("gives back one place for one caller, however often it is asked to", async () => {
    const semaphore = createSemaphore({ places: 2, queueMax: 1, waitMs: 100, clock: createFakeClock() });
    const first = await semaphore.acquire(never);
    await semaphore.acquire(never);

    first();
    first();

    expect(semaphore.inFlight).toBe(1);
  });
});
