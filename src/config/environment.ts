import { distance } from "fastest-levenshtein";
import { type HostPort, isLoopback, parseUpstreamUrl, portOf } from "../lib/address.ts";
import type { Json, JsonObject } from "../lib/json.ts";
import type { Problem } from "./problem.ts";
import { exampleAt, isListEmptyUnlessSaid, itemsOf, leafPaths } from "./schema.ts";
import type { Setting } from "./tree.ts";

export interface EnvironmentSettings {
  readonly settings: readonly Setting[];
  readonly problems: readonly Problem[];
}

const prefix = "CHASQUI_";

/** Short names beside those made of the whole path. */
const aliases: Readonly<Record<string, string>> = {
  CHASQUI_LISTEN: "server.listen",
  CHASQUI_UPSTREAM: "upstreams",
  CHASQUI_API_KEY: "api_keys",
  CHASQUI_API_KEY_FILE: "api_keys",
};

/** Read elsewhere, or set by Kubernetes for a service that happens to be called chasqui. */
const notKeys = /^CHASQUI_(?:CONFIG|SERVICE_(?:HOST|PORT).*|PORT(?:_\d+_.*)?)$/;

/** Every key's variable: `CHASQUI_` and its path in capitals. */
function variables(): Map<string, string> {
  const byPath = leafPaths().map((path): [string, string] => [
    prefix + path.toUpperCase().replaceAll(".", "_"),
    path,
  ]);
  return new Map([...byPath, ...Object.entries(aliases)]);
}

/** Settings from `CHASQUI_*`. An unknown one is a problem: it would otherwise be obeyed by nobody. */
export function readEnvironment(environment: NodeJS.ProcessEnv): EnvironmentSettings {
  const known = variables();
  const settings: Setting[] = [];
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || !name.startsWith(prefix) || notKeys.test(name)) continue;
    const path = known.get(name);
    const origin = `environment ${name}`;
    if (path === undefined) {
      const text = `unknown variable${suggestion(name, [...known.keys()])}`;
      problems.push({ where: origin, key: "", text });
    } else if (itemsOf(path) === "sections" && !(name in aliases) && path !== "upstreams") {
      const text = `can only be set in the file, e.g. [${exampleAt([...path.split("."), 0])}]`;
      problems.push({ where: origin, key: path, text });
    } else settings.push({ path, value: valueFor(name, path, value), origin });
  }
  return { settings, problems };
}

function valueFor(name: string, path: string, value: string): Json {
  if (name === "CHASQUI_API_KEY") return [{ name: "environment", key: value, admin: true }];
  if (name === "CHASQUI_API_KEY_FILE") return [{ name: "environment", key_file: value, admin: true }];
  if (path === "upstreams") return commaList(value).map(upstreamFrom);
  if (itemsOf(path) !== "texts") return value;
  const items = commaList(value);
  // A variable that happens to be empty does not empty a list that is not empty by itself.
  return items.length > 0 || isListEmptyUnlessSaid(path) ? items : value;
}

const commaList = (text: string): string[] =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");

/** Reads `[TYPE=]URL` as on the command line; `openrouter` alone knows its address. */
export function upstreamFrom(text: string): JsonObject {
  if (text === "openrouter") return { type: text };
  const [, type = "ollama", url = ""] = /^(?:([a-z][a-z-]*)=)?(.*)$/s.exec(text) ?? [];
  return { type, url };
}

/**
 * Settings from Ollama's own variables, for those who have them set already; they rank below the configuration file.
 * As Ollama does, a value that makes no sense is passed over, but not in silence.
 */
export function readOllamaEnvironment(environment: NodeJS.ProcessEnv): EnvironmentSettings {
  const { OLLAMA_HOST, OLLAMA_MAX_QUEUE, OLLAMA_DEBUG } = environment;
  const settings: Setting[] = [];
  const problems: Problem[] = [];
  if (OLLAMA_HOST !== undefined && OLLAMA_HOST.trim() !== "") {
    const url = parseUpstreamUrl(OLLAMA_HOST);
    const origin = "environment OLLAMA_HOST";
    if (url === undefined) problems.push({ where: origin, key: "", text: "not an address; passed over" });
    else settings.push({ path: "upstreams", value: [{ type: "ollama", url }], origin });
  }
  if (OLLAMA_MAX_QUEUE !== undefined) {
    const origin = "environment OLLAMA_MAX_QUEUE";
    const value = Number(OLLAMA_MAX_QUEUE);
    if (!Number.isInteger(value) || value < 0)
      problems.push({ where: origin, key: "", text: "not a number; passed over" });
    else settings.push({ path: "upstream_limits.queue", value, origin });
  }
  if (OLLAMA_DEBUG !== undefined && /^(?:1|2|true|t)$/i.test(OLLAMA_DEBUG)) {
    settings.push({ path: "log.level", value: "debug", origin: "environment OLLAMA_DEBUG" });
  }
  return { settings, problems };
}

/** The origins of `OLLAMA_ORIGINS`, which are added to the configured ones. */
export function ollamaOrigins(environment: NodeJS.ProcessEnv): string[] {
  return commaList(environment.OLLAMA_ORIGINS ?? "");
}

/** Whether an upstream's address is where the daemon itself listens. */
export function leadsHere(url: string, listen: HostPort): boolean {
  const { hostname } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  if (portOf(new URL(url)) !== listen.port) return false;
  const everywhere = listen.host === "0.0.0.0" || listen.host === "::";
  return host === listen.host || (isLoopback(host) && (everywhere || isLoopback(listen.host)));
}

/** `; did you mean X?` when one of `names` is close to `name`. */
export function suggestion(name: string, names: readonly string[]): string {
  const near = names
    .map((candidate) => ({ candidate, edits: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits)[0];
  return near !== undefined && near.edits <= Math.max(2, name.length / 3)
    ? `; did you mean ${near.candidate}?`
    : "";
}
