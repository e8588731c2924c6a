import { afterEach, describe, expect, it } from "vitest";
import { createAbort } from "../../src/lib/abort.ts";
import type { FetchPage } from "../../src/search/pages.ts";
import type { SearchResult } from "../../src/search/provider.ts";
import { createBrave } from "../../src/search/providers/brave.ts";
import { createSearxng } from "../../src/search/providers/searxng.ts";
import type { AskedSearch } from "../../src/search/search.ts";
import { createFakeClock, pass } from "../support/fake-clock.ts";
import { fakeKey, startFakeSearch } from "../support/fake-search.ts";
import { type Behaviour, fails, finds, hangs, result, scripted, stage } from "./search-stage.ts";

const minuteMs = 60_000;

describe("a search", () => {
  it("gives ranked results and says who found them", async () => {
    const brave = scripted("brave", finds("alpaca", "llama"));
    const { ask } = stage([brave]);
    const outcome = await ask({ freshness: "week", language: "de", resultsMax: 7 });

    expect(outcome).toMatchObject({
      providers: ["brave"],
      isCached: false,
      isDegraded: false,
      reasons: [],
      queries: ["llama"],
      redacted: [],
    });
    expect(outcome.results.map(({ title, rank }) => [title, rank])).toEqual([
      ["llama", 1],
      ["alpaca", 2],
    ]);
    expect(brave.asked).toEqual([{ text: "llama", freshness: "week", language: "de", resultsMax: 7 }]);
  });

  it("sends nothing secret, nothing twice and not more than two queries", async () => {
    const brave = scripted("brave", finds("a"));
    const { ask } = stage([brave]);
    const outcome = await ask({
      queries: ["llama ada@example.org", " llama ", `x ${"y".repeat(400)}`, "third"],
    });

    expect(outcome.queries).toEqual(["llama", `x ${"y".repeat(298)}`]);
    expect(brave.asked.map(({ text }) => text)).toEqual(outcome.queries);
    expect(outcome.redacted).toEqual(["email"]);
  });

  it("asks nobody when nothing is left to ask", async () => {
    const brave = scripted("brave", finds("a"));
    const { ask } = stage([brave]);

    expect(await ask({ queries: ["10.0.0.1", " ", "?"] })).toMatchObject({
      results: [],
      queries: [],
      redacted: ["ip_private"],
      isCached: false,
    });
    expect(await ask({ queries: [] })).toMatchObject({ results: [] });
    expect(brave.asked).toEqual([]);
  });

  it("closes its providers", () => {
    const brave = scripted("brave", finds("a"));
    stage([brave]).search.close();
    expect(brave.closed).toBe(true);
  });
});

describe("the next provider", () => {
  it.each<[string, Behaviour]>([
    ["refused", fails("refused")],
    ["timeout", fails("timeout")],
    ["limited", fails("limited")],
    ["denied", fails("denied")],
    ["broken", fails("broken")],
    ["degraded", fails("degraded")],
    [
      "broken",
      async () => {
        throw new TypeError("a bug");
      },
    ],
  ])("is asked when one is %s, and the outcome says so", async (kind, behaviour) => {
    const { ask, warned } = stage([scripted("searxng", behaviour), scripted("brave", finds("a"))]);
    const outcome = await ask();

    expect(outcome).toMatchObject({
      providers: ["brave"],
      isDegraded: true,
      reasons: [{ provider: "searxng", kind }],
    });
    expect(outcome.results).toHaveLength(1);
    expect(warned).toEqual([["a search provider gave nothing", { provider: "searxng", reason: kind }]]);
  });

  it("is asked when one finds nothing, which is no failure", async () => {
    const { ask, warned } = stage([scripted("searxng", finds()), scripted("brave", finds("a"))]);

    expect(await ask()).toMatchObject({
      providers: ["brave"],
      isDegraded: false,
      reasons: [{ provider: "searxng", kind: "empty" }],
    });
    expect(warned).toEqual([]);
  });

  it("is not asked when one finds something", async () => {
    const brave = scripted("brave", finds("b"));
    expect(await stage([scripted("searxng", finds("a")), brave]).hosts()).toEqual(["a"]);
    expect(brave.asked).toEqual([]);
  });

  it("does not help when all fail: the outcome is empty and says why", async () => {
    const { ask } = stage([scripted("searxng", fails("refused")), scripted("brave", fails("denied"))]);
    const outcome = await ask();

    expect(outcome.results).toEqual([]);
    expect(outcome.providers).toEqual([]);
    expect(outcome.reasons.map(({ provider, kind }) => [provider, kind])).toEqual([
      ["searxng", "refused"],
      ["brave", "denied"],
    ]);
  });

  it("is asked with all others at once when lists are merged", async () => {
    const both = [scripted("searxng", finds("a", "b")), scripted("brave", finds("b", "c"))];
    const { ask } = stage([...both, scripted("tavily", fails("broken"))], { mode: "merge" });
    const outcome = await ask({ question: "nothing of it" });

    expect(outcome.results.map(({ title }) => title)).toEqual(["b", "a", "c"]);
    expect(outcome).toMatchObject({
      providers: ["searxng", "brave"],
      isDegraded: true,
      reasons: [{ provider: "tavily", kind: "broken" }],
    });
  });
});

