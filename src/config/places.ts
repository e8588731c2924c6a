import { existsSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export interface ConfigFile {
  readonly path: string;
  /** True for the file that comes with the program. */
  readonly shipped: boolean;
}

/** The file that is named, else the first that exists: the user's, the system's, the one that comes with the program. */
export function findFile(flag: string | undefined, environment: NodeJS.ProcessEnv): ConfigFile | undefined {
  const named = flag ?? environment.CHASQUI_CONFIG;
  if (named !== undefined && named !== "") return { path: named, shipped: false };
  const home = environment.XDG_CONFIG_HOME ?? path.join(homedir(), ".config");
  const shipped = fileURLToPath(new URL("../../config.yaml", import.meta.url));
  const found = [path.join(home, "chasqui", "config.yaml"), "/etc/chasqui/config.yaml", shipped].find((one) =>
    existsSync(one),
  );
  return found === undefined ? undefined : { path: found, shipped: found === shipped };
}

/** Where the daemon keeps its files unless told: what systemd gives it, else the user's data directory. */
export function defaultDataDir(environment: NodeJS.ProcessEnv): string {
  const { STATE_DIRECTORY, XDG_DATA_HOME } = environment;
  if (STATE_DIRECTORY !== undefined) return STATE_DIRECTORY;
  return path.join(XDG_DATA_HOME ?? path.join(homedir(), ".local", "share"), "chasqui");
}
