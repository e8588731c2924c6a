import { describe, expect, it } from "vitest";
import { againstTheArrow, badManners, cycle, importsOf, sourceFiles } from "./support/house.ts";

const files = sourceFiles();
const imports = files.flatMap(importsOf);

describe("the house", () => {
  it("is looked at as a whole", () => {
    const known = new Set(files.map(({ file }) => file));

    expect(files.length).toBeGreaterThan(50);
    expect(imports.length).toBeGreaterThan(100);
    expect(imports.filter(({ to }) => !known.has(to))).toEqual([]);
  });

  it("has imports that run one way only", () => {
    expect(againstTheArrow(imports)).toEqual([]);
  });

  it("has no ring of imports", () => {
    expect(cycle(imports)).toEqual([]);
  });

  it("has small files with plain names and named exports", () => {
    expect(files.flatMap(badManners)).toEqual([]);
  });
});

describe("the look at the house", () => {
  it.each([
    ["lib/json.ts", "core/call.ts"],
    ["core/call.ts", "dialect/dialect.ts"],
    ["stats/metrics.ts", "upstream/pool.ts"],
    ["upstream/pool.ts", "cache/cache.ts"],
    ["upstream/pool.ts", "config/schema.ts"],
    ["http/app.ts", "config/load.ts"],
    ["config/load.ts", "dialect/dialect.ts"],
    ["pipeline/deliver.ts", "http/respond.ts"],
    ["http/app.ts", "main.ts"],
    ["main.ts", "cli/serve.ts"],
    ["nowhere/new.ts", "lib/json.ts"],
  ])("sees that %s must not know %s", (from, to) => {
    expect(againstTheArrow([{ from, to }])).toEqual([`${from} -> ${to}`]);
  });

  it.each([
    ["dialect/ollama/wire.ts", "dialect/go-types.ts"],
    ["http/app.ts", "stats/metrics.ts"],
    ["main.ts", "config/load.ts"],
    ["cli/serve.ts", "main.ts"],
  ])("lets %s know %s", (from, to) => {
    expect(againstTheArrow([{ from, to }])).toEqual([]);
  });

  it("finds a ring and leaves a diamond alone", () => {
    const diamond = [
      { from: "a.ts", to: "b.ts" },
      { from: "a.ts", to: "c.ts" },
      { from: "b.ts", to: "d.ts" },
      { from: "c.ts", to: "d.ts" },
    ];

    expect(cycle(diamond)).toEqual([]);
    expect(cycle([...diamond, { from: "d.ts", to: "b.ts" }])).toEqual(["b.ts", "d.ts", "b.ts"]);
  });

  it("reads every form of an import", () => {
    const text = [
      'import type { A } from "../core/a.ts";',
      "import {\n  b,\n} from './b.ts';",
      'import "./c.ts";',
      'const d = await import("./d.ts");',
      'export { e } from "./e.ts";',
      'import fs from "node:fs";',
    ].join("\n");

    const got = importsOf({ file: "lib/x.ts", text }).map(({ to }) => to);

    expect(got).toEqual(["core/a.ts", "lib/b.ts", "lib/c.ts", "lib/d.ts", "lib/e.ts"]);
  });

  it.each([
    ["lib/badName.ts", "", "is not kebab-case"],
    ["lib/index.ts", "", "is a barrel"],
    ["lib/utils.ts", "", "has a name that says nothing"],
    ["helpers/x.ts", "", "has a name that says nothing"],
    ["lib/x.ts", "export default 1;", "has a default export"],
    ["lib/x.ts", "\n".repeat(300), "has 300 lines or more"],
  ])("complains about %s with %j", (file, text, complaint) => {
    expect(badManners({ file, text })).toEqual([`${file} ${complaint}`]);
  });
});
