import { describe, expect, it } from "vitest";
import { createWatch, type AttemptTimeouts, type Watch } from "../../src/upstream/watch.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";

interface Watched {
  readonly watch: Watch;
  readonly clock: FakeClock;
  readonly expired: string[];
}

function begin(timeouts: Partial<AttemptTimeouts>): Watched {
  const clock = createFakeClock();
  const expired: string[] = [];
  const limits = { connectMs: 0, firstByteMs: 0, idleMs: 0, totalMs: 0, ...timeouts };
  return { clock, expired, watch: createWatch(limits, clock, (kind) => expired.push(kind)) };
}

/** A piece of the answer arrives, and the next one is wanted at once. */
function piece(watch: Watch): void {
  watch.received();
  watch.wanted();
}

describe("the watch over an attempt", () => {
  it("expires when the first byte does not come in time", () => {
    const { clock, expired } = begin({ firstByteMs: 1_000, idleMs: 10 });

    clock.advance(999);
    const early = [...expired];
    clock.advance(1);

    expect(early).toEqual([]);
    expect(expired).toEqual(["firstByte"]);
  });

  it("lets an answer go on for as long as pieces keep coming", () => {
    const { clock, expired, watch } = begin({ firstByteMs: 50, idleMs: 100 });

    for (let count = 0; count < 50; count++) {
      piece(watch);
      clock.advance(99);
    }

    expect(expired).toEqual([]);
  });

  it("expires when no piece comes for too long", () => {
    const { clock, expired, watch } = begin({ firstByteMs: 10_000, idleMs: 100 });
    piece(watch);
    clock.advance(60);
    piece(watch);

    clock.advance(99);
    const early = [...expired];
    clock.advance(1);

    expect(early).toEqual([]);
    expect(expired).toEqual(["idle"]);
  });

  it("expires after the total time although pieces keep coming", () => {
    const { clock, expired, watch } = begin({ idleMs: 100, totalMs: 1_000 });

    for (let count = 0; count < 12; count++) {
      piece(watch);
      clock.advance(90);
    }

    expect(expired).toEqual(["total"]);
  });

  it("never expires without limits", () => {
    const { clock, expired, watch } = begin({});
    piece(watch);

    clock.advance(10 * 365 * 86_400_000);

    expect(expired).toEqual([]);
  });

  it.each([{ firstByteMs: 100 }, { idleMs: 100 }, { totalMs: 100 }])(
    "leaves no timer behind once it is stopped: %o",
    (limits) => {
      const { clock, expired, watch } = begin(limits);
      piece(watch);

      watch.stop();
      clock.advance(1_000);

      expect(expired).toEqual([]);
      expect(clock.pending).toBe(0);
    },
  );

  it("makes no timer for a piece of the answer", () => {
    const { clock, watch } = begin({ idleMs: 100, totalMs: 1_000 });
    piece(watch);
    const before = clock.pending;

    for (let count = 0; count < 100; count++) piece(watch);

    expect(clock.pending).toBe(before);
  });

  it("does not run while nobody wants more", () => {
    const { clock, expired, watch } = begin({ idleMs: 100 });
    watch.received();
    clock.advance(1_000);
    const resting = [...expired];

    watch.wanted();
    clock.advance(201);

    expect(resting).toEqual([]);
    expect(expired).toEqual(["idle"]);
  });
});
