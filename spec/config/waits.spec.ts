import { describe, expect, it } from "vitest";
import { load, problemsOf } from "../support/configuration.ts";

const needed = [
  "server.header_timeout",
  "server.body_idle_timeout",
  "server.body_timeout",
  "server.keep_alive_timeout",
  "server.stalled_client_timeout",
  "upstream_limits.queue_timeout",
  "upstream_limits.keep_alive",
  "timeouts.connect",
  "breaker.window",
  "breaker.cooldown",
  "breaker.cooldown_max",
  "catalog.refresh",
  "catalog.timeout",
];

const optional = [
  "timeouts.first_byte",
  "timeouts.idle",
  "timeouts.total",
  "server.drain",
  "server.shutdown_delay",
];

const yamlFor = (path: string, value: string): string => path.replace(".", ": { ") + `: ${value} }`;

describe("a duration without which the daemon cannot work", () => {
  it.each(needed.flatMap((path) => ["0", "0s", "0ms", "100us"].map((value) => [path, value] as const)))(
    "is refused: %s at %s",
    (path, value) => {
      const got = problemsOf({ yaml: yamlFor(path, value) });

      expect(got).toHaveLength(1);
      expect(got[0]).toContain(`${path}: expected a duration of at least 1ms`);
    },
  );

  it.each(needed.map((path) => [path]))("is taken from 1ms on: %s", (path) => {
    expect(problemsOf({ yaml: yamlFor(path, "1ms") })).toEqual([]);
  });

  it("is refused from the environment too, by its variable's name", () => {
    const got = problemsOf({ environment: { CHASQUI_CATALOG_REFRESH: "0" } });

    expect(got).toEqual([expect.stringContaining("environment CHASQUI_CATALOG_REFRESH: catalog.refresh: ")]);
  });
});

describe("a duration that may be left out", () => {
  it.each(optional.flatMap((path) => ["0", "0s"].map((value) => [path, value] as const)))(
    "is taken: %s at %s",
    (path, value) => {
      const { config } = load({ yaml: yamlFor(path, value) });

      const [section = "", key = ""] = path.split(".");
      const sections: Readonly<Record<string, unknown>> = config;
      expect(sections[section]).toHaveProperty(key, 0);
    },
  );
});

describe("an API key", () => {
  const sha256 = `sha256: ${"a".repeat(64)}`;
  const key = "key: secret";
  const keyFile = "key_file: DIR/secret";

  it.each(
    [
      [sha256, key],
      [sha256, keyFile],
      [key, keyFile],
      [sha256, key, keyFile],
    ].map((ways) => [ways.join(", ")]),
  )("is refused when it is given in more than one way: %s", (ways) => {
    const got = problemsOf({
      yaml: `api_keys:\n  - { name: good, key: other }\n  - { name: a, ${ways} }`,
      files: { secret: "secret\n" },
    });

    expect(got).toEqual(["config.yaml:3:5: api_keys.1: takes one of sha256, key and key_file"]);
  });

  it.each([[sha256], [key], [keyFile]])("is taken when it is given in one way: %s", (way) => {
    const { secrets } = load({ yaml: `api_keys: [{ name: a, ${way} }]`, files: { secret: "secret\n" } });

    expect(secrets.apiKeys.map((one) => [one.name, one.sha256.length])).toEqual([["a", 32]]);
  });
});
