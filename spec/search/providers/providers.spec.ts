import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAbort } from "../../../src/lib/abort.ts";
import { SearchError } from "../../../src/search/error.ts";
import type { Provider, ProviderOptions, SearchQuery } from "../../../src/search/provider.ts";
import { createBrave } from "../../../src/search/providers/brave.ts";
import { createDuckDuckGo } from "../../../src/search/providers/duckduckgo.ts";
import { createOllamaSearch } from "../../../src/search/providers/ollama.ts";
import { createSearxng } from "../../../src/search/providers/searxng.ts";
import { createSerper } from "../../../src/search/providers/serper.ts";
import { createTavily } from "../../../src/search/providers/tavily.ts";
import { eventually } from "../../support/daemon.ts";
import { createFakeClock, type FakeClock } from "../../support/fake-clock.ts";
import {
  fakeKey,
  type FakeSearch,
  type SearchEngine,
  type SearchFault,
  startFakeSearch,
} from "../../support/fake-search.ts";

type Made = ProviderOptions & { url: string; key: string };

const makers: Readonly<Record<SearchEngine, (options: Made) => Provider>> = {
  searxng: createSearxng,
  brave: createBrave,
  tavily: createTavily,
  serper: createSerper,
  ollama: createOllamaSearch,
  duckduckgo: createDuckDuckGo,
};

const engines = Object.keys(makers) as SearchEngine[];
const keyed = engines.filter((engine) => engine !== "searxng" && engine !== "duckduckgo");

let fake: FakeSearch;
let clock: FakeClock;
let provider: Provider;

async function open(engine: SearchEngine, more: Partial<Made> & object = {}): Promise<void> {
  clock = createFakeClock();
  fake = await startFakeSearch(engine);
  provider = makers[engine]({ url: fake.url, key: fakeKey, clock, ...more });
}

afterEach(async () => {
  provider.close();
  await fake.stop();
});

const ask = (query: Partial<SearchQuery> = {}, signal = createAbort().signal) =>
  provider.search({ text: "llama", resultsMax: 5, ...query }, signal);

async function faultWith(fault: SearchFault): Promise<SearchError> {
  fake.fail(fault);
  return faultOf(ask());
}

async function faultOf(asked: Promise<unknown>): Promise<SearchError> {
  const thrown: unknown = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(thrown instanceof SearchError)) throw new Error(`not a SearchError: ${String(thrown)}`);
  expect(`${thrown.message} ${thrown.stack} ${String(thrown.cause)}`).not.toContain(fakeKey);
  return thrown;
}

describe.each(engines)("%s", (engine) => {
  beforeEach(() => open(engine));

  it("gives what it found in one shape", async () => {
    const results = await ask();

    expect(results.map(({ title, url, snippet, rank }) => ({ title, url, snippet, rank }))).toEqual([
      { title: "Llamas", url: "https://example.org/llamas", snippet: "A llama is a camelid.", rank: 1 },
      {
        title: "Alpacas",
        url: "https://example.com/alpacas",
        snippet: engine === "duckduckgo" ? "Alpacas - An alpaca is smaller." : "An alpaca is smaller.",
        rank: 2,
      },
    ]);
    expect(results.map((one) => one.engine)).toEqual(
      engine === "searxng" ? ["searxng:bing", "searxng:bing"] : [engine, engine],
    );
    expect(provider.name).toBe(engine);
    expect(JSON.stringify(fake.seen[0]?.asked)).toContain("llama");
  });

  it("knows dates where there are any", async () => {
    const [first, second] = await ask();
    const knowsDates = engine !== "ollama" && engine !== "duckduckgo";

    expect(first?.publishedMs).toBe(knowsDates ? Date.UTC(2025, 11, 30) : undefined);
    expect(second).not.toHaveProperty("publishedMs");
  });

  it("gives no more results than were asked for", async () => {
    expect(await ask({ resultsMax: 1 })).toHaveLength(1);
  });

  it("gives nothing when nothing was found", async () => {
    fake.fail({ kind: "empty" });
    expect(await ask()).toEqual([]);
  });

  it.each<[SearchFault, SearchError["kind"]]>([
    [{ kind: "forbidden-html" }, "denied"],
    [{ kind: "status", status: 401 }, "denied"],
    [{ kind: "limited" }, "limited"],
    [{ kind: "status", status: 500 }, "broken"],
    [{ kind: "status", status: 400 }, "broken"],
    [{ kind: "garbage" }, "broken"],
    [{ kind: "html" }, "broken"],
    [{ kind: "other-shape" }, "broken"],
    [{ kind: "huge" }, "broken"],
    [{ kind: "cut" }, "broken"],
  ])("names %j %s", async (fault, kind) => {
    expect((await faultWith(fault)).kind).toBe(kind);
  });

  it("does not follow a redirect", async () => {
    const elsewhere = await startFakeSearch(engine);
    try {
      const { kind, message } = await faultWith({ kind: "redirect", to: `${elsewhere.url}/` });

      expect(kind).toBe("broken");
      expect(message).toContain("redirect");
      expect(elsewhere.seen).toEqual([]);
    } finally {
      await elsewhere.stop();
    }
  });

  it("is given up after 4 s, before its answer and within it", async () => {
    for (const kind of ["slow", "drip"] as const) {
      fake.fail({ kind });
      const fault = faultOf(ask());
      const asked = fake.seen.length;
      await eventually(() => fake.seen.length > asked, "the request arrived");
      clock.advance(3_999);
      expect(clock.pending).toBe(1);
      clock.advance(1);
      expect((await fault).kind).toBe("timeout");
      expect(clock.pending).toBe(0);
    }
  });

  it("is left when its caller leaves, with the caller's reason", async () => {
    fake.fail({ kind: "slow" });
    const { signal, abort } = createAbort();
    const asked = ask({}, signal);
    await eventually(() => fake.seen.length === 1, "the request arrived");
    const reason = new Error("the client left");
    abort(reason);

    await expect(asked).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
    await expect(ask({}, signal)).rejects.toBe(reason);
    expect(fake.seen).toHaveLength(1);
  });

  it("says when there is nobody", async () => {
    await fake.stop();
    expect((await faultOf(ask())).kind).toBe("refused");
    fake = await startFakeSearch(engine);
  });
});