describe("what was found", () => {
  it("is kept for ten minutes, and ranked anew for another question", async () => {
    const brave = scripted("brave", finds("alpaca", "llama"));
    const { ask, clock, search } = stage([brave]);
    await ask({ queries: ["Llama  wool"] });
    clock.advance(10 * minuteMs - 1);
    const kept = await ask({ queries: ["llama wool"], question: "alpaca" });

    expect(kept.isCached).toBe(true);
    expect(kept.results[0]?.title).toBe("alpaca");
    expect(search.snapshot()).toMatchObject({ searches: 2, cacheHits: 1, cached: 1 });
    clock.advance(1);
    expect((await ask({ queries: ["llama wool"] })).isCached).toBe(false);
    expect(brave.asked).toHaveLength(2);
  });

  it("is kept apart by query, window, language, number and scope", async () => {
    const brave = scripted("brave", finds("a"));
    const { ask } = stage([brave]);
    const asked: Partial<AskedSearch>[] = [
      {},
      { queries: ["alpaca"] },
      { queries: ["llama", "alpaca"] },
      { freshness: "day" },
      { language: "de" },
      { resultsMax: 3 },
      { scope: "ada" },
      { scope: "bob" },
    ];
    for (const one of asked) expect((await ask(one)).isCached).toBe(false);
    for (const one of asked) expect((await ask(one)).isCached).toBe(true);
    expect((await ask({ queries: ["alpaca", "llama"] })).isCached).toBe(true);
  });

  it("is kept for a minute when it is not whole, and not at all when everything failed", async () => {
    const searxng = scripted("searxng", fails("broken"));
    const { ask, clock } = stage([searxng, scripted("brave", finds("a"))]);
    await ask();
    clock.advance(minuteMs - 1);
    expect(await ask()).toMatchObject({ isCached: true, isDegraded: true });
    clock.advance(1);
    expect((await ask()).isCached).toBe(false);

    const alone = stage([scripted("brave", fails("broken"))]);
    await alone.ask();
    expect((await alone.ask()).isCached).toBe(false);
  });

  it("is kept for a minute when it is nothing", async () => {
    const { ask, clock } = stage([scripted("brave", finds())]);
    await ask();
    expect((await ask()).isCached).toBe(true);
    clock.advance(minuteMs);
    expect((await ask()).isCached).toBe(false);
  });

  it("is not kept when nothing is to be", async () => {
    const { ask } = stage([scripted("brave", finds("a"))], { cacheTtlMs: 0 });
    await ask();
    expect((await ask()).isCached).toBe(false);
  });

  it("is forgotten when there is much else", async () => {
    const { ask, search } = stage([scripted("brave", finds("a"))]);
    for (let at = 0; at < 501; at += 1) await ask({ queries: [`query ${at}x`] });

    expect(search.snapshot().cached).toBe(500);
    expect((await ask({ queries: ["query 500x"] })).isCached).toBe(true);
    expect((await ask({ queries: ["query 0x"] })).isCached).toBe(false);
  });
});

describe("equal searches at the same time", () => {
  it("are one, whoever leaves", async () => {
    let answer: ((results: SearchResult[]) => void) | undefined;
    const brave = scripted("brave", () => new Promise((resolve) => (answer = resolve)));
    const { ask, search } = stage([brave]);
    const first = createAbort();
    const asked = [ask({}, first.signal), ask(), ask({ question: "other" })];
    const gone = new Error("gone");
    first.abort(gone);
    await expect(asked[0]).rejects.toBe(gone);
    answer?.([result("a")]);

    expect((await asked[1]!).results).toHaveLength(1);
    expect((await asked[2]!).results).toHaveLength(1);
    expect(brave.asked).toHaveLength(1);
    expect(search.snapshot().joined).toBe(2);
    expect(search.snapshot().providers[0]?.failures).toBe(0);
  });

  it("are given up when all have left, and begun anew by the next", async () => {
    const brave = scripted("brave", hangs);
    const { ask, clock, search } = stage([brave]);
    const callers = [createAbort(), createAbort()];
    const asked = callers.map(({ signal }) => ask({}, signal));
    await pass(clock, 0);
    callers.forEach(({ abort }, at) => abort(new Error(`left ${at}`)));
    await expect(asked[0]).rejects.toThrow("left 0");
    await expect(asked[1]).rejects.toThrow("left 1");

    expect(brave.signals[0]?.aborted).toBe(true);
    expect(clock.pending).toBe(0);
    brave.behaviour = finds("a");
    expect((await ask()).isCached).toBe(false);
    expect(search.snapshot().providers[0]).toMatchObject({ state: "up", failures: 0 });
  });

  it("are not begun by one who has left already", async () => {
    const brave = scripted("brave", finds("a"));
    const { signal, abort } = createAbort();
    const reason = new Error("left");
    abort(reason);

    await expect(stage([brave]).ask({}, signal)).rejects.toBe(reason);
    expect(brave.asked).toEqual([]);
  });
});

