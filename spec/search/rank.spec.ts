import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bm25, wordsIn } from "../../src/search/bm25.ts";
import { canonicalUrl, hostIn } from "../../src/search/canonical-url.ts";
import type { SearchResult } from "../../src/search/provider.ts";
import { fuse, rank, type RankOptions } from "../../src/search/rank.ts";

const nowMs = Date.UTC(2026, 0, 10);
const dayMs = 86_400_000;

const result = (url: string, rank: number, more: Partial<SearchResult> = {}): SearchResult => ({
  title: "t",
  url: url.includes(":") ? url : `https://${url}/`,
  snippet: "s",
  engine: "e",
  rank,
  ...more,
});

const list = (...hosts: string[]): SearchResult[] => hosts.map((host, at) => result(host, at + 1));

const asked = (more: Partial<RankOptions> = {}): RankOptions => ({
  question: "llama wool",
  nowMs,
  resultsMax: 20,
  ...more,
});

describe("an address", () => {
  it.each([
    ["http://Example.ORG/a/", "https://example.org/a"],
    ["https://www.example.org:443/a#top", "https://example.org/a"],
    ["https://example.org/?utm_source=x&gclid=1&b=2&a=1", "https://example.org?a=1&b=2"],
    ["https://example.org/?fbclid=1", "https://example.org"],
    ["http://example.org:80", "https://example.org"],
    ["http://example.org:8080/", "https://example.org:8080"],
    ["https://example.org/A?id=7", "https://example.org/A?id=7"],
    ["https://example.org./", "https://example.org"],
    ["https://www.org/", "https://org".replace("org", "www.org")],
    ["mailto:a@b.example", "mailto:a@b.example"],
    ["no address", "no address"],
  ])("%s is %s", (address, canonical) => {
    expect(canonicalUrl(address)).toBe(canonical);
    expect(canonicalUrl(canonical)).toBe(canonical);
  });

  it("tells pages apart that are not the same", () => {
    const addresses = [
      "https://a.example/x",
      "https://a.example/X",
      "https://a.example/x?p=1",
      "https://b.example/x",
    ];
    expect(new Set(addresses.map(canonicalUrl)).size).toBe(addresses.length);
  });

  it("has a host without www", () => {
    expect(hostIn("https://www.Example.org/a")).toBe("example.org");
    expect(hostIn("nothing")).toBe("nothing");
  });
});

describe("fusion", () => {
  it("adds 1 / (60 + rank) of every list", () => {
    const fused = fuse([list("a.example", "b.example"), list("b.example", "c.example")]);

    expect(fused.map(({ key, fused }) => [key, fused])).toEqual([
      ["https://b.example", 1 / 62 + 1 / 61],
      ["https://a.example", 1 / 61],
      ["https://c.example", 1 / 62],
    ]);
  });

  it("counts a page that a list names twice once, at its best place", () => {
    const [only, ...none] = fuse([
      [result("https://a.example/?utm_source=x", 3), result("http://www.a.example", 1)],
    ]);

    expect(none).toEqual([]);
    expect(only).toMatchObject({ fused: 1 / 61, url: "http://www.a.example" });
  });

  it("keeps the longest text and the date that is known", () => {
    const [only] = fuse([
      [result("a.example", 1, { engine: "x", snippet: "short" })],
      [result("a.example", 2, { engine: "y", snippet: "longer text", content: "page", publishedMs: 5 })],
    ]);

    expect(only).toMatchObject({ engine: "x", snippet: "longer text", content: "page", publishedMs: 5 });
  });

  it("does not mind the order of the lists", () => {
    const lists = fc.array(
      fc
        .uniqueArray(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 5 })
        .chain((hosts) =>
          fc
            .constantFrom("x", "y", "z")
            .map((engine) => hosts.map((host, at) => result(`${host}.example`, at + 1, { engine }))),
        ),
      { maxLength: 4 },
    );
    const rounded = (all: readonly SearchResult[][]) =>
      fuse(all).map(({ key, fused, engine }) => [key, Math.round(fused * 1e9), engine]);
    fc.assert(
      fc.property(lists, (all) => {
        expect(rounded(all.toReversed())).toEqual(rounded(all));
      }),
    );
  });

  it("takes pages for equal that were named at the same places by different lists", () => {
    const lists = [
      list("e.example", "d.example"),
      list("d.example", "e.example"),
      list("e.example"),
      list("d.example"),
    ];

    expect(fuse(lists).map(({ key }) => key)).toEqual(["https://d.example", "https://e.example"]);
    expect(fuse(lists.toReversed())).toEqual(fuse(lists));
  });

  it("never places a page lower for being named once more", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), (one, other) => {
        const [alone] = fuse([[result("a.example", one)]]);
        const [twice] = fuse([[result("a.example", one)], [result("a.example", other)]]);
        expect(twice!.fused).toBeGreaterThan(alone!.fused);
      }),
    );
  });
});

