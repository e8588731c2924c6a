import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { needRestart } from "../../src/cli/restart.ts";
import type { Loaded } from "../../src/config/load.ts";
import { leafPaths } from "../../src/config/schema.ts";
import { load } from "../support/configuration.ts";

/** The keys whose comment in config.yaml ends with (restart); a key may itself be commented out. */
function markedKeys(): string[] {
  const found: string[] = [];
  const open: string[] = [];
  let isMarked = false;
  for (const line of readFileSync(new URL("../../config.yaml", import.meta.url), "utf8").split("\n")) {
    const [, indent = "", key] = /^( *)(?:# )?([a-z_]+):(?: \S*)?$/.exec(line) ?? [];
    if (key !== undefined) {
      open.splice(indent.length / 2, open.length, key);
      if (isMarked) found.push(open.join("."));
      isMarked = false;
    } else if (!line.trim().startsWith("#")) isMarked = false;
    else if (line.endsWith("(restart)")) isMarked = true;
  }
  return found;
}

/** The same configuration with another value at one place. */
function changedAt(loaded: Loaded, key: string): Loaded {
  const changed = structuredClone({ ...loaded, secrets: undefined }) as unknown as Loaded;
  if (key === "data_dir") return { ...changed, dataDir: "/elsewhere" };
  const names = key.split(".");
  const last = names.pop() ?? "";
  let section = changed.config as unknown as Record<string, unknown>;
  for (const name of names) section = (section[name] ??= {}) as Record<string, unknown>;
  section[last] = "another value";
  return changed;
}

const marked = markedKeys();
const isUnder = (path: string, key: string): boolean => path === key || path.startsWith(`${key}.`);

describe("a reload", () => {
  const loaded = load({});

  it("knows every key that config.yaml marks with (restart)", () => {
    const marks = readFileSync(new URL("../../config.yaml", import.meta.url), "utf8").match(/\(restart\)$/gm);

    expect(marked).toHaveLength(marks?.length ?? 0);
    expect(marked).toEqual(
      expect.arrayContaining(["server.listen", "money.path", "cache.cleanup", "search"]),
    );
  });

  it.each(leafPaths())("says of %s that it waits for a restart where config.yaml does", (path) => {
    const want = marked.filter((key) => isUnder(path, key));

    expect(needRestart(loaded, changedAt(loaded, path))).toEqual(want.length === 0 ? undefined : want);
  });

  it("says nothing when nothing is different", () => {
    expect(needRestart(loaded, structuredClone({ ...loaded, secrets: undefined }) as unknown as Loaded)).toBe(
      undefined,
    );
  });
});
