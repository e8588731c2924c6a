import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { loadConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { configSchema, leafPaths } from "../../src/config/schema.ts";
import { load, problemsOf } from "../support/configuration.ts";

describe("a wrong configuration", () => {
  it("is told everything at once, each with where it stands", () => {
    const yaml = [
      "server:",
      "  listen: nowhere",
      "  lisen: 127.0.0.1:1",
      "  body_limit: huge",
      "retry:",
      "  share: 2",
      "upstreams:",
      "  - url: http://a",
      "  - url: ftp://b",
      "    in_flight: 0",
      "data_dir: ${NOT_SET}/x",
    ].join("\n");

    const got = problemsOf({
      yaml,
      environment: { CHASQUI_LOG_LEVEL: "loud", CHASQUI_BREAKER_FAILURE: "1" },
      flags: {},
    });

    for (const want of [
      "config.yaml:2:3: server.listen: expected host:port",
      "config.yaml:3:3: server.lisen: unknown key; did you mean listen?",
      "config.yaml:4:3: server.body_limit: expected a size",
      "config.yaml:6:3: retry.share: ",
      "config.yaml:9:5: upstreams.1.url: expected an address",
      "config.yaml:10:5: upstreams.1.in_flight: expected a whole number from 1",
      "config.yaml:11:1: data_dir: the environment variable NOT_SET is not set",
      "environment CHASQUI_LOG_LEVEL: log.level: expected one of",
      "environment CHASQUI_BREAKER_FAILURE: unknown variable; did you mean CHASQUI_BREAKER_FAILURES?",
    ]) {
      expect(got).toContainEqual(expect.stringContaining(want));
    }
    expect(got).toHaveLength(9);
  });

  it("is told what contradicts itself beside what is wrong in itself", () => {
    const yaml = "server: { listen: 0.0.0.0:1 }\nlogg: {}\n";

    const got = problemsOf({ yaml });

    expect(got).toContainEqual(expect.stringContaining("unknown key; did you mean log?"));
    expect(got).toContainEqual(expect.stringContaining("is reachable from other machines"));
  });

  it.each([
    ["sever: {}", "config.yaml:1:1: sever: unknown key; did you mean server?"],
    [
      "upstreams: [{ url: http://a, ulr: b }]",
      "config.yaml:1:30: upstreams.0.ulr: unknown key; did you mean url?",
    ],
    ["api_keys:\n  - name: a\n    kye: b", "config.yaml:3:5: api_keys.0.kye: unknown key; did you mean key?"],
    ["quetzalcoatl: 1", "config.yaml:1:1: quetzalcoatl: unknown key"],
    ["constructor: 1", "config.yaml:1:1: constructor: unknown key"],
    ["__proto__: { polluted: 1 }", "config.yaml:1:1: __proto__: unknown key"],
    ["log: { level: info, level: debug }", "config.yaml:1:21: Map keys must be unique"],
    ["log: loud", "config.yaml:1:1: log: "],
    ["drain: 5s", "config.yaml:1:1: drain: unknown key"],
    ["server: { drain: 5 }", "config.yaml:1:11: server.drain: expected a duration"],
    ["server: { headers_max: 1.5 }", "config.yaml:1:11: server.headers_max: expected a whole number from 1"],
    ["- a\n- b", "config.yaml:1:1: expected keys and values"],
    ["just a text", "config.yaml:1:1: expected keys and values"],
    ["log: [", "config.yaml:1:"],
    ["log:\n\tlevel: info", "config.yaml:2:1: "],
    ["a: 1\n---\nb: 2", "config.yaml:"],
    ["api_keys: [{ name: a }]", "config.yaml:1:12: api_keys.0: needs sha256, key or key_file"],
    ["api_keys: [{ name: a, key: b }, { name: a, key: c }]", "api_keys.1.name: a is taken already"],
    ["upstreams: [{ url: a, name: x }, { url: b, name: x }]", "upstreams.1.name: x is taken already"],
    [
      "cache: { semantic: { mode: guarded } }",
      "config.yaml:1:22: cache.semantic.model: expected the name of a model, as the mode is guarded",
    ],
    [
      "cache: { semantic: { mode: verified, model: enc } }",
      "config.yaml:1:22: cache.semantic.judge: expected the name of a model, as the mode is verified",
    ],
    ["api_keys: [{ name: a, key: b }]\nauth: none", "config.yaml:2:1: auth: none contradicts api_keys"],
    ["api_keys: [{ name: a, key_file: DIR/absent }]", "api_keys.0.key_file: the file cannot be read"],
    ["api_keys: [{ name: a, key_file: DIR/empty }]", "api_keys.0.key_file: the file is empty"],
    [
      "upstreams: [{ url: a, api_key_file: DIR/absent }]",
      "upstreams.0.api_key_file: the file cannot be read",
    ],
  ])("%j is told %j", (yaml, want) => {
    const got = problemsOf({ yaml, files: { empty: " \n" } });

    expect(got).toHaveLength(1);
    expect(got[0]).toContain(want);
  });

  it("is refused when its aliases would blow it up", () => {
    const bomb = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
    for (const [name, inner] of ["ba", "cb", "dc", "ed", "fe"])
      bomb.push(`${name}: &${name} [${`*${inner}, `.repeat(10)}]`);

    expect(problemsOf({ yaml: bomb.join("\n") })[0]).toContain("config.yaml: Excessive alias count");
  });

  it.each([
    ["lists", "[", 100_000],
    ["objects", "{a: ", 100_000],
    ["open objects", "? ", 100_000],
  ])("is refused, not fatal, when %s are nested without end", (_, open, depth) => {
    expect(problemsOf({ yaml: open.repeat(depth) }).length).toBeGreaterThan(0);
  });

  it("is refused when it is larger than any configuration", () => {
    expect(problemsOf({ yaml: `# ${"x".repeat(1_100_000)}` })[0]).toContain("larger than 1 MiB");
  });

  it("is refused when the file that was named is not there", () => {
    expect(() => loadConfig({ config: "/nowhere/config.yaml" }, {})).toThrow(/cannot be read/);
    expect(() => loadConfig({}, { CHASQUI_CONFIG: "/nowhere/config.yaml" })).toThrow(/cannot be read/);
  });

  it("holds no secret in what it is told", () => {
    const yaml = [
      "upstreams: [{ url: 'http://user:CANARY@host', api_key: [CANARY] }]",
      "api_keys: [{ name: a, sha256: CANARY }, { name: b, key: { CANARY: 1 } }]",
    ].join("\n");

    expect(problemsOf({ yaml }).join("\n")).not.toContain("CANARY");
  });
});

describe("a configuration that is harmless", () => {
  it.each([
    ["an empty file", ""],
    ["a file of comments", "# nothing\n"],
    ["a byte order mark", "\ufefflog:\n  level: info\n"],
    ["Windows line ends", "log:\r\n  level: info\r\n"],
    ["an empty object", "{}"],
    ["a section whose keys are all commented out", "log:\n  # level: debug\n"],
    [
      "aliases in moderation",
      "server:\n  drain: &wait 25s\n  body_idle_timeout: 30s\ncatalog:\n  timeout: 2s\n",
    ],
  ])("is taken: %s", (_, yaml) => {
    const { config } = load({ yaml });

    expect({ ...config, data_dir: undefined }).toEqual({ ...configSchema.parse({}), data_dir: undefined });
  });
});

describe("whatever is said", () => {
  const scalar = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      true,
      0,
      -1,
      1.5,
      Number.NaN,
      1e300,
      "",
      "on",
      "30s",
      "1MiB",
      "127.0.0.1:1",
      "${X}",
      "[",
      "@",
    ),
    fc.string({ maxLength: 8 }),
  );
  const key = fc.oneof(
    fc.constantFrom(...new Set(leafPaths().flatMap((path) => path.split(".")))),
    fc.constantFrom("__proto__", "constructor", "url", "name", "key", "", "a.b", "0"),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.dictionary(
      key,
      fc.oneof(scalar, fc.array(fc.oneof(scalar, tie("tree")), { maxLength: 3 }), tie("tree")),
      {
        maxKeys: 5,
      },
    ),
  }));

  it("a file is loaded or refused with its problems, never anything else", () => {
    fc.assert(
      fc.property(tree, (content) => {
        expectLoadedOrRefused({ yaml: stringify(content) });
      }),
      { numRuns: 400 },
    );
  });

  it("a file that is hardly YAML is loaded or refused with its problems", () => {
    const text = fc
      .array(
        fc.constantFrom(
          "log",
          ":",
          " ",
          "\n",
          "- ",
          "[",
          "]",
          "{",
          "}",
          "&a",
          "*a",
          "!!map",
          "!x",
          "|",
          ">",
          "'",
          '"',
          "? ",
          "#",
          "%",
          "@",
          "---",
          "<<",
          "\t",
          "1",
        ),
        { maxLength: 15 },
      )
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (yaml) => {
        expectLoadedOrRefused({ yaml });
      }),
      { numRuns: 600 },
    );
  });

  it("a variable is obeyed or refused with its name", () => {
    const names = leafPaths().map((path) => `CHASQUI_${path.toUpperCase().replaceAll(".", "_")}`);
    const value = fc.oneof(
      scalar.map(String),
      fc.constantFrom(
        "[",
        "{a",
        '"',
        "'",
        "a: b: c",
        "*x",
        "&a [*a]",
        "%",
        "!!binary x",
        "- a",
        "[::1]:80",
        "? ",
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...names), value, (name, text) => {
        for (const problem of expectLoadedOrRefused({ environment: { [name]: text } }) ?? []) {
          expect(problem).toMatch(new RegExp(`^environment ${name}: |server\\.listen`));
        }
      }),
      { numRuns: 600 },
    );
  });
});

/** The problems, if any; anything thrown that is not a list of them fails the test. */
function expectLoadedOrRefused(said: Parameters<typeof load>[0]): string[] | undefined {
  try {
    load(said);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    expect(thrown.problems.length).toBeGreaterThan(0);
    return thrown.message.split("\n");
  }
}
