import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Who this daemon is, across restarts. */
export interface Instance {
  readonly id: string;
  /** True when this data directory was never used before. */
  readonly firstRun: boolean;
  /** Why nothing could be kept, if so: the daemon then runs without. */
  readonly problem: string | undefined;
}

/** Reads or makes the instance's id in its data directory, which is made readable by its owner alone. */
export function openInstance(dataDir: string): Instance {
  const file = path.join(dataDir, "instance");
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const known = readIfThere(file);
    if (known !== undefined && known !== "") return { id: known, firstRun: false, problem: undefined };
    const id = randomUUID();
    writeFileSync(file, `${id}\n`, { mode: 0o600 });
    return { id, firstRun: true, problem: undefined };
  } catch (thrown) {
    const problem = thrown instanceof Error ? thrown.message : String(thrown);
    return { id: randomUUID(), firstRun: true, problem };
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return undefined;
    throw thrown;
  }
}