describe("the time of a search", () => {
  it("ends it with what there is", async () => {
    const { ask, clock } = stage([scripted("searxng", hangs), scripted("brave", finds("a"))], {
      mode: "merge",
      timeoutMs: 5_000,
    });
    const asked = ask();
    await pass(clock, 4_999);
    await pass(clock, 1);

    expect(await asked).toMatchObject({
      providers: ["brave"],
      isDegraded: true,
      reasons: [{ provider: "searxng", kind: "timeout" }],
    });
    expect(clock.pending).toBe(0);
  });

  it("is one for all providers", async () => {
    const late = scripted("brave", finds("a"));
    const { ask, clock } = stage([scripted("searxng", hangs), late]);
    const asked = ask();
    await pass(clock, 10_000);

    expect((await asked).reasons.map(({ kind }) => kind)).toEqual(["timeout", "timeout"]);
    expect(late.asked).toEqual([]);
  });
});

describe("the pages of the best results", () => {
  const page =
    (texts: Readonly<Record<string, string>>, fetched: string[] = []): FetchPage =>
    async (url) => {
      fetched.push(url);
      const text = texts[new URL(url).hostname.split(".")[0] ?? ""];
      return text === undefined ? { fault: "not found" } : { text, publishedMs: 5, title: "t" };
    };

  it("are fetched for the best ones, and the snippet stays where that fails", async () => {
    const fetched: string[] = [];
    const provider = scripted("brave", finds("a", "b", "c", "d"));
    const { ask } = stage([provider], {}, page({ a: "page a", c: "  " }, fetched));
    const { results } = await ask({ question: "nothing of it" });

    expect(fetched).toEqual(["https://a.example/", "https://b.example/", "https://c.example/"]);
    expect(results.map(({ title, content, snippet }) => [title, content, snippet])).toEqual([
      ["a", "page a", "about a"],
      ["b", undefined, "about b"],
      ["c", undefined, "about c"],
      ["d", undefined, "about d"],
    ]);
    expect(results[0]?.publishedMs).toBe(5);
  });

  it("count for the order", async () => {
    const { hosts } = stage(
      [scripted("brave", finds("a", "b"))],
      {},
      page({ b: "the quokka is a marsupial" }),
    );
    expect(await hosts({ question: "quokka" })).toEqual(["b", "a"]);
  });

  it("are not fetched when the provider sent them, nor more than five", async () => {
    const fetched: string[] = [];
    const many = Array.from({ length: 9 }, (_, at) =>
      result(`h${at}`, at + 1, at === 0 ? { content: "sent" } : {}),
    );
    const { ask } = stage([scripted("tavily", async () => many)], { pagesMax: 99 }, page({}, fetched));
    const { results } = await ask({ question: "nothing of it" });

    expect(fetched).toHaveLength(4);
    expect(results[0]?.content).toBe("sent");
  });

  it("are waited for no longer than the search has time, whatever they do", async () => {
    const deaf: FetchPage = () => new Promise(() => undefined);
    const { ask, clock } = stage([scripted("brave", finds("a"))], { timeoutMs: 3_000 }, deaf);
    const asked = ask();
    await pass(clock, 0);
    await pass(clock, 3_000);

    expect((await asked).results).toMatchObject([{ title: "a", snippet: "about a" }]);
  });

  it("are left when the caller leaves", async () => {
    const { ask, clock } = stage([scripted("brave", finds("a"))], {}, () => new Promise(() => undefined));
    const { signal, abort } = createAbort();
    const asked = ask({}, signal);
    await pass(clock, 0);
    abort(new Error("left"));

    await expect(asked).rejects.toThrow("left");
    await pass(clock, 0);
    expect(clock.pending).toBe(0);
  });

  it("do no harm when fetching them throws", async () => {
    const { hosts } = stage([scripted("brave", finds("a"))], {}, async () => {
      throw new Error("a bug");
    });
    expect(await hosts()).toEqual(["a"]);
  });
});

describe("a search over HTTP", () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
  });

  it("goes from a SearXNG that refuses JSON to Brave", async () => {
    const [searxng, brave] = await Promise.all([startFakeSearch("searxng"), startFakeSearch("brave")]);
    stops.push(
      () => searxng.stop(),
      () => brave.stop(),
    );
    searxng.fail({ kind: "forbidden-html" });
    const clock = createFakeClock();
    const { ask, search } = stage([
      createSearxng({ url: searxng.url, clock }),
      createBrave({ url: brave.url, key: fakeKey, clock }),
    ]);
    const outcome = await ask({ queries: ["llama ada@example.org"] });

    expect(outcome.providers).toEqual(["brave"]);
    expect(outcome.results.map(({ title }) => title)).toContain("Llamas");
    expect(outcome.reasons).toMatchObject([{ provider: "searxng", kind: "denied" }]);
    expect(JSON.stringify([searxng.seen, brave.seen])).not.toContain("ada@");
    search.close();
  });
});
