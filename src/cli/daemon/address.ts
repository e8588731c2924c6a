import { readFileSync } from "node:fs";
import type { Loaded } from "../../config/load.ts";
import { formatHostPort } from "../../lib/address.ts";

/** Where the daemon that this configuration means is reached from this machine, e.g. `http://127.0.0.1:5732`. */
export function originOf({ config }: Loaded): string {
  const { host, port } = config.server.listen;
  const near = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${formatHostPort({ host: near, port })}`;
}

/** What lets a command in: the key in CHASQUI_API_KEY, or in the file that CHASQUI_API_KEY_FILE names. */
export function keyHeaders({
  CHASQUI_API_KEY: key,
  CHASQUI_API_KEY_FILE: file,
}: NodeJS.ProcessEnv): Record<string, string> {
  if (key !== undefined && key !== "") return bearer(key);
  return file === undefined || file === "" ? {} : bearer(readFileSync(file, "utf8").trim());
}

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
