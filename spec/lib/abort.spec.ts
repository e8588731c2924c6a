import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAbort, type Signal } from "../../src/lib/abort.ts";

const reason = new Error("enough");

type Step = { readonly act: "listen" | "leave"; readonly who: number } | { readonly act: "abort" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constantFrom("listen", "leave"), who: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.constant({ act: "abort" } as const) },
);

/** What a signal lets be seen of the steps. */
function play(signal: Signal, abort: (reason: Error) => void, steps: readonly Step[]): unknown[] {
  const seen: unknown[] = [];
  const listeners = Array.from({ length: 5 }, (_, who) => () => void seen.push(`heard ${who}`));
  for (const one of steps) {
    if (one.act === "abort") abort(reason);
    else {
      const listener = listeners[one.who] ?? (() => undefined);
      if (one.act === "listen") signal.addEventListener("abort", listener);
      else signal.removeEventListener("abort", listener);
    }
    seen.push(signal.aborted, signal.reason);
  }
  return seen;
}

describe("a signal", () => {
  it("is seen as an AbortSignal would be, whatever is done with it", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const { signal, abort } = createAbort();
        const controller = new AbortController();

        const got = play(signal, abort, steps);

        expect(got).toEqual(play(controller.signal, (why) => controller.abort(why), steps));
      }),
    );
  });

  it("keeps its first reason", () => {
    const { signal, abort } = createAbort();

    abort(reason);
    abort(new Error("too late"));

    expect(signal.reason).toBe(reason);
  });

  it("throws its reason once it is aborted, and nothing before", () => {
    const { signal, abort } = createAbort();
    expect(() => signal.throwIfAborted()).not.toThrow();

    abort(reason);

    expect(() => signal.throwIfAborted()).toThrow(reason);
  });

  it("tells a listener that aborts again only once", () => {
    const { signal, abort } = createAbort();
    let heard = 0;
    signal.addEventListener("abort", () => {
      heard += 1;
      abort(new Error("again"));
    });

    abort(reason);

    expect(heard).toBe(1);
  });

  it("does not tell a listener that another one took off just before", () => {
    const { signal, abort } = createAbort();
    const heard: string[] = [];
    const second = (): void => void heard.push("second");
    signal.addEventListener("abort", () => signal.removeEventListener("abort", second));
    signal.addEventListener("abort", second);

    abort(reason);

    expect(heard).toEqual([]);
  });

  it("tells every listener although one throws, and lets that surface by itself", async () => {
    const { signal, abort } = createAbort();
    const bug = new Error("a bug of a listener");
    const before = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    const surfaced = new Promise((resolve) => process.once("uncaughtException", resolve));
    let heard = false;
    signal.addEventListener("abort", () => {
      throw bug;
    });
    signal.addEventListener("abort", () => (heard = true));

    try {
      expect(() => abort(reason)).not.toThrow();
      expect(heard).toBe(true);
      expect(await surfaced).toBe(bug);
    } finally {
      for (const listener of before) process.on("uncaughtException", listener);
    }
  });
});
