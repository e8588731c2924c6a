import { createHash, randomBytes } from "node:crypto";
import { type Flags, type Loaded, loadConfig } from "../config/load.ts";
import { ConfigError, formatProblem } from "../config/problem.ts";
import { effectiveSettings, formatSettings } from "../config/show.ts";
import { exitCodes } from "./exit-codes.ts";
import { ownVersion } from "./version.ts";

/** Loads the configuration, or prints everything wrong with it and sets the exit code. */
export function loadOrExplain(flags: Flags, json = false): Loaded | undefined {
  try {
    return loadConfig(flags, process.env);
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    if (json) process.stdout.write(`${JSON.stringify({ ok: false, problems: thrown.problems })}\n`);
    else process.stderr.write(`${thrown.problems.map(formatProblem).join("\n")}\n`);
    process.exitCode = exitCodes.config;
    return undefined;
  }
}

export function checkConfig(flags: Flags, json: boolean): void {
  const loaded = loadOrExplain(flags, json);
  if (loaded === undefined) return;
  const { file, warnings } = loaded;
  if (json) {
    process.stdout.write(`${JSON.stringify({ ok: true, file: file ?? null, warnings })}\n`);
    return;
  }
  for (const warning of warnings) process.stderr.write(`warning: ${formatProblem(warning)}\n`);
  process.stdout.write(`the configuration is good: ${file ?? "no file, defaults only"}\n`);
}

export function showConfig(flags: Flags, json: boolean): void {
  const loaded = loadOrExplain(flags, json);
  if (loaded === undefined) return;
  const settings = effectiveSettings(loaded);
  process.stdout.write(json ? `${JSON.stringify(settings, null, 2)}\n` : formatSettings(settings));
}

export function showVersion(json: boolean): void {
  const version = ownVersion();
  process.stdout.write(
    json ? `${JSON.stringify({ version, node: process.version })}\n` : `chasqui ${version}\n`,
  );
}

/** Prints a new API key, which is kept nowhere, and the lines of configuration that let it in. */
export function createKey(name: string): void {
  const key = `chq-${randomBytes(32).toString("base64url")}`;
  const sha256 = createHash("sha256").update(key).digest("hex");
  process.stdout.write(
    [
      `key: ${key}`,
      "It is shown only now. Clients send it as Authorization: Bearer or x-api-key.",
      "In config.yaml:",
      "",
      "api_keys:",
      `  - name: ${JSON.stringify(name)}`,
      `    sha256: ${sha256}`,
      "    admin: false",
      "",
    ].join("\n"),
  );
}
