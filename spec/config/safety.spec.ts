import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { isMap, parseDocument } from "yaml";
import { configSchema, leafPaths, writtenDefault } from "../../src/config/schema.ts";
import { effectiveSettings, formatSettings } from "../../src/config/show.ts";
import { load, problemsOf } from "../support/configuration.ts";

describe("listening beyond this machine", () => {
  it.each(["0.0.0.0:1", "[::]:1", ":1", "192.168.1.2:1", "example.com:1"])("at %s takes keys", (listen) => {
    const key = "api_keys: [{ name: a, key: b }]";

    expect(problemsOf({ flags: { listen } })).toEqual([
      expect.stringContaining("reachable from other machines"),
    ]);
    expect(problemsOf({ flags: { listen }, yaml: key })).toEqual([]);
    expect(problemsOf({ flags: { listen }, environment: { CHASQUI_API_KEY: "b" } })).toEqual([]);
    expect(problemsOf({ flags: { listen }, yaml: "auth: none" })).toEqual([]);
    expect(problemsOf({ flags: { listen }, environment: { CHASQUI_AUTH: "none" } })).toEqual([]);
  });

  it.each(["127.0.0.1:1", "localhost:1", "[::1]:1", "127.1.2.3:1", "LOCALHOST:1"])(
    "is not what %s does",
    (listen) => {
      expect(problemsOf({ flags: { listen } })).toEqual([]);
    },
  );
});

describe("an upstream that is Chasqui itself", () => {
  it.each([
    ["127.0.0.1:5732", "http://127.0.0.1:5732"],
    ["127.0.0.1:5732", "http://localhost:5732"],
    ["127.0.0.1:5732", "http://LOCALHOST:5732/"],
    ["LOCALHOST:5732", "http://localhost:5732"],
    ["localhost:5732", "http://127.0.0.1:5732"],
    ["[::1]:5732", "http://[::1]:5732"],
    ["0.0.0.0:5732", "127.0.0.1:5732"],
    ["[::]:5732", "http://[::1]:5732"],
    ["127.0.0.1:80", "http://localhost"],
    ["127.0.0.1:5732", "http://localhost.:5732"],
    ["127.0.0.1:5732", "http://[::ffff:127.0.0.1]:5732"],
  ])("listening at %s is refused at %s", (listen, upstream) => {
    const yaml = `auth: none\nupstreams:\n  - url: "${upstream}"\n`;

    expect(problemsOf({ yaml, flags: { listen } })).toEqual([
      "config.yaml:3:5: upstreams.0.url: is Chasqui's own address",
    ]);
  });

  it.each([
    ["127.0.0.1:5732", "http://127.0.0.1:5733"],
    ["127.0.0.1:5732", "http://example.com:5732"],
    ["127.0.0.1:5732", "http://10.0.0.1:5732"],
  ])("listening at %s is not %s", (listen, upstream) => {
    expect(problemsOf({ flags: { listen, upstream: [upstream] } })).toEqual([]);
  });

  it.each([
    ["127.0.0.1:11434", "127.0.0.1"],
    ["127.0.0.1:11434", "0.0.0.0:11434"],
    ["127.0.0.1:5732", "http://localhost:5732"],
  ])("listening at %s is passed over with a warning when OLLAMA_HOST=%s names it", (listen, host) => {
    const loaded = load({ flags: { listen }, environment: { OLLAMA_HOST: host } });

    expect(loaded.config.upstreams).toEqual([]);
    expect(loaded.upstreamsNamed).toBe(false);
    expect(loaded.warnings).toMatchObject([
      { where: "environment OLLAMA_HOST", text: expect.stringContaining("names Chasqui itself") as string },
    ]);
  });
});

describe("an OpenRouter whose key is nowhere", () => {
  const warned = (yaml: string, environment: NodeJS.ProcessEnv = {}): string[] =>
    load({ yaml, environment }).warnings.map(({ key, text }) => `${key}: ${text}`);

  it("is left out with a warning that names it", () => {
    const yaml = "upstreams: [{ url: a }, { type: openrouter }, { type: openrouter, name: far }]";

    expect(warned(yaml)).toEqual([
      "upstreams.1.api_key: upstream openrouter: no key in OPENROUTER_API_KEY, so it is left out",
      "upstreams.2.api_key: upstream far: no key in OPENROUTER_API_KEY, so it is left out",
    ]);
    expect(warned(yaml, { OPENROUTER_API_KEY: "" })).toHaveLength(2);
  });

  it("is none where there is one", () => {
    expect(warned("upstreams: [{ type: openrouter }]", { OPENROUTER_API_KEY: "k" })).toEqual([]);
    expect(warned("upstreams: [{ type: openrouter, api_key: k }, { url: a }]")).toEqual([]);
  });
});

