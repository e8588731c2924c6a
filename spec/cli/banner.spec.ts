import { describe, expect, it } from "vitest";
import { bannerText } from "../../src/cli/banner.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import { noModels, type Upstream } from "../../src/upstream/upstream.ts";
import { load } from "../support/configuration.ts";

interface Standing extends Partial<Pick<Upstream, "type" | "isCloud" | "configured">> {
  /** Undefined while its list is not known. */
  readonly models?: readonly (JsonObject | string)[];
}

const upstream = (name: string, standing: Standing): Upstream => {
  const { type = "ollama", isCloud = false, configured = true, models } = standing;
  const entries = models?.map((one) => (typeof one === "string" ? { name: one } : one)) ?? [];
  return {
    name,
    type,
    isCloud,
    configured,
    url: "http://127.0.0.1:1",
    trouble: undefined,
    health: { state: models === undefined ? "down" : "up" },
    models: {
      ...noModels,
      seenAtMs: models === undefined ? undefined : 1,
      byKey: new Map(entries.map((entry) => [JSON.stringify(entry), entry])),
    },
  } as unknown as Upstream;
};

const banner = (upstreams: readonly Upstream[], yaml = "", firstRun = true): string =>
  bannerText({
    version: "1.2.3",
    origin: "http://127.0.0.1:5732",
    loaded: load({ yaml }),
    upstreams,
    firstRun,
  });

const line = (text: string, beginning: string): string =>
  text
    .split("\n")
    .find((one) => one.trim().startsWith(beginning))
    ?.trim()
    .slice(beginning.length)
    .trim() ?? "";

const searxng = "search: { providers: [{ type: searxng, url: 'http://127.0.0.1:8888' }] }\n";
const llama = upstream("llama", { type: "llama-server", models: ["hello:latest"] });
const cloud = upstream("openrouter", { type: "openrouter", isCloud: true, models: ["gpt-4o-mini", "big"] });
const demo = upstream("demo", { type: "demo", configured: false, models: ["demo"] });

describe("what the banner says of auto", () => {
  it.each([
    [
      [llama, cloud],
      `${searxng}routing: { cloud: [gpt-4o-mini] }`,
      "local hello, cloud gpt-4o-mini, search searxng",
    ],
    [[llama, cloud], "", "local hello, cloud gpt-4o-mini and 1 more, no search provider"],
    [[llama], "", "local hello, no cloud, no search provider"],
    [[cloud], "routing: { cloud: [big] }", "no local model, cloud big, no search provider"],
    [[upstream("gpu1", {}), upstream("gpu2", {})], "", "local gpu1, gpu2, no cloud, no search provider"],
    [[upstream("gpu1", { models: [] })], "", "no local model, no cloud, no search provider"],
    [[demo, upstream("ollama", { configured: false })], "", "no local model, no cloud, no search provider"],
    [[llama, demo], "", "local hello, no cloud, no search provider"],
    [[llama], "routing: { enabled: false }", "off"],
  ])("is whom it may ask: %#", (upstreams, yaml, told) => {
    expect(line(banner(upstreams, yaml), "auto")).toBe(told);
  });

  it("names the largest local model first, and no model that only makes vectors", () => {
    const models = [
      { name: "small:1b", details: { parameter_size: "1B" } },
      { name: "bge-m3:latest" },
      { name: "large:8b", details: { parameter_size: "8B" } },
    ];

    expect(line(banner([upstream("gpu", { models })]), "auto")).toMatch(/^local large:8b and 1 more, /);
  });

  it("stands on the one line of later starts as well", () => {
    expect(banner([llama], "", false).trimEnd().split("\n")).toEqual([
      expect.stringMatching(/listening on .* auto: local hello, no cloud, no search provider$/),
    ]);
  });
});

describe("what the banner says to try", () => {
  const model = (upstreams: readonly Upstream[], yaml = ""): string | undefined =>
    /"model":"([^"]+)"/.exec(line(banner(upstreams, yaml), "Try:"))?.[1];

  it("is a model that is there", () => {
    expect(model([demo])).toBe("demo");
    expect(model([llama])).toBe("auto");
    expect(model([cloud])).toBe("auto");
    expect(model([llama], "routing: { enabled: false }")).toBe("hello:latest");
  });

  it("is Ollama's own command for an Ollama server, with a name even before it has a model", () => {
    const at = (models: readonly string[]): string => line(banner([upstream("gpu", { models })]), "Try:");

    expect(at(["qwen3:8b"])).toBe("OLLAMA_HOST=127.0.0.1:5732 ollama run qwen3:8b");
    expect(at([])).toBe("OLLAMA_HOST=127.0.0.1:5732 ollama run llama3.2");
  });

  it("is the list of models where none is known and auto is off", () => {
    expect(line(banner([upstream("gpu", {})], "routing: { enabled: false }"), "Try:")).toBe(
      "curl http://127.0.0.1:5732/api/tags",
    );
  });
});
