import { describe, expect, it } from "vitest";
import { effectiveSettings } from "../../src/config/show.ts";
import { leafPaths, writtenDefault } from "../../src/config/schema.ts";
import { load, problemsOf, type Said } from "../support/configuration.ts";

/** The effective value of a key and where it came from, the directory of the file left out. */
function effective(key: string, said: Said): { value: unknown; origin: string } {
  const found = effectiveSettings(load(said)).find((one) => one.key === key);
  return { value: found?.value, origin: found?.origin.replace(/^\S*\/(?=config\.yaml)/, "") ?? "" };
}

const url = (host: string) => [expect.objectContaining({ url: `http://${host}:1` })];

describe("of all that is said", () => {
  it.each([
    [
      "server.listen",
      { listen: "127.0.0.1:1" },
      ["CHASQUI_LISTEN", "127.0.0.1:2"],
      "server: { listen: 127.0.0.1:3 }",
      undefined,
      ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "127.0.0.1:5732"],
    ],
    [
      "log.level",
      { logLevel: "debug" },
      ["CHASQUI_LOG_LEVEL", "warn"],
      "log: { level: error }",
      ["OLLAMA_DEBUG", "1", "debug"],
      ["debug", "warn", "error", "info"],
    ],
    [
      "log.format",
      { logFormat: "json" },
      ["CHASQUI_LOG_FORMAT", "pretty"],
      "log: { format: json }",
      undefined,
      ["json", "pretty", "json", "auto"],
    ],
    [
      "upstreams",
      { upstream: ["ollama=http://flag:1"] },
      ["CHASQUI_UPSTREAM", "http://variable:1"],
      "upstreams: [{ url: 'http://file:1' }]",
      ["OLLAMA_HOST", "http://host:1", url("host")],
      [url("flag"), url("variable"), url("file"), []],
    ],
    [
      "upstream_limits.queue",
      undefined,
      ["CHASQUI_UPSTREAM_LIMITS_QUEUE", "2"],
      "upstream_limits: { queue: 3 }",
      ["OLLAMA_MAX_QUEUE", "4", 4],
      [undefined, 2, 3, 256],
    ],
    [
      "server.body_limit",
      undefined,
      ["CHASQUI_SERVER_BODY_LIMIT", "2MiB"],
      "server: { body_limit: 3MiB }",
      undefined,
      [undefined, "2MiB", "3MiB", "100MiB"],
    ],
    [
      "server.drain",
      undefined,
      ["CHASQUI_SERVER_DRAIN", "0"],
      "server: { drain: 3s }",
      undefined,
      [undefined, "0s", "3s", "25s"],
    ],
    [
      "retry.share",
      undefined,
      ["CHASQUI_RETRY_SHARE", "0.5"],
      "retry: { share: 1 }",
      undefined,
      [undefined, 0.5, 1, 0.2],
    ],
    ["demo", undefined, ["CHASQUI_DEMO", "off"], "demo: on", undefined, [undefined, "off", "on", "auto"]],
    [
      "server.allowed_hosts",
      undefined,
      ["CHASQUI_SERVER_ALLOWED_HOSTS", "a, b"],
      "server: { allowed_hosts: [c] }",
      undefined,
      [undefined, ["a", "b"], ["c"], []],
    ],
  ] as const)(
    "about %s, a flag counts before a variable, the file, Ollama's variables and the default",
    (key, flag, variable, yaml, ollama, wants) => {
      const [byFlag, byVariable, byFile, byDefault] = wants;
      const ollamaSays = ollama === undefined ? {} : { [ollama[0]]: ollama[1] };
      const all = { ...ollamaSays, [variable[0]]: variable[1] };

      if (flag !== undefined) {
        expect(effective(key, { yaml, environment: all, flags: flag })).toMatchObject({
          value: byFlag,
          origin: expect.stringMatching(/^flag --/) as string,
        });
      }
      expect(effective(key, { yaml, environment: all })).toEqual({
        value: byVariable,
        origin: `environment ${variable[0]}`,
      });
      expect(effective(key, { yaml, environment: ollamaSays })).toEqual({
        value: byFile,
        origin: expect.stringMatching(/^config\.yaml:\d+:\d+$/) as string,
      });
      if (ollama !== undefined) {
        expect(effective(key, { environment: ollamaSays })).toEqual({
          value: ollama[2],
          origin: `environment ${ollama[0]}`,
        });
      }
      expect(effective(key, {})).toEqual({ value: byDefault, origin: "default" });
    },
  );

  it("an empty list in the file says nothing", () => {
    const environment = { OLLAMA_HOST: "http://host:1" };

    expect(effective("upstreams", { yaml: "upstreams: []", environment }).value).toEqual(url("host"));
  });

  it("an empty list in the file counts where the default is not empty", () => {
    const said = { yaml: "routing: { private: { kinds: [] } }" };

    expect(effective("routing.private.kinds", said).value).toEqual([]);
  });

  it("OLLAMA_ORIGINS is added to what else is said", () => {
    const said = {
      yaml: "server: { origins: ['http://a'] }",
      environment: { OLLAMA_ORIGINS: "http://b, http://c" },
    };

    expect(effective("server.origins", said).value).toEqual(["http://a", "http://b", "http://c"]);
  });
});

