import ipaddr from "ipaddr.js";

/** A host (a name or an IP literal without brackets) and a port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`, `[v6]:port` or `:port` (every interface); undefined for anything else. */
export function parseListen(text: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-f:.%]+)\]|([^[\]:/\s]*)):(\d{1,5})$/i.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return undefined;
  if (match[1] !== undefined && !ipaddr.IPv6.isValid(match[1])) return undefined;
  return { host: match[1] ?? (match[2] || "0.0.0.0"), port };
}

/** Writes host and port as one text, IPv6 in brackets. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

const defaultPorts: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/**
 * Reads an upstream address in any of the forms of `OLLAMA_HOST`: `host`, `:port`, `host:port`, `http(s)://host[:port][/path]`.
 * Without a scheme the port is 11434 unless said; an unspecified host (`0.0.0.0`, `::`) means this machine.
 * Returns an origin with an optional path and no trailing slash; undefined for anything else, credentials included.
 */
export function parseUpstreamUrl(text: string): string | undefined {
  const bare = text.trim().replace(/^["']|["']$/g, "");
  const schemed = /^[a-z][a-z0-9+.-]*:\/\//i.test(bare);
  const authority = schemed ? "" : authorityOf(bare);
  const full = schemed ? bare : `http://${authority}`;
  if (bare === "" || !URL.canParse(full)) return undefined;
  const url = new URL(full);
  if (!isPlain(url)) return undefined;
  if (!schemed && !saysPort.test(authority)) url.port = "11434";
  url.hostname = reachable[url.hostname] ?? url.hostname;
  // A quote at the end would be taken for the end of a quotation when this is read again.
  return url.href.replace(/\/+$/, "").replaceAll("'", "%27");
}

const saysPort = /^(?:\[[^\]]*\]|[^:/[\]]*):\d+(?:\/|$)/;

/** What stands between scheme and path, host filled in and a bare IPv6 address in brackets. */
function authorityOf(text: string): string {
  if (ipaddr.IPv6.isValid(text)) return `[${text}]`;
  return text.startsWith(":") ? `127.0.0.1${text}` : text;
}

/** "Every interface" is where a server listens; a client reaches it at the loopback. */
const reachable: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "[::]": "[::1]" };

/** A server's address and nothing else: no credentials, no query. */
function isPlain(url: URL): boolean {
  const extras = url.search + url.hash + url.username + url.password;
  return Object.hasOwn(defaultPorts, url.protocol) && url.hostname !== "" && extras === "";
}

/** The port a URL reaches, its scheme's default included. */
export function portOf(url: URL): number {
  return url.port === "" ? (defaultPorts[url.protocol] ?? 0) : Number(url.port);
}

/** Whether `host` (a name or an IP literal) is this machine and reachable from nowhere else. */
export function isLoopback(host: string): boolean {
  const address = parseIp(host);
  return address === undefined ? /^(?:.+\.)?localhost\.?$/i.test(host) : address.range() === "loopback";
}

const nearbyRanges = new Set(["loopback", "private", "uniqueLocal", "linkLocal", "unspecified"]);

/** Whether `host` is an IP literal of this machine or of a private network. */
export function isPrivateIp(host: string): boolean {
  const address = parseIp(host);
  return address !== undefined && nearbyRanges.has(address.range());
}

/** Whether `host` is an IP literal: nothing that DNS could point elsewhere. */
export function isIp(host: string): boolean {
  return parseIp(host) !== undefined;
}

function parseIp(host: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const literal = host.replace(/^\[|\]$/g, "");
  if (!ipaddr.IPv6.isValid(literal) && !ipaddr.IPv4.isValidFourPartDecimal(literal)) return undefined;
  return ipaddr.process(literal);
}
