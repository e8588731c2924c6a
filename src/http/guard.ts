import type { IncomingMessage } from "node:http";
import { hostname } from "node:os";
import { LRUCache } from "lru-cache";
import { isIp, isLoopback, isPrivateIp } from "../lib/address.ts";
import { methodsOf, patternFor } from "./routes.ts";

export interface GuardOptions {
  /** The host the daemon listens on. */
  readonly listenHost: string;
  /** Host names accepted besides those that are safe by themselves; `*` accepts all. */
  readonly allowedHosts: readonly string[];
  /** Origins accepted besides Ollama's own list, each with at most one `*`. */
  readonly origins: readonly string[];
  readonly headersMax: number;
}

/** What the guard says of a request: let it pass with these response headers, or refuse it. */
export type GuardVerdict =
  | { readonly pass: true; readonly headers: Readonly<Record<string, string>> }
  | {
      readonly pass: false;
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly why: string;
    };

export type Guard = (incoming: IncomingMessage, pathname: string) => GuardVerdict;

const passing: GuardVerdict = { pass: true, headers: {} };

const refuse = (status: number, why: string, headers: Record<string, string> = {}): GuardVerdict => ({
  pass: false,
  status,
  headers,
  why,
});

/**
 * Judges a request by its head alone, before any work: is it one request, does it come from where it may, is it for
 * this host? Rules and answers of the last two are Ollama's (CORS first, then Host; 403 with an empty body).
 */
export function createGuard(options: GuardOptions): Guard {
  const allowsOrigin = originRule(options.origins);
  const allowsHost = hostRule(options);
  const anyOrigin = options.origins.includes("*");

  const judgeOrigin = (origin: string, incoming: IncomingMessage, pathname: string): GuardVerdict => {
    if (!allowsOrigin(origin)) return refuse(403, "origin not allowed", allowFor(incoming, pathname));
    const cors = corsHeaders(origin, anyOrigin);
    return incoming.method === "OPTIONS"
      ? preflight(cors, allowFor(incoming, pathname))
      : { pass: true, headers: cors };
  };

  return (incoming, pathname) => {
    const ambiguity = ambiguityOf(incoming, options.headersMax);
    if (ambiguity !== undefined) return refuse(...ambiguity);
    const { host = "", origin } = incoming.headers;
    const ofOwnPage = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
    const verdict = ofOwnPage ? passing : judgeOrigin(origin, incoming, pathname);
    if (!verdict.pass) return verdict;
    if (!allowsHost(host)) return refuse(403, "host not allowed", allowFor(incoming, pathname));
    return incoming.method === "OPTIONS" && !isPrivateIp(hostOf(host))
      ? refuse(204, "options", allowFor(incoming, pathname))
      : verdict;
  };
}

/** Requests that two servers could read in two ways are refused; Node's parser lets these through. */
function ambiguityOf(
  { rawHeaders, headers, url }: IncomingMessage,
  headersMax: number,
): [number, string] | undefined {
  if (rawHeaders.length / 2 > headersMax) return [431, "too many header fields"];
  if (url?.startsWith("/") !== true) return [400, "the request target must be a path"];
  if (!isHost(headers.host ?? "")) return [400, "missing or malformed Host header"];
  if (timesNamed(rawHeaders, "host") !== 1) return [400, "more than one Host header"];
  const coding = headers["transfer-encoding"] ?? "chunked";
  return coding.toLowerCase() === "chunked" ? undefined : [501, "unsupported transfer coding"];
}

function timesNamed(rawHeaders: readonly string[], name: string): number {
  let times = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const field = rawHeaders[at] ?? "";
    if (field.length === name.length && field.toLowerCase() === name) times += 1;
  }
  return times;
}

const hostPattern = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i;

function isHost(header: string): boolean {
  const match = hostPattern.exec(header);
  return match !== null && Number(match[1] ?? 0) <= 65_535;
}

const hostOf = (host: string): string => host.replace(/:\d+$/, "");

