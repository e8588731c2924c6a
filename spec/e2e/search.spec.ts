import { afterEach, describe, expect, it } from "vitest";
import { ConfigError } from "../../src/config/problem.ts";
import { ask } from "../support/ask.ts";
import { startDaemon, type RunningDaemon } from "../support/daemon.ts";
import { fakeKey, type SearchEngine, startFakeSearch, type FakeSearch } from "../support/fake-search.ts";

const standing: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of standing.splice(0)) await one.stop();
});

async function setUp(engines: readonly SearchEngine[], more = ""): Promise<[RunningDaemon, ...FakeSearch[]]> {
  const fakes = await Promise.all(engines.map((engine) => startFakeSearch(engine)));
  const providers = engines.map((engine, nth) => {
    const key = engine === "searxng" ? "" : `, api_key: "${fakeKey}"`;
    return `{ type: ${engine}, url: "${fakes[nth]?.url}"${key} }`;
  });
  const daemon = await startDaemon(`search: { providers: [${providers.join(", ")}] }\n${more}`);
  standing.push(daemon, ...fakes);
  return [daemon, ...fakes];
}

const search = ({ url }: RunningDaemon, body: object, headers = {}) =>
  ask(`${url}/api/search`, body, { headers });

describe("POST /api/search", () => {
  it.each<SearchEngine>(["searxng", "brave", "tavily", "serper", "ollama"])("asks %s", async (engine) => {
    const [daemon, fake] = await setUp([engine]);

    const { status, text } = await search(daemon, { query: "llama" });

    const found = JSON.parse(text) as { results: { url: string }[]; providers: string[] };
    expect(status).toBe(200);
    expect(found.providers).toEqual([engine]);
    expect(found.results.map(({ url }) => url)).toContain("https://example.org/llamas");
    expect(fake?.seen).toHaveLength(1);
    expect(text + JSON.stringify(daemon.lines)).not.toContain(fakeKey);
  });

  it("asks the next one when the first fails, and says so in the answer and in the statistics", async () => {
    const [daemon, first, second] = await setUp(["searxng", "brave"]);
    first?.fail({ kind: "status", status: 500 });

    const { text } = await search(daemon, { query: "llama" });

    expect(JSON.parse(text)).toMatchObject({ providers: ["brave"], degraded: true });
    expect(second?.seen).toHaveLength(1);
    const stats = await ask(`${daemon.url}/api/stats`);
    expect(JSON.parse(stats.text)).toMatchObject({ search: { searches: 1 } });
  });

  it("sends no key, address or password of a query, and nothing at all of what stays in the house", async () => {
    const [daemon, fake] = await setUp(["searxng"]);

    await search(daemon, { query: "why is ada@example.org refused" });
    expect(JSON.stringify(fake?.seen)).not.toContain("ada@example.org");
    const kept = await search(daemon, { query: "llama" }, { "x-chasqui-local-only": "true" });

    expect(kept.status).toBe(403);
    expect(fake?.seen).toHaveLength(1);
  });

  it("says how to have a provider where there is none", async () => {
    const daemon = await startDaemon("");
    standing.push(daemon);

    const { status, text } = await search(daemon, { query: "llama" });

    expect([status, text]).toEqual([501, expect.stringContaining("search.providers")]);
  });

  it.each([
    ["{ type: searxng }", "search.providers.0.url"],
    ["{ type: brave }", "search.providers.0.api_key"],
    ["{ type: brave, api_key_file: /nowhere/key }", "search.providers.0.api_key_file"],
    ["{ type: google }", "search.providers.0.type"],
  ])("is refused at the start with %s", async (provider, key) => {
    const started = startDaemon(`search: { providers: [${provider}] }\n`);

    await expect(started).rejects.toBeInstanceOf(ConfigError);
    await expect(started).rejects.toThrow(key);
  });
});
