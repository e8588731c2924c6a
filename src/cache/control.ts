import type { CacheControl } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import { isObject, type Json, type JsonObject } from "../lib/json.ts";
import { cutMember } from "../lib/json-member.ts";

/** What a client that says nothing wants. */
export const usualControl: CacheControl = {
  read: true,
  store: true,
  onlyCached: false,
  ageMaxMs: undefined,
  staleMaxMs: 0,
  staleIfErrorMs: undefined,
  ttlMs: undefined,
};

/** The member of a body that says the same as the header; it is ours, and goes no further. */
export const controlField = "cache";

const known = [
  "no-cache",
  "no-store",
  "only-if-cached",
  "max-age",
  "max-stale",
  "stale-if-error",
  "ttl",
] as const;
type Directive = (typeof known)[number];

/**
 * What a client asks of the cache, in the words of HTTP (RFC 9111 5.2.1, RFC 5861): its `Cache-Control` header, and
 * over it the member `cache` of the body: `{"no-cache": true, "max-age": 60}`, a text as in the header, or `false` for
 * neither read nor stored. Directives of a header that mean nothing here are passed over, as HTTP wants it; in
 * the body they are an error. Throws ProxyError.
 */
export function readControl(header: string | undefined, body: Json | undefined): CacheControl {
  if (header === undefined && body === undefined) return usualControl;
  const said = new Map(header === undefined ? [] : headerDirectives(header));
  for (const [name, value] of bodyDirectives(body)) said.set(name, value);
  return controlOf(said);
}

/** The request without its member `cache`, its other bytes as they were. */
export function withoutControl(wire: JsonObject, raw: Uint8Array): { wire: JsonObject; raw: Uint8Array } {
  if (!(controlField in wire)) return { wire, raw };
  const { [controlField]: _control, ...rest } = wire;
  return { wire: rest, raw: cutMember(raw, controlField) };
}

type Said = readonly [Directive, number | undefined];

function controlOf(said: ReadonlyMap<Directive, number | undefined>): CacheControl {
  const ms = (name: Directive): number | undefined => {
    const seconds = said.get(name);
    return seconds === undefined ? undefined : seconds * 1_000;
  };
  return {
    read: !said.has("no-cache"),
    store: !said.has("no-store"),
    onlyCached: said.has("only-if-cached"),
    ageMaxMs: ms("max-age"),
    staleMaxMs: said.has("max-stale") ? (ms("max-stale") ?? Number.POSITIVE_INFINITY) : 0,
    staleIfErrorMs: ms("stale-if-error"),
    ttlMs: ms("ttl"),
  };
}

const isKnown = (name: string): name is Directive => known.some((one) => one === name);

/** Those that take no number. */
const isMark = new Set<Directive>(["no-cache", "no-store", "only-if-cached"]);

/** Those whose number is the whole point. */
const needsSeconds = new Set<Directive>(["max-age", "stale-if-error", "ttl"]);

function headerDirectives(header: string): Said[] {
  return header.split(",").flatMap((part): Said[] => {
    const [name = "", value] = part.split("=", 2).map((text) => text.trim().toLowerCase());
    if (!isKnown(name)) return [];
    const seconds = value === undefined ? undefined : secondsOf(value.replaceAll('"', ""));
    if (seconds === undefined && needsSeconds.has(name)) return [];
    return [[name, seconds]];
  });
}

function bodyDirectives(body: Json | undefined): Said[] {
  if (body === undefined || body === null || body === true) return [];
  if (body === false) return [...headerDirectives("no-cache, no-store")];
  if (typeof body === "string") return headerDirectives(body);
  if (!isObject(body)) throw unlike("");
  return Object.entries(body).flatMap(([written, value]) => bodyDirective(written, value));
}

function bodyDirective(written: string, value: Json): Said[] {
  const name = written.toLowerCase().replaceAll("_", "-");
  if (!isKnown(name)) throw unlike(`.${written}`);
  if (value === false || value === null) return [];
  const seconds = isObject(value) || Array.isArray(value) ? undefined : secondsOf(String(value));
  const isRight = value === true ? !needsSeconds.has(name) : seconds !== undefined && !isMark.has(name);
  if (!isRight) throw unlike(`.${written}`);
  return [[name, seconds]];
}

function secondsOf(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

const unlike = (at: string): ProxyError =>
  new ProxyError(
    "invalid_request",
    `${controlField}${at}: expected false, a text such as "no-cache", or an object with no-cache, no-store and ` +
      "only-if-cached as true or false, and max-age, max-stale, stale-if-error and ttl in seconds",
  );
