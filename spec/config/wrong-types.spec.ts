import { describe, expect, it } from "vitest";
import { leafPaths } from "../../src/config/schema.ts";
import { problemsOf } from "../support/configuration.ts";

describe("a value of another type than its key takes", () => {
  it.each([
    ["routing: 5", "config.yaml:1:1: routing: expected keys and values, e.g. { enabled: true }"],
    ["routing: []", "config.yaml:1:1: routing: expected keys and values, e.g. { enabled: true }"],
    ["search: []", "config.yaml:1:1: search: expected keys and values, e.g. { mode: fallback }"],
    ["money: []", "config.yaml:1:1: money: expected keys and values, e.g. { enabled: true }"],
    ["server: []", "config.yaml:1:1: server: expected keys and values, e.g. { listen: 127.0.0.1:5732 }"],
    ["routing: { private: [] }", "config.yaml:1:12: routing.private: expected keys and values, e.g. { "],
    ["money: { budget: [] }", "config.yaml:1:10: money.budget: expected keys and values, e.g. { day: "],
    ["log: { level: [] }", "config.yaml:1:8: log.level: expected one of"],
    ["money: { path: [] }", "config.yaml:1:10: money.path: expected a path"],
    ["routing: { models: gpt-* }", "config.yaml:1:12: routing.models: expected a list"],
    [
      "search: { providers: [brave] }",
      "config.yaml:1:23: search.providers.0: expected keys and values, e.g. { type: brave, ",
    ],
    ["search: { providers: brave }", "search.providers: expected a list, e.g. [{ type: brave, "],
    [
      "routing: { private: { patterns: [condor] } }",
      "config.yaml:1:34: routing.private.patterns.0: expected keys and values, e.g. { name: project, pattern: ",
    ],
    ["upstreams: [a]", "config.yaml:1:13: upstreams.0: expected keys and values, e.g. { url: http://"],
  ])("%j is told %j", (yaml, want) => {
    expect(problemsOf({ yaml })).toEqual([expect.stringContaining(want)]);
  });

  it.each(["5", "[]", "[5]", "{}", "[{}]", "text", "[[]]", "true"])(
    "is told in our own words what %s is not",
    (value) => {
      const sections = leafPaths().flatMap((path) =>
        path.split(".").map((_, at, names) => names.slice(0, at + 1)),
      );
      for (const names of sections) {
        const yaml = names.map((name, depth) => `${"  ".repeat(depth)}${name}:`).join("\n");

        expect(problemsOf({ yaml: `${yaml} ${value}\n` }).join("\n")).not.toMatch(
          /invalid|received|undefined|null/i,
        );
      }
    },
  );
});