describe.each(keyed)("the key of %s", (engine) => {
  it("is sent, and in no error when it is wrong", async () => {
    await open(engine, { key: "sk-wrong" });
    const { kind, message } = await faultOf(ask());

    expect(kind).toBe("denied");
    expect(message).not.toContain("sk-wrong");
  });
});

describe("an answer", () => {
  it("may begin with a byte order mark", async () => {
    await open("searxng");
    const body = `\uFEFF${JSON.stringify({ results: [{ title: "T", url: "https://a.example/", content: "c" }] })}`;
    fake.fail({ kind: "status", status: 200, body });

    expect(await ask()).toMatchObject([{ title: "T" }]);
  });
});

describe("a provider that wants to be left alone", () => {
  it.each([
    ["7", 7_000],
    ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
    ["86400", 3_600_000],
    ["soon", undefined],
    ["-5", undefined],
  ])("says %s", async (retryAfter, waitMs) => {
    await open("tavily");
    expect((await faultWith({ kind: "limited", retryAfter })).retryAfterMs).toBe(waitMs);
  });

  it.each(engines)("is heard: %s", async (engine) => {
    await open(engine);
    const { kind, retryAfterMs } = await faultWith({ kind: "limited", retryAfter: "3000" });

    expect([kind, retryAfterMs]).toEqual(["limited", 3_000_000]);
  });

  it("says it per window, as Brave does", async () => {
    await open("brave");
    const headers = { "x-ratelimit-remaining": "0, 14999", "x-ratelimit-reset": "2, 1200000" };
    expect((await faultWith({ kind: "status", status: 429, headers })).retryAfterMs).toBe(2_000);
  });
});

describe("SearXNG", () => {
  beforeEach(() => open("searxng", { engines: ["bing", "qwant"], safeSearch: 1 } as object));

  it("is asked with what was wanted, in a form", async () => {
    await ask({ freshness: "day", language: "de" });

    expect(fake.seen[0]).toMatchObject({ method: "POST", path: "/search" });
    expect(fake.seen[0]?.asked).toEqual({
      q: "llama",
      format: "json",
      categories: "general",
      pageno: "1",
      language: "de",
      time_range: "day",
      safesearch: "1",
      engines: "bing,qwant",
    });
  });

  it("is not given commands", async () => {
    for (const text of ["!!g llama", "! llama", "llama !wp wool", ":fr llama", "<5 llama", "what!", "!!"])
      await ask({ text });

    expect(fake.seen.map(({ asked }) => asked["q"])).toEqual([
      "g llama",
      "llama",
      "llama wp wool",
      "fr llama",
      "5 llama",
      "what!",
    ]);
  });

  it("says how to make it answer with JSON", async () => {
    expect((await faultWith({ kind: "forbidden-html" })).message).toContain(
      "settings.yml set\nsearch:\n  formats: [html, json]\n",
    );
  });

  it("says how to lift its limit", async () => {
    expect((await faultWith({ kind: "limited", retryAfter: "9" })).message).toContain(
      "server.limiter: false",
    );
  });

  it("tells nothing found from nobody asked", async () => {
    const { kind, message } = await faultWith({ kind: "unresponsive" });

    expect(kind).toBe("degraded");
    expect(message).toContain("2 of its engines");
  });

  it("puts its direct answers first and knows no results without an address", async () => {
    fake.answer({
      answers: [{ answer: "4", url: "https://calc.example/" }, { answer: "5" }, "6"],
      results: [
        { title: "a", url: "javascript:alert(1)", content: "" },
        { title: "b", url: "https://user:pw@example.org/", content: "" },
        { title: "<b>c</b> &amp; d", url: "https://example.org/c", content: "one\n two" },
      ],
      unresponsive_engines: [["google", "CAPTCHA"]],
    });

    expect((await ask()).map(({ title, url, snippet }) => [title, url, snippet])).toEqual([
      ["Answer", "https://calc.example/", "4"],
      ["c & d", "https://example.org/c", "one two"],
    ]);
  });
});

