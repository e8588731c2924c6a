import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Flags, type Loaded, loadConfig } from "../../src/config/load.ts";
import { ConfigError, formatProblem } from "../../src/config/problem.ts";

export interface Said {
  /** Content of the configuration file; an empty file without it. */
  readonly yaml?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly flags?: Flags;
  /** Other files, by name; `DIR` in the configuration stands for where they are. */
  readonly files?: Readonly<Record<string, string>>;
}

function inScratch<Result>(act: (dir: string) => Result): Result {
  const dir = mkdtempSync(path.join(tmpdir(), "chasqui-spec-"));
  try {
    return act(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Loads a configuration from a file, an environment and flags, none of which is this machine's. */
export function load({ yaml = "", environment = {}, flags = {}, files = {} }: Said): Loaded {
  return inScratch((dir) => {
    for (const [name, content] of Object.entries(files)) writeFileSync(path.join(dir, name), content);
    const config = path.join(dir, "config.yaml");
    writeFileSync(config, yaml.replaceAll("DIR", dir));
    const known = Object.entries(environment).map(([key, value]) => [key, value?.replaceAll("DIR", dir)]);
    return loadConfig({ config, dataDir: dir, ...flags }, Object.fromEntries(known) as NodeJS.ProcessEnv);
  });
}

/** Everything that is wrong with what was said, one line each, the directory of the file left out; none when all is good. */
export function problemsOf(said: Said): string[] {
  try {
    load(said);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    return thrown.problems.map((problem) => formatProblem(problem).replace(/^\S*\/(?=config\.yaml)/, ""));
  }
}