describe("BM25", () => {
  it.each([
    ["Hindi, whose vowels are marks", "सोने की कीमत", ["सोने", "की", "कीमत"]],
    ["accents", "Café ÉTÉ", ["cafe", "ete"]],
    ["Arabic vowels", "كِتَاب", ["كتاب"]],
  ])("knows the words of %s", (_, text, words) => {
    expect(wordsIn(text)).toEqual(words.map((word) => word.normalize("NFKD")));
  });

  it("is what one computes by hand", () => {
    // Two texts of 2 and 4 words, 3 on average. "wool" is in one of two: ln(1 + 1.5 / 1.5) = ln 2.
    const [with2, without] = bm25("wool", ["wool hat", "a red felt hat"]);
    const norm = 1.2 * (0.25 + (0.75 * 2) / 3);

    expect(with2).toBeCloseTo((Math.log(2) * 2.2) / (1 + norm), 12);
    expect(without).toBe(0);
  });

  it("is what one computes by hand for a word that all have", () => {
    // "hat" is in both: ln(1 + 0.5 / 2.5). Counts 1 and 2, lengths 1 and 3, 2 on average.
    const scores = bm25("hat", ["hat", "hat hat felt"]);
    const weight = Math.log(1.2);

    expect(scores[0]).toBeCloseTo((weight * 2.2) / (1 + 1.2 * (0.25 + 0.375)), 12);
    expect(scores[1]).toBeCloseTo((weight * 2 * 2.2) / (2 + 1.2 * (0.25 + 1.125)), 12);
  });

  it("values the rare word more", () => {
    const [rare, common] = bm25("llama wool", ["llama x", "wool x", "wool y", "wool z"]);
    expect(rare).toBeGreaterThan(common!);
  });

  it("values a word more the more often it stands there, and less in a longer text", () => {
    const [one, two] = bm25("wool", ["wool a b", "wool wool b"]);
    const [short, long] = bm25("wool", ["wool a", "wool a b c d e f"]);

    expect(two).toBeGreaterThan(one!);
    expect(short).toBeGreaterThan(long!);
  });

  it("is 0 without a question, without texts and without a shared word, and never below", () => {
    expect(bm25("", ["a"])).toEqual([0]);
    expect(bm25("a", [])).toEqual([]);
    expect(bm25("a", ["", ""])).toEqual([0, 0]);
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string(), { maxLength: 5 }), (question, texts) => {
        for (const score of bm25(question, texts)) expect(score).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("knows words without their accents, and letters in pairs where there are no spaces", () => {
    expect(wordsIn("Café—Zürich, 3.14!")).toEqual(["cafe", "zurich", "3", "14"]);
    expect(wordsIn("法国总统")).toEqual(["法国", "国总", "总统"]);
    expect(bm25("法国总统", ["现任法国总统是谁", "天气预报"])[0]).toBeGreaterThan(0);
  });
});

describe("the order of results", () => {
  it("is half the engines' and half the words'", () => {
    const ranked = rank(
      fuse([
        [result("a.example", 1, { snippet: "nothing" }), result("b.example", 2, { snippet: "llama wool" })],
      ]),
      asked(),
    );

    expect(ranked.map(({ url, rank, score }) => [url, rank, score])).toEqual([
      ["https://b.example/", 1, Math.round((61 / 62 / 2 + 0.5) * 10_000) / 10_000],
      ["https://a.example/", 2, 0.5],
    ]);
    expect(ranked[0]).not.toHaveProperty("key");
  });

  it("has at most three of one host", () => {
    const many = Array.from({ length: 6 }, (_, at) => result(`https://www.a.example/${at}`, at + 1));
    const urls = rank(fuse([[...many, result("b.example", 7)]]), asked()).map(({ url }) => url);

    expect(urls.filter((url) => url.includes("a.example"))).toHaveLength(3);
    expect(urls).toContain("https://b.example/");
  });

  it("minds age only when something new is asked for", () => {
    const pages = [
      result("old.example", 1, { publishedMs: nowMs - 400 * dayMs }),
      result("undated.example", 2),
      result("new.example", 3, { publishedMs: nowMs - dayMs / 2 }),
    ];
    const hosts = (options: Partial<RankOptions>) =>
      rank(fuse([pages]), asked(options)).map(({ url }) => hostIn(url));

    expect(hosts({})).toEqual(["old.example", "undated.example", "new.example"]);
    for (const freshness of ["day", "week", "month", "year"] as const)
      expect(hosts({ freshness })[0]).toBe("new.example");
  });

  it("does not hold a date in the future for newer than new", () => {
    const [first, second] = rank(
      fuse([
        [
          result("a.example", 1, { publishedMs: nowMs }),
          result("b.example", 1, { publishedMs: nowMs + dayMs }),
        ],
      ]),
      asked({ freshness: "day" }),
    );
    expect(first?.score).toBe(second?.score);
  });

  it("is the same whatever order equal results come in", () => {
    const equal = ["c", "a", "b"].map((host) => [result(`${host}.example`, 1)]);
    const order = ["https://a.example/", "https://b.example/", "https://c.example/"];

    expect(rank(fuse(equal), asked()).map(({ url }) => url)).toEqual(order);
    expect(rank(fuse(equal.toReversed()), asked()).map(({ url }) => url)).toEqual(order);
  });

  it("has scores from 1 down to 0, places from 1, and no more than wanted", () => {
    const page = fc.record({
      host: fc.constantFrom("a", "b", "c", "d", "e", "f"),
      text: fc.constantFrom("llama", "wool", "llama wool", "x", ""),
      ageDays: fc.option(fc.integer({ min: 0, max: 1_000 })),
    });
    fc.assert(
      fc.property(fc.array(page, { maxLength: 12 }), fc.boolean(), (pages, isFresh) => {
        const results = pages.map(({ host, text, ageDays }, at) =>
          result(`${host}.example`, at + 1, {
            snippet: text,
            ...(ageDays === null ? {} : { publishedMs: nowMs - ageDays * dayMs }),
          }),
        );
        const ranked = rank(
          fuse([results]),
          asked({ resultsMax: 4, freshness: isFresh ? "week" : undefined }),
        );
        const scores = ranked.map(({ score }) => score);

        expect(ranked.length).toBeLessThanOrEqual(4);
        expect(ranked.map(({ rank }) => rank)).toEqual(ranked.map((_, at) => at + 1));
        expect(scores).toEqual(scores.toSorted((a, b) => b - a));
        for (const score of scores) expect(score >= 0 && score <= 1).toBe(true);
      }),
    );
  });
});