describe("secrets", () => {
  const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

  it("are read from files, white space around them left out, and of own keys only the hash is kept", () => {
    const yaml = [
      "upstreams: [{ url: a, api_key_file: DIR/one }, { url: b }, { url: c, api_key: three }]",
      "api_keys: [{ name: x, key_file: DIR/four, admin: true }, { name: y, key: five }]",
    ].join("\n");

    const { secrets } = load({ yaml, files: { one: "one\r\n", four: " four \n" } });

    expect(secrets.upstreamKeys).toEqual(["one", undefined, "three"]);
    expect(secrets.apiKeys.map(({ name, admin }) => ({ name, admin }))).toEqual([
      { name: "x", admin: true },
      { name: "y", admin: false },
    ]);
    expect(secrets.apiKeys.map((one) => Buffer.from(one.sha256).toString("hex"))).toEqual([
      sha256("four"),
      sha256("five"),
    ]);
  });

  it.each([
    ["CHASQUI_API_KEY", "secret"],
    ["CHASQUI_API_KEY_FILE", "DIR/key"],
  ])("come from %s too", (name, value) => {
    const { secrets } = load({ environment: { [name]: value }, files: { key: "secret\n" } });

    expect(secrets.apiKeys.map((one) => Buffer.from(one.sha256).toString("hex"))).toEqual([sha256("secret")]);
  });

  it.each(["123456", "true", "0x10", "[a]", "a: b", "'quoted'"])("are taken letter by letter: %s", (key) => {
    const { secrets } = load({ environment: { CHASQUI_API_KEY: key } });

    expect(secrets.apiKeys.map((one) => Buffer.from(one.sha256).toString("hex"))).toEqual([sha256(key)]);
  });

  it("are masked where the configuration is shown", () => {
    const yaml = [
      "upstreams: [{ url: a, api_key: CANARY-1 }, { url: b, api_key: '${SECRET}' }]",
      `api_keys: [{ name: x, key: CANARY-2 }, { name: y, sha256: ${sha256("CANARY-3")} }]`,
    ].join("\n");
    const settings = effectiveSettings(load({ yaml, environment: { SECRET: "CANARY-4" } }));

    const shown = formatSettings(settings) + JSON.stringify(settings);

    expect(shown).not.toMatch(/CANARY/);
    expect(shown).not.toContain(sha256("CANARY-3"));
    expect(shown).toContain("name: x");
  });
});

describe("the shown configuration", () => {
  const yaml = [
    "server: { listen: '[::1]:99', drain: 1m, body_limit: 5MB, origins: ['http://a', 'http://b'] }",
    "upstreams: [{ url: a, name: one, in_flight: 3 }, { url: 'https://b/c' }]",
    "timeouts: { idle: 1500ms, total: 2d }",
    "breaker: { failure_share: 0.25 }",
    "demo: off",
  ].join("\n");

  it("is a configuration file that means the same", () => {
    const first = load({ yaml });

    const second = load({ yaml: formatSettings(effectiveSettings(first)) });

    expect({ ...second.config, data_dir: "" }).toEqual({ ...first.config, data_dir: "" });
  });

  it("holds every key, each with where its value came from", () => {
    const settings = effectiveSettings(load({ yaml, environment: { CHASQUI_RETRY_ATTEMPTS: "2" } }));
    const origin = (key: string) => settings.find((one) => one.key === key)?.origin;

    expect(settings.map((one) => one.key)).toEqual(leafPaths());
    expect(origin("server.drain")).toMatch(/config\.yaml:1:\d+$/);
    expect(origin("upstreams")).toMatch(/config\.yaml:2:1$/);
    expect(origin("retry.attempts")).toBe("environment CHASQUI_RETRY_ATTEMPTS");
    expect(origin("data_dir")).toBe("flag --data-dir");
    expect(origin("catalog.refresh")).toBe("default");
  });
});

const documented = fileURLToPath(new URL("../../config.yaml", import.meta.url));

describe.skipIf(!existsSync(documented))("the documented config.yaml", () => {
  const text = existsSync(documented) ? readFileSync(documented, "utf8") : "";

  it("names every key of the schema, a key without a fixed default in a comment at least", () => {
    const document = parseDocument(text);
    const isSaid = (path: string): boolean =>
      isMap(document.contents) ? document.hasIn(path.split(".")) : false;
    const isMentioned = (path: string): boolean =>
      new RegExp(`^ *# *${path.split(".").at(-1)}:`, "m").test(text);

    expect(
      leafPaths().filter(
        (path) => !isSaid(path) && !(writtenDefault(path) === undefined && isMentioned(path)),
      ),
    ).toEqual([]);
  });

  it("says the defaults and nothing else", () => {
    const { config } = load({ yaml: text, flags: { dataDir: undefined } });

    expect({ ...config, data_dir: undefined }).toEqual({ ...configSchema.parse({}), data_dir: undefined });
  });
});