/**
 * Hosts that public DNS cannot point at this machine pass. On a bind beyond loopback these are also all IP addresses, and
 * names without a dot, which is how containers call each other.
 */
function hostRule({ listenHost, allowedHosts }: GuardOptions): (host: string) => boolean {
  const own = hostname().toLowerCase();
  const allowed = new Set(allowedHosts.map((name) => name.toLowerCase()));
  const beyondLoopback = !isLoopback(listenHost);
  const judge = (header: string): boolean => {
    const host = hostOf(header).toLowerCase().replace(/\.$/, "");
    if (allowed.has("*") || allowed.has(host) || isPrivateIp(host) || host === own) return true;
    if (beyondLoopback && host === listenHost) return true;
    if (/(?:^|\.)localhost$|\.local$|\.internal$/.test(host)) return true;
    return beyondLoopback && (isIp(host) || !host.includes("."));
  };
  // Clients of one daemon name it in few ways.
  const judged = new LRUCache<string, boolean>({ max: 100 });
  return (header) => {
    const known = judged.get(header) ?? judge(header);
    judged.set(header, known);
    return known;
  };
}

const localHosts = ["localhost", "127.0.0.1", "0.0.0.0"];
const appSchemes = ["app", "file", "tauri", "vscode-webview", "vscode-file"];

/** Ollama's own list: pages of this machine on any port, and desktop applications. */
const defaultOrigins: readonly string[] = [
  ...localHosts.flatMap((host) =>
    ["http", "https"].flatMap((scheme) => [`${scheme}://${host}`, `${scheme}://${host}:*`]),
  ),
  ...appSchemes.map((scheme) => `${scheme}://*`),
];

function originRule(origins: readonly string[]): (origin: string) => boolean {
  const patterns = [...defaultOrigins, ...origins].map((pattern) => {
    const [before = "", after] = pattern.split("*");
    return (origin: string): boolean =>
      after === undefined
        ? origin === pattern
        : origin.length >= before.length + after.length &&
          origin.startsWith(before) &&
          origin.endsWith(after);
  });
  return (origin) => patterns.some((matches) => matches(origin));
}

function corsHeaders(origin: string, any: boolean): Record<string, string> {
  if (any) return { "Access-Control-Allow-Origin": "*" };
  return { "Access-Control-Allow-Origin": origin, Vary: "Origin" };
}

/** Ollama's router says what a path allows before its rules refuse a method the path does not have. */
function allowFor({ method = "" }: IncomingMessage, pathname: string): Record<string, string> {
  const path = patternFor(pathname);
  const methods = path === undefined ? [] : methodsOf(path);
  return methods.length === 0 || methods.includes(method) ? {} : { Allow: methods.join(", ") };
}

/** Ollama's list, and the headers browser clients of Anthropic and of Chasqui need. */
const allowedHeaders = [
  "Authorization",
  "Content-Type",
  "User-Agent",
  "Accept",
  "X-Requested-With",
  "Openai-Beta",
  "X-Stainless-Arch",
  "X-Stainless-Async",
  "X-Stainless-Custom-Poll-Interval",
  "X-Stainless-Helper-Method",
  "X-Stainless-Lang",
  "X-Stainless-Os",
  "X-Stainless-Package-Version",
  "X-Stainless-Poll-Helper",
  "X-Stainless-Retry-Count",
  "X-Stainless-Runtime",
  "X-Stainless-Runtime-Version",
  "X-Stainless-Timeout",
  "X-Api-Key",
  "Anthropic-Version",
  "Anthropic-Beta",
  "Anthropic-Dangerous-Direct-Browser-Access",
  "X-Request-Id",
  "X-Chasqui-Upstream",
].join(",");

function preflight(
  cors: Readonly<Record<string, string>>,
  allow: Readonly<Record<string, string>>,
): GuardVerdict {
  return refuse(204, "preflight", {
    ...cors,
    ...allow,
    Vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    "Access-Control-Allow-Methods": "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS",
    "Access-Control-Allow-Headers": allowedHeaders,
    "Access-Control-Max-Age": "43200",
  });
}