describe("Brave", () => {
  beforeEach(() => open("brave"));

  it("is asked with what was wanted", async () => {
    await ask({ freshness: "week", language: "ja", resultsMax: 50 });

    expect(fake.seen[0]?.asked).toMatchObject({ count: "20", freshness: "pw", search_lang: "jp" });
    expect(fake.seen[0]?.headers).not.toHaveProperty("accept-encoding");
  });

  it("is not told a language that it would refuse, nor more than 50 words", async () => {
    await ask({ language: "xx", text: "w ".repeat(80) });

    expect(fake.seen[0]?.asked).not.toHaveProperty("search_lang");
    expect(String(fake.seen[0]?.asked["q"]).split(" ")).toHaveLength(50);
  });

  it("loses its decorations, and counts news after the web", async () => {
    fake.answer({
      web: {
        results: [
          {
            title: "A <strong>llama</strong>",
            url: "https://a.example/",
            description: "It&#x27;s <strong>woolly</strong>",
            extra_snippets: ["and <strong>tall</strong>"],
            age: "3 hours ago",
          },
        ],
      },
      news: { results: [{ title: "News", url: "https://b.example/", description: "n" }] },
    });
    const results = await ask();

    expect(results).toEqual([
      {
        title: "A llama",
        url: "https://a.example/",
        snippet: "It's woolly and tall",
        publishedMs: Date.UTC(2025, 11, 31, 21),
        engine: "brave",
        rank: 1,
      },
      { title: "News", url: "https://b.example/", snippet: "n", engine: "brave", rank: 2 },
    ]);
  });
});

describe("Tavily", () => {
  beforeEach(() => open("tavily"));

  it.each([
    [432, "plan's limit"],
    [433, "pay-as-you-go"],
  ])("says with %d that it is used up", async (status, text) => {
    const { kind, message } = await faultWith({ kind: "status", status });

    expect(kind).toBe("denied");
    expect(message).toContain(text);
  });

  it("is asked for the window, and its content is the page's", async () => {
    const [first] = await ask({ freshness: "month", resultsMax: 99 });

    expect(fake.seen[0]?.asked).toMatchObject({
      time_range: "month",
      max_results: 20,
      search_depth: "basic",
    });
    expect(first?.content).toBe("A llama is a camelid.");
  });
});

describe("Serper", () => {
  beforeEach(() => open("serper"));

  it("is asked with what was wanted", async () => {
    await ask({ freshness: "year", language: "fr" });
    expect(fake.seen[0]?.asked).toEqual({ q: "llama", num: 5, hl: "fr", tbs: "qdr:y" });
  });

  it("has an answer box and a panel before the list", async () => {
    fake.answer({
      answerBox: { title: "Height", answer: "1.8 m", link: "https://a.example/" },
      knowledgeGraph: {
        title: "Llama",
        type: "Animal",
        description: "A camelid.",
        descriptionLink: "https://b.example/",
        attributes: { Mass: "130 kg" },
      },
      organic: [{ title: "c", link: "https://c.example/", snippet: "s", date: "2 days ago" }],
    });

    expect((await ask()).map(({ title, snippet, rank }) => [rank, title, snippet])).toEqual([
      [1, "Height", "1.8 m"],
      [2, "Llama: Animal", "A camelid. Mass: 130 kg."],
      [3, "c", "s"],
    ]);
  });

  it("says that no credits are left as it is meant", async () => {
    const body = '{"message":"Not enough credits","statusCode":400}';
    expect((await faultWith({ kind: "status", status: 400, body })).kind).toBe("denied");
  });
});

describe("Ollama's web search", () => {
  beforeEach(() => open("ollama"));

  it("is asked for 10 at most, and sends pages", async () => {
    const [first] = await ask({ resultsMax: 50 });

    expect(fake.seen[0]?.asked).toEqual({ query: "llama", max_results: 10 });
    expect(first?.content).toBe("A llama is a camelid.");
  });
});

describe("DuckDuckGo", () => {
  beforeEach(() => open("duckduckgo"));

  it("is left alone for an hour when it blocks", async () => {
    const { kind, retryAfterMs } = await faultWith({ kind: "status", status: 202 });
    expect([kind, retryAfterMs]).toEqual(["limited", 3_600_000]);
  });

  it("gives definitions, and topics in groups", async () => {
    fake.answer({
      Heading: "Llama",
      AbstractText: "",
      AbstractURL: "https://none.example/",
      Definition: "A camelid.",
      DefinitionURL: "https://d.example/",
      RelatedTopics: [
        { Name: "Wool", Topics: [{ Text: "Fibre - of llamas", FirstURL: "https://e.example/" }] },
      ],
    });

    expect((await ask()).map(({ title, url }) => [title, url])).toEqual([
      ["Llama", "https://d.example/"],
      ["Fibre", "https://e.example/"],
    ]);
  });
});
