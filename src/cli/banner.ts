import type { Loaded } from "../config/load.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { autoText } from "./auto/auto-text.ts";

export interface BannerFacts {
  readonly version: string;
  /** Where the daemon can be reached, e.g. `http://127.0.0.1:5732`. */
  readonly origin: string;
  readonly loaded: Loaded;
  readonly upstreams: readonly Upstream[];
  /** True the first time a daemon uses its data directory. */
  readonly firstRun: boolean;
}

/** What a terminal shows at the start: everything the first time, one line after that. */
export function bannerText({ version, origin, loaded, upstreams, firstRun }: BannerFacts): string {
  const first = `chasqui ${version}  listening on ${origin}   (Ollama-compatible)`;
  const auto = autoText(loaded, upstreams);
  if (!firstRun) return `${first}  auto: ${auto}\n`;
  const lines = [first, ...upstreams.map(upstreamLine), `  auto      ${auto}`];
  lines.push(`  auth      ${authText(loaded)}`);
  lines.push(`  config    ${loaded.file ?? "none, defaults only"}`, `  data      ${loaded.dataDir}`);
  return `${[...lines, tryText(origin, loaded, upstreams)].join("\n")}\n`;
}

function upstreamLine({ name, type, url, health, models }: Upstream): string {
  const where = `  upstream  ${name}${url === undefined ? "" : ` ${url}`}`.padEnd(46);
  if (type === "demo") return `${where} a model inside Chasqui, until an Ollama server is there`;
  const count = models.byKey.size;
  return `${where} ${health.state === "up" ? `ok, ${count} ${count === 1 ? "model" : "models"}` : "not there yet; being looked for"}`;
}

function authText({ config, secrets }: Loaded): string {
  const count = secrets.apiKeys.length;
  if (count > 0) return `${count} ${count === 1 ? "key" : "keys"}`;
  return config.auth === "none" ? "none: everyone who can reach it may use it" : "off (loopback only)";
}

function tryText(origin: string, { config }: Loaded, upstreams: readonly Upstream[]): string {
  const server = upstreams.find((one) => one.type === "ollama" && one.health.state === "up");
  // Ollama's own command pulls what is not there yet.
  if (server !== undefined)
    return `Try:  OLLAMA_HOST=${new URL(origin).host} ollama run ${firstOf([server]) ?? "llama3.2"}`;
  const isDemo = upstreams.some(({ type }) => type === "demo");
  const model = isDemo ? "demo" : config.routing.enabled ? "auto" : firstOf(upstreams);
  if (model === undefined) return `Try:  curl ${origin}/api/tags`;
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "hello" }] });
  return `Try:  curl ${origin}/api/chat -d '${body}'`;
}

function firstOf(upstreams: readonly Upstream[]): string | undefined {
  const [entry] = upstreams.flatMap(({ models }) => [...models.byKey.values()]);
  return typeof entry?.name === "string" ? entry.name : undefined;
}