describe("a variable", () => {
  it.each([
    ["CHASQUI_LISTEN", "[::1]:5732", "server.listen", "[::1]:5732"],
    ["CHASQUI_SERVER_LISTEN", "localhost:1", "server.listen", "localhost:1"],
    ["CHASQUI_AUTH", "none", "auth", "none"],
    ["CHASQUI_DEMO", "true", "demo", "on"],
    ["CHASQUI_SERVER_CONNECTIONS_MAX", "7", "server.connections_max", 7],
    ["CHASQUI_DATA_DIR", "2026", "data_dir", "2026"],
    ["CHASQUI_DATA_DIR", "a: b", "data_dir", "a: b"],
    ["CHASQUI_DATA_DIR", "@scope/[x", "data_dir", "@scope/[x"],
  ])("%s=%s is taken as it stands", (name, value, key, want) => {
    expect(effective(key, { environment: { [name]: value }, flags: { dataDir: undefined } }).value).toEqual(
      want,
    );
  });

  it("names several upstreams with commas, each with its type if wanted", () => {
    const environment = { CHASQUI_UPSTREAM: "http://a:1, ollama=b:2" };

    expect(load({ environment }).config.upstreams).toMatchObject([
      { url: "http://a:1" },
      { url: "http://b:2" },
    ]);
  });

  it.each(leafPaths().filter((path) => Array.isArray(writtenDefault(path))))(
    "gives the list %s, texts separated by commas, or says that the file alone can",
    (path) => {
      const name = `CHASQUI_${path.toUpperCase().replaceAll(".", "_")}`;
      const got = problemsOf({ environment: { [name]: "email, phone" } });

      if (got.length > 0)
        expect(got).toEqual([
          expect.stringMatching(
            new RegExp(String.raw`^environment ${name}: ${path}: can only be set in the file, e\.g\. \[\{ `),
          ),
        ]);
      else if (path !== "upstreams")
        expect(effective(path, { environment: { [name]: "email, phone" } }).value).toEqual([
          "email",
          "phone",
        ]);
    },
  );

  it.each([
    ["CHASQUI_ROUTING_MODELS", "gpt-*", "routing.models", ["gpt-*"]],
    ["CHASQUI_ROUTING_MODELS", "", "routing.models", []],
    ["CHASQUI_ROUTING_PRIVATE_KINDS", "email", "routing.private.kinds", ["email"]],
  ])("%s=%s is a list", (name, value, key, want) => {
    expect(effective(key, { environment: { [name]: value } }).value).toEqual(want);
  });

  it.each(["", "nothing"])("does not end by %j what is looked for to keep it in the house", (value) => {
    expect(problemsOf({ environment: { CHASQUI_ROUTING_PRIVATE_KINDS: value } })).toHaveLength(1);
  });

  it.each([
    "CHASQUI_PORT",
    "CHASQUI_SERVICE_HOST",
    "CHASQUI_SERVICE_PORT",
    "CHASQUI_SERVICE_PORT_HTTP",
    "CHASQUI_PORT_5732_TCP",
    "CHASQUI_PORT_5732_TCP_ADDR",
  ])("%s, which Kubernetes sets, is passed over", (name) => {
    expect(problemsOf({ environment: { [name]: "tcp://10.0.0.1:5732" } })).toEqual([]);
  });

  it.each([
    ["CHASQUI_LISTN", "; did you mean CHASQUI_LISTEN?"],
    ["CHASQUI_", ""],
    ["CHASQUI_PORTS", ""],
    ["CHASQUI_SERVER_QUETZALCOATL_FEATHERS", ""],
  ])("%s, which means nothing, is refused", (name, hint) => {
    const got = problemsOf({ environment: { [name]: "1" } });

    expect(got).toHaveLength(1);
    expect(got[0]).toContain(`environment ${name}: unknown variable${hint}`);
  });

  it.each([
    ["OLLAMA_HOST", "ftp://a"],
    ["OLLAMA_MAX_QUEUE", "many"],
    ["OLLAMA_MAX_QUEUE", "-1"],
  ])("%s=%s of Ollama's makes no sense and is passed over, but not in silence", (name, value) => {
    const loaded = load({ environment: { [name]: value } });

    expect(loaded.warnings.map((warning) => warning.where)).toEqual([`environment ${name}`]);
    expect(loaded.upstreamsNamed).toBe(false);
  });
});

describe("in the file", () => {
  it.each([
    ["${NAME}", { NAME: "here" }, "here"],
    ["a/${NAME}/b", { NAME: "here" }, "a/here/b"],
    ["${A}${B}", { A: "x", B: "y" }, "xy"],
    ["$${NAME}", { NAME: "here" }, "${NAME}"],
    ["$NAME", { NAME: "here" }, "$NAME"],
    ["${A}", { A: "${B}", B: "no" }, "${B}"],
    ["${A}", { A: "a$$b$&" }, "a$$b$&"],
  ])("%j stands for what the variables say", (written, environment, want) => {
    const said = { yaml: `data_dir: '${written}'`, environment, flags: { dataDir: undefined } };

    expect(load(said).dataDir).toBe(want);
  });

  it("a variable is replaced within lists too", () => {
    const yaml = "upstreams: [{ url: 'http://${HOST}:1', api_key: '${KEY}' }]";

    const { config, secrets } = load({ yaml, environment: { HOST: "a", KEY: "k" } });

    expect(config.upstreams).toMatchObject([{ url: "http://a:1" }]);
    expect(secrets.upstreamKeys).toEqual(["k"]);
  });

  it("a variable that is not set is a problem of the place that names it", () => {
    expect(problemsOf({ yaml: "log:\n  level: info\napi_keys: [{ name: a, key: 'x${NOPE}' }]" })).toEqual([
      expect.stringMatching(/^config\.yaml:3:\S+: api_keys\S*: the environment variable NOPE is not set$/),
    ]);
  });
});
