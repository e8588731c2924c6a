import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { formatDuration, parseDuration, pause, systemClock } from "../../src/lib/time.ts";
import { createFakeClock } from "../support/fake-clock.ts";

describe("a duration", () => {
  it.each([
    ["0", 0],
    ["0s", 0],
    ["30s", 30_000],
    ["1h30m", 5_400_000],
    ["500ms", 500],
    ["2d", 172_800_000],
    ["1.5s", 1_500],
    [" 5m ", 300_000],
    ["250us", 0.25],
    ["250µs", 0.25],
    ["1ns", 0.000001],
  ])("%j is %d ms", (text, want) => {
    expect(parseDuration(text)).toBeCloseTo(want, 9);
  });

  it.each([
    "",
    "5",
    "5 m",
    "m",
    "-5s",
    "5s5",
    "1e3s",
    "5 seconds",
    "5S",
    ".5s",
    "Infinity",
    "5constructor",
    "∞s",
  ])("%j is none", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it("is read back as it was written", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.nat(),
          fc.nat({ max: 4_000 }).map((days) => days * 86_400_000),
        ),
        (ms) => {
          expect(parseDuration(formatDuration(ms))).toBe(ms);
        },
      ),
    );
  });

  it("means the same after it was read and written once more", () => {
    const part = fc.tuple(fc.nat({ max: 5_000 }), fc.constantFrom("us", "µs", "ms", "s", "m", "h", "d"));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), (parts) => {
        const ms = parseDuration(parts.map(([amount, unit]) => `${amount}${unit}`).join(""));

        expect(parseDuration(formatDuration(ms ?? Number.NaN))).toBe(ms);
      }),
    );
  });
});

describe("the system clock", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([0, 1, 5_000, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 5_000, 5 * 2 ** 31])(
    "waits %d ms, and no less",
    (delayMs) => {
      const act = vi.fn();
      systemClock.after(delayMs, act);

      if (delayMs > 0) vi.advanceTimersByTime(delayMs - 1);
      expect(act).not.toHaveBeenCalled();

      vi.advanceTimersByTime(Math.max(1, delayMs));
      expect(act).toHaveBeenCalledTimes(1);
    },
  );

  it("does not act once it was cancelled, be it late in a long wait", () => {
    const act = vi.fn();
    const timer = systemClock.after(3 * 2 ** 31, act);
    vi.advanceTimersByTime(2 * 2 ** 31);

    timer.cancel();
    timer.cancel();
    vi.advanceTimersByTime(4 * 2 ** 31);

    expect(act).not.toHaveBeenCalled();
  });

  it("takes a delay that is already over for none", () => {
    const act = vi.fn();
    systemClock.after(-5, act);

    vi.advanceTimersByTime(1);

    expect(act).toHaveBeenCalledTimes(1);
  });
});

describe("a pause", () => {
  it("ends when its time is over", async () => {
    const clock = createFakeClock();
    const ended = vi.fn();
    const paused = pause(clock, 100).then(ended);

    clock.advance(99);
    await Promise.resolve();
    expect(ended).not.toHaveBeenCalled();

    clock.advance(1);
    await paused;
    expect(ended).toHaveBeenCalledTimes(1);
  });

  it("ends at once when its signal aborts, before or during it", async () => {
    const controller = new AbortController();
    const during = pause(createFakeClock(), 100, controller.signal);

    controller.abort();

    await expect(during).resolves.toBeUndefined();
    await expect(pause(createFakeClock(), 100, controller.signal)).resolves.toBeUndefined();
  });
});
