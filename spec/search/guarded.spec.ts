import { describe, expect, it } from "vitest";
import { createAbort } from "../../src/lib/abort.ts";
import { SearchError } from "../../src/search/error.ts";
import { pass } from "../support/fake-clock.ts";
import { type Behaviour, fails, finds, hangs, result, scripted, stage } from "./search-stage.ts";

const hourMs = 3_600_000;

describe("the day's cap", () => {
  it("is per provider, and over at midnight UTC", async () => {
    const searxng = scripted("searxng", finds("a"));
    const { ask, clock, search } = stage([searxng, scripted("brave", finds("b"))], {
      perDayMax: 2,
      cacheTtlMs: 0,
    });
    const providers = async () => (await ask()).providers;

    expect([await providers(), await providers(), await providers()]).toEqual([
      ["searxng"],
      ["searxng"],
      ["brave"],
    ]);
    expect((await ask()).reasons).toMatchObject([{ provider: "searxng", kind: "capped" }]);
    expect(await providers()).toEqual([]);
    expect(search.snapshot().providers.map(({ requestsToday }) => requestsToday)).toEqual([2, 2]);
    clock.advance(24 * hourMs);
    expect(search.snapshot().providers[0]).toMatchObject({ requestsToday: 0, requests: 2 });
    expect(await providers()).toEqual(["searxng"]);
  });
});

describe("a provider that fails", () => {
  const failing = (behaviour: Behaviour) => {
    const provider = scripted("brave", behaviour);
    const all = stage([provider], { cacheTtlMs: 0 });
    const isAsked = async (): Promise<boolean> => {
      const before = provider.asked.length;
      await all.ask();
      return provider.asked.length > before;
    };
    const fail = async (times: number): Promise<void> => {
      for (let at = 0; at < times; at += 1) expect(await isAsked()).toBe(true);
    };
    /** Whether it is left alone for so long exactly. */
    const offFor = async (ms: number): Promise<void> => {
      expect(await isAsked()).toBe(false);
      all.clock.advance(ms - 1);
      expect(await isAsked()).toBe(false);
      all.clock.advance(1);
    };
    return { provider, ...all, isAsked, fail, offFor };
  };

  it("is left alone for whole milliseconds, as far as it is told", async () => {
    const { fail, clock, search } = failing(fails("broken"));
    await fail(3);
    clock.advance(1_153.318_095_23);

    expect(search.snapshot().providers[0]).toMatchObject({ state: "down", offMs: 28_847 });
  });

  it("is left alone after three failures, for 30 s and twice as long each time up to 10 minutes", async () => {
    const { fail, offFor, search } = failing(fails("broken"));
    await fail(3);
    expect(search.snapshot().providers[0]).toMatchObject({ state: "down", failures: 3, offMs: 30_000 });
    for (const ms of [30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000]) {
      await offFor(ms);
      expect(search.snapshot().providers[0]?.state).toBe("half-open");
      await fail(1);
    }
  });

  it("is up again after one good trial, with three failures left", async () => {
    const { fail, offFor, provider, search, isAsked } = failing(fails("timeout"));
    await fail(3);
    await offFor(30_000);
    provider.behaviour = finds("a");
    expect(await isAsked()).toBe(true);
    expect(search.snapshot().providers[0]?.state).toBe("up");
    provider.behaviour = fails("timeout");
    await fail(3);
    await offFor(30_000);
  });

  it("is not left alone for two failures with a success between", async () => {
    const { fail, provider, isAsked } = failing(fails("refused"));
    await fail(2);
    provider.behaviour = finds("a");
    await isAsked();
    provider.behaviour = fails("refused");
    await fail(3);
    expect(await isAsked()).toBe(false);
  });

  it("is left alone for an hour when it refuses the key", async () => {
    const { fail, offFor } = failing(fails("denied"));
    await fail(1);
    await offFor(hourMs);
  });

  it("is left alone for as long as it asks", async () => {
    const { fail, offFor } = failing(fails("limited", 7_000));
    await fail(1);
    await offFor(7_000);
  });

  it("is left alone for 30 s when it is asked too much and does not say for how long", async () => {
    const { fail, offFor } = failing(fails("limited"));
    await fail(1);
    await offFor(30_000);
  });

  it("is asked again and again when only the engines behind it fail", async () => {
    const { fail, search } = failing(fails("degraded"));
    await fail(9);
    expect(search.snapshot().providers[0]).toMatchObject({ state: "up", failures: 9 });
  });

  it("has failed when a search's time ends before it answers", async () => {
    const { ask, clock, search } = stage([scripted("brave", hangs)], { cacheTtlMs: 0, timeoutMs: 1_000 });
    for (let at = 0; at < 3; at += 1) {
      const asked = ask();
      await pass(clock, 0);
      await pass(clock, 1_000);
      expect((await asked).reasons).toMatchObject([{ provider: "brave", kind: "timeout" }]);
    }

    expect(search.snapshot().providers[0]).toMatchObject({ state: "down", failures: 3, requests: 3 });
  });

  it("is not to blame when it was asked just before the time was over", async () => {
    const slow = scripted("searxng", hangs);
    const late = scripted("brave", hangs);
    const { ask, clock, search } = stage([slow, late], { cacheTtlMs: 0, timeoutMs: 2_000 });
    slow.behaviour = async () => {
      clock.advance(1_900);
      throw new SearchError("broken", "it is broken");
    };
    const asked = ask();
    await pass(clock, 0);
    await pass(clock, 100);
    await asked;

    expect(search.snapshot().providers.map(({ failures }) => failures)).toEqual([1, 0]);
  });

  it("is asked one query after the other when it may be back", async () => {
    const { fail, clock, provider, ask } = failing(fails("broken"));
    await fail(3);
    clock.advance(30_000);
    provider.behaviour = finds("a");

    expect(await ask({ queries: ["llama", "alpaca"] })).toMatchObject({ isDegraded: false, reasons: [] });
  });

  it("has one trial at a time, which ends without a verdict when the caller leaves", async () => {
    const { fail, clock, provider, ask, isAsked, search } = failing(fails("broken"));
    await fail(3);
    clock.advance(30_000);
    provider.behaviour = hangs;
    const { signal, abort } = createAbort();
    const trial = ask({ queries: ["trial"] }, signal);
    await pass(clock, 0);

    expect((await ask()).reasons).toMatchObject([{ kind: "off" }]);
    abort(new Error("left"));
    await expect(trial).rejects.toThrow("left");
    await pass(clock, 0);
    expect(search.snapshot().providers[0]?.state).toBe("half-open");
    provider.behaviour = finds("a");
    expect(await isAsked()).toBe(true);
  });
});

describe("the numbers", () => {
  it("tell how long answers took", async () => {
    const slow = scripted("brave", finds("a"));
    const { ask, clock, search } = stage([slow], { cacheTtlMs: 0 });
    slow.behaviour = async () => {
      clock.advance(200);
      return [result("a")];
    };
    for (let at = 0; at < 10; at += 1) await ask();
    const [numbers] = search.snapshot().providers;

    expect(numbers).toMatchObject({ name: "brave", requests: 10, failures: 0, state: "up", offMs: 0 });
    expect(numbers?.latencyP50Ms).toBeGreaterThanOrEqual(200);
    expect(numbers?.latencyP99Ms).toBeLessThan(230);
  });
});
