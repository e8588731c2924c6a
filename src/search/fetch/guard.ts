import { isIP } from "node:net";
import { isPublicAddress, sameSpelling } from "./address.ts";
import { PageFault } from "./fault.ts";

/** What a URL must satisfy before anything is resolved or connected. */
export interface UrlRules {
  /** Beside 80 and 443. */
  readonly portsAllowed?: readonly number[] | undefined;
  /** Names and addresses that are never asked, as {@link plainHost} writes them. */
  readonly hostsRefused: ReadonlySet<string>;
  /** Which addresses may be connected to; {@link isPublicAddress} when left out. */
  readonly isAllowed?: ((address: string) => boolean) | undefined;
}

const urlLettersMax = 2_048;
const hostLettersMax = 253;
const usualPorts = new Set(["", "80", "443"]);

/** A name with a dot, as DNS and WHATWG's parser write it. */
const namePattern = /^(?!-)[a-z\d_-]{1,63}(?:\.[a-z\d_-]{1,63})+$/;

/** Ends of names that never mean a public host: RFC 6761, 6762, 7686, 8375, ICANN's `internal`, and home networks. */
const localEndings = [
  "arpa",
  "corp",
  "home",
  "internal",
  "intranet",
  "invalid",
  "lan",
  "local",
  "localdomain",
  "localhost",
  "onion",
  "private",
  "test",
];

/** A URL's host without brackets and without the dot at its end, in small letters. */
export const plainHost = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");

/**
 * Hosts that must not be asked, from listen addresses (`127.0.0.1:5732`, `[::]:5732`), URLs, names or bare addresses.
 * What cannot be read is left out, because it cannot be asked either.
 */
export function refusedHosts(addresses: readonly string[]): ReadonlySet<string> {
  const hosts = addresses.map((address) => {
    const bare = isIP(address) === 6 ? `[${address}]` : address;
    const url = bare.includes("://") ? bare : `http://${bare}`;
    return URL.canParse(url) ? canonical(new URL(url).hostname) : "";
  });
  return new Set(hosts.filter((host) => host !== ""));
}

const canonical = (host: string): string => sameSpelling(plainHost(host)) ?? plainHost(host);

/**
 * Reads a URL that may be fetched; fragment and the dot after the host are gone. WHATWG's parser has already turned
 * `2130706433`, `0x7f.1`, `0177.0.0.1` and wide digits into dotted addresses.
 * Throws PageFault for every other one.
 */
export function checkUrl(text: string, rules: UrlRules): URL {
  if (text.length > urlLettersMax || !URL.canParse(text)) throw new PageFault("the URL cannot be read");
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new PageFault("only http and https are fetched");
  if (url.username !== "" || url.password !== "") throw new PageFault("the URL holds credentials");
  checkPort(url.port, rules);
  checkHost(plainHost(url.hostname), rules);
  url.hash = "";
  if (url.hostname.endsWith(".")) url.hostname = url.hostname.slice(0, -1);
  return url;
}

function checkPort(port: string, { portsAllowed = [] }: UrlRules): void {
  if (usualPorts.has(port) || portsAllowed.includes(Number(port))) return;
  throw new PageFault("the port is neither 80 nor 443");
}

function checkHost(host: string, rules: UrlRules): void {
  if (rules.hostsRefused.has(canonical(host))) throw new PageFault("the host is one of this daemon's own");
  if (isIP(host) !== 0) return checkAddress(host, rules);
  if (host.length > hostLettersMax || !namePattern.test(host))
    throw new PageFault("the host's name is not one of the public internet");
  if (localEndings.some((ending) => host.endsWith(`.${ending}`)))
    throw new PageFault("the host's name is one of a local network");
}

/** Throws PageFault for an address that may not be connected to. */
export function checkAddress(address: string, rules: UrlRules): void {
  const { isAllowed = isPublicAddress, hostsRefused } = rules;
  if (!isAllowed(address)) throw new PageFault("the address is not a public one");
  if (hostsRefused.has(sameSpelling(address) ?? ""))
    throw new PageFault("the host is one of this daemon's own");
}

/**
 * Where a redirect leads, checked like the first URL. Throws PageFault, also for the step from https to http, which
 * would let anyone on the way write the page.
 */
export function checkRedirect(from: URL, location: string, rules: UrlRules): URL {
  if (!URL.canParse(location, from.href)) throw new PageFault("it redirects to what is not a URL");
  const url = checkUrl(new URL(location, from).href, rules);
  if (from.protocol === "https:" && url.protocol === "http:")
    throw new PageFault("it redirects from https to http");
  return url;
}
