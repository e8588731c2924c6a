import { describe, expect, it } from "vitest";
import { compilePattern } from "../../src/lib/pattern.ts";
import { ProxyError } from "../../src/core/error.ts";
import type { Exchange } from "../../src/http/exchange.ts";
import { createHeldBodies } from "../../src/http/held-bodies.ts";
import { createSearchPage, type SearchPageParts } from "../../src/http/search-page.ts";
import { createAbort, type Signal } from "../../src/lib/abort.ts";
import { createRecord } from "../../src/stats/record.ts";
import type { AskedSearch, SearchOutcome } from "../../src/search/search.ts";
import { createFakeClock } from "../support/fake-clock.ts";

const found: SearchOutcome = {
  results: [
    {
      title: "Llamas",
      url: "https://example.org/llamas",
      snippet: "A llama.",
      content: "the whole page",
      publishedMs: Date.UTC(2025, 11, 30),
      engine: "brave",
      rank: 1,
      score: 0.9,
    },
    { title: "Alpacas", url: "https://example.com/", snippet: "", engine: "brave", rank: 2, score: 0.1 },
  ],
  providers: ["brave"],
  isCached: true,
  isDegraded: true,
  reasons: [{ provider: "searxng", kind: "refused", message: "searxng refused the connection" }],
  queries: ["llama"],
  redacted: ["email"],
};

const reading = {
  limits: { bytesMax: 1e6, idleMs: 1_000, totalMs: 1_000 },
  heldBodies: createHeldBodies(),
  heldBytesMax: 1e6,
  clock: createFakeClock(),
  isShared: false,
  isLocalOnly: false,
  patterns: [{ name: "project", pattern: compilePattern(String.raw`\bproject condor\b`) }],
};

const { signal } = createAbort();

function exchangeOf(body: unknown, headers: Readonly<Record<string, string>> = {}): Exchange {
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const record = { ...createRecord("r", "POST"), keyName: "ada" };
  const exchange: Pick<Exchange, "body" | "record" | "signal"> & { incoming: unknown } = {
    body: Promise.resolve(bytes),
    record,
    signal,
    incoming: { headers },
  };
  return exchange as Exchange;
}

function stage() {
  const asked: (AskedSearch & { signal: Signal })[] = [];
  const search: SearchPageParts["search"] = {
    search: async (one, own) => (asked.push({ ...one, signal: own }), found),
  };
  const page = createSearchPage({ ...reading, search });
  const post = async (body: unknown) => {
    const reply = await page(exchangeOf(body));
    return JSON.parse(Buffer.from(reply.body as Uint8Array).toString()) as Record<string, unknown>;
  };
  return { asked, post, signal };
}

async function refusal(asked: Promise<unknown>): Promise<ProxyError> {
  const thrown: unknown = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(thrown instanceof ProxyError)) throw new Error(`not refused: ${String(thrown)}`);
  return thrown;
}

describe("the page that searches", () => {
  it("shows what was found, by whom, and what was sent", async () => {
    const { asked, post, signal } = stage();

    expect(
      await post({ query: "llama a@b.example", max_results: 2, freshness: "week", language: "en" }),
    ).toEqual({
      results: [
        {
          title: "Llamas",
          url: "https://example.org/llamas",
          snippet: "A llama.",
          published: "2025-12-30T00:00:00.000Z",
          engine: "brave",
          score: 0.9,
        },
        { title: "Alpacas", url: "https://example.com/", snippet: "", engine: "brave", score: 0.1 },
      ],
      providers: ["brave"],
      cached: true,
      query: "llama",
      redacted: ["email"],
      degraded: true,
      reasons: [{ provider: "searxng", reason: "refused", message: "searxng refused the connection" }],
    });
    expect(asked).toEqual([
      {
        queries: ["llama a@b.example"],
        question: "llama a@b.example",
        resultsMax: 2,
        freshness: "week",
        language: "en",
        scope: "key:ada",
        signal,
      },
    ]);
  });

  it("asks for five results unless it is told", async () => {
    const { asked, post } = stage();
    await post({ query: "llama", max_results: null, freshness: null, language: null });

    expect(asked[0]).toMatchObject({ resultsMax: 5, freshness: undefined, language: undefined });
  });

  it.each([
    ["", "expected a JSON object"],
    ["[]", "expected a JSON object"],
    [{}, "query: "],
    [{ query: "  " }, "query: "],
    [{ query: 7 }, "query: "],
    [{ query: "x".repeat(401) }, "query: "],
    [{ query: "x", max_results: 0 }, "max_results: "],
    [{ query: "x", max_results: 21 }, "max_results: "],
    [{ query: "x", max_results: 1.5 }, "max_results: "],
    [{ query: "x", max_results: "5" }, "max_results: "],
    [{ query: "x", freshness: "hour" }, "freshness: "],
    [{ query: "x", language: "english" }, "language: "],
    [{ query: "x", limit: 5 }, "limit: unknown"],
  ])("refuses %j and names the field", async (body, text) => {
    const { asked, post } = stage();
    const { code, message } = await refusal(post(body));

    expect(code).toBe("invalid_request");
    expect(message.startsWith(text)).toBe(true);
    expect(asked).toEqual([]);
  });

  it.each([
    [{ isLocalOnly: true }, {}],
    [{}, { "x-chasqui-local-only": "1" }],
  ])("sends nothing of what must not leave the house: %j, %j", async (more, headers) => {
    let searches = 0;
    const search = { search: async () => ((searches += 1), found) };
    const page = createSearchPage({ ...reading, ...more, search });

    const { status, code } = await refusal(page(exchangeOf({ query: "x" }, headers)));

    expect([status, code, searches]).toEqual([403, "local_only", 0]);
  });

  it("keeps in the house what an operator keeps there", async () => {
    const { asked, post } = stage();
    const { status, code, message } = await refusal(post({ query: "launch of Project Condor" }));

    expect([status, code, asked]).toEqual([403, "local_only", []]);
    expect(message).toBe("query: has what routing.private.patterns keeps in the house (project)");
  });

  it("says without a provider how to have one", async () => {
    const page = createSearchPage({ ...reading, search: undefined });
    const { status, message } = await refusal(page(exchangeOf({ query: "x" })));

    expect(status).toBe(501);
    expect(message).toContain("search.providers");
  });
});
