import { controlField, readControl, usualControl, withoutControl } from "../cache/control.ts";
import { type Asker, type Call, isInference, type Operation } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import { parseModelName } from "../core/model-name.ts";
import { dialects } from "../dialect/dialects.ts";
import { checkModel } from "../dialect/model-check.ts";
import { textOf } from "../dialect/values.ts";
import { field, isObject, parseFirst, type Json, type JsonObject } from "../lib/json.ts";
import { JsonSyntaxError } from "../lib/json-scan.ts";
import type { Clock } from "../lib/time.ts";
import { readWhole, streamedBody, unpackZstd, type BodyLimits } from "./body.ts";
import type { Exchange } from "./exchange.ts";
import type { HeldBodies } from "./held-bodies.ts";
import type { Endpoint } from "./routes.ts";
import { derivedSession, namedSession } from "./session.ts";

export interface ReadCallParts {
  readonly limits: BodyLimits;
  readonly heldBodies: HeldBodies;
  /** Bytes of all bodies that are held at once. */
  readonly heldBytesMax: number;
  readonly clock: Clock;
  /** Tells this daemon apart from others; a request that comes back with it runs in a circle. */
  readonly instanceId: string;
  readonly asking: AskingOptions;
}

/** What the cache takes a client's word for. */
export interface AskingOptions {
  /** Whether all clients share what is stored. */
  readonly isShared: boolean;
  /** Where a client may say what it wants of the cache. */
  readonly control: "all" | "body" | "none";
  /** Whether nothing may leave the house, whoever asks. */
  readonly isLocalOnly: boolean;
}

/** Client headers that reach an upstream; Origin, Referer, Host, cookies and credentials never do. */
const passedHeaders = ["accept", "user-agent", "anthropic-version", "anthropic-beta", "openai-beta"];

/** What a client says of how its call is to be routed. */
export const routingHeaders = [
  "x-chasqui-tier",
  "x-chasqui-no-search",
  "x-chasqui-no-sources",
  "x-chasqui-max-cost",
  "x-chasqui-session",
];

export function routingOf({ incoming }: Exchange): Record<string, string> {
  const said: Record<string, string> = {};
  for (const name of routingHeaders) {
    const value = single(incoming.headers[name]);
    if (value !== undefined) said[name] = value;
  }
  return said;
}

/** The upstream that a client insists on, by name. */
export const pinnedOf = ({ incoming }: Exchange): string | undefined =>
  single(incoming.headers["x-chasqui-upstream"]);

const viaHeader = "x-chasqui-via";

/** Reads and checks one request for an upstream. Rejects with ProxyError. */
export async function readCall(
  exchange: Exchange,
  { endpoint, operation }: { endpoint: Endpoint; operation: Operation },
  parts: ReadCallParts,
): Promise<Call> {
  const { incoming, record } = exchange;
  const head = {
    id: record.id,
    dialect: endpoint.dialect,
    operation,
    method: endpoint.method,
    path: exchange.pathname,
    headers: headersOf(exchange, parts.instanceId),
    pinnedUpstream: pinnedOf(exchange),
    asker: askerOf(exchange, parts.asking),
    routing: routingOf(exchange),
  };
  if (operation === "blob") checkDigest(exchange.pathname);
  if (endpoint.streamsBody === true) return { ...head, ...streamedBlob(exchange, head.headers, parts) };
  const raw = await readBody(exchange, parts);
  record.bytesIn = raw.length;
  if (operation === "account" || operation === "blob") return { ...head, raw, wire: {}, model: "" };
  if (operation === "transcriptions") return { ...head, ...(await readForm(exchange, raw, head.headers)) };
  const wire = parseWire(raw, head);
  const model = modelOf(wire, operation);
  if (model.trim() !== "" || operation !== "copy") checkModel(model, operation);
  record.askedModel = model;
  const typed = {
    ...head,
    headers: { ...head.headers, "content-type": "application/json" },
    model,
    raw,
    wire,
  };
  if (!isInference(operation)) return typed;
  record.session ??= derivedSession(wire, head.asker.scope);
  const asker = { ...head.asker, session: record.session };
  return withControl({ ...typed, asker }, incoming, parts.asking);
}

/** Whose stored answers may be given to whoever shows a key of this name, or none. */
export const scopeOf = (keyName: string | undefined, isShared: boolean): string =>
  keyName === undefined || isShared ? "local" : `key:${keyName}`;

/** Whoever shows a key has its own scope; without keys everyone has the same, and only an address tells them apart. */
export function askerOf({ incoming, record }: Exchange, asking: AskingOptions): Asker {
  const { keyName } = record;
  const address = incoming.socket.remoteAddress ?? "";
  record.session = namedSession(single(incoming.headers["x-chasqui-session"]));
  return {
    scope: scopeOf(keyName, asking.isShared),
    client: `${keyName ?? ""}@${address}`,
    isKnown: keyName !== undefined,
    keyName,
    isLocalOnly: staysInside({ incoming, record }, asking.isLocalOnly),
    session: record.session,
    cacheControl: usualControl,
  };
}

/** Whether the configuration, the key or the client's own word keeps a request in the house. */
export const staysInside = (
  { incoming, record }: Pick<Exchange, "incoming" | "record">,
  always: boolean,
): boolean => always || record.isLocalOnly || saysYes(single(incoming.headers["x-chasqui-local-only"]));

/** Anything but a clear no keeps a call in the house: whoever sends the header means it. */
const saysYes = (header: string | undefined): boolean =>
  header !== undefined && !/^(?:0|false|no|off)$/i.test(header.trim());

/** The call with what its client wants of the cache; what it says of that in the body goes no further. */
function withControl(
  call: Call & { raw: Uint8Array },
  { headers }: Exchange["incoming"],
  { control }: AskingOptions,
): Call {
  const header = control === "all" ? headers["cache-control"] : undefined;
  const cacheControl = readControl(header, control === "none" ? undefined : call.wire[controlField]);
  if (cacheControl === usualControl && !(controlField in call.wire)) return call;
  return { ...call, ...withoutControl(call.wire, call.raw), asker: { ...call.asker, cacheControl } };
}

function streamedBlob(
  { incoming, abort }: Exchange,
  headers: Readonly<Record<string, string>>,
  { limits, clock }: ReadCallParts,
): Pick<Call, "headers" | "raw" | "wire" | "model"> {
  const length = incoming.headers["content-length"];
  return {
    headers: {
      ...headers,
      "content-type": "application/octet-stream",
      ...(length === undefined ? {} : { "content-length": length }),
    },
    raw: streamedBody(incoming, { idleMs: limits.idleMs, totalMs: 0, clock, late: abort }),
    wire: {},
    model: "",
  };
}

const noBody = new Uint8Array(0);

export type ReadBodyParts = Pick<ReadCallParts, "limits" | "heldBodies" | "heldBytesMax" | "clock">;

/** The whole body; what was read already is not read again. Rejects with ProxyError. */
export function readBody(exchange: Exchange, parts: ReadBodyParts): Uint8Array | Promise<Uint8Array> {
  if (exchange.body !== undefined) return exchange.body;
  const { incoming, signal } = exchange;
  const { clock, heldBodies, heldBytesMax } = parts;
  if (incoming.method === "GET" || incoming.method === "HEAD") return noBody;
  const hold = (bytes: number): boolean => heldBodies.hold(exchange, bytes, heldBytesMax);
  const raw = readWhole(incoming, parts.limits, { clock, signal, hold });
  const zstd = incoming.headers["content-encoding"] === "zstd" && incoming.url?.startsWith("/v1/") === true;
  return zstd ? raw.then(unpackZstd) : raw;
}

function headersOf({ incoming }: Exchange, instanceId: string): Record<string, string> {
  const via = single(incoming.headers[viaHeader]);
  if (via?.split(", ").includes(instanceId) === true) {
    throw new ProxyError("loop_detected", "an upstream of Chasqui leads back to Chasqui itself");
  }
  const headers: Record<string, string> = {
    [viaHeader]: via === undefined ? instanceId : `${via}, ${instanceId}`,
  };
  for (const name of passedHeaders) {
    const value = single(incoming.headers[name]);
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}

const single = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(", ") : value;

function parseWire(raw: Uint8Array, { dialect, operation }: Pick<Call, "dialect" | "operation">): JsonObject {
  const body = parse(raw, dialect === "ollama" ? "missing request body" : "EOF");
  dialects[dialect].checkRequest(body, operation);
  return isObject(body) ? body : {};
}

function parse(raw: Uint8Array, emptyText: string): Json {
  try {
    return parseFirst(raw);
  } catch (thrown) {
    if (!(thrown instanceof JsonSyntaxError)) throw thrown;
    throw new ProxyError("invalid_request", thrown.empty ? emptyText : thrown.message, { cause: thrown });
  }
}

/** Operations that still take the model under its old name, `name`. */
const namesModel = new Set<Operation>(["show", "pull", "push", "create", "delete"]);

function modelOf(wire: JsonObject, operation: Operation): string {
  if (operation === "copy") return copySource(wire);
  const model = textOf(field(wire, "model"));
  const name = model === "" && namesModel.has(operation) ? textOf(field(wire, "name")) : model;
  if (operation === "delete" && name !== "" && parseModelName(name) === undefined) {
    throw new ProxyError("invalid_request", `name ${JSON.stringify(name)} is invalid`);
  }
  return name;
}

function copySource(wire: JsonObject): string {
  for (const key of ["source", "destination"]) {
    const name = textOf(field(wire, key));
    if (parseModelName(name) === undefined) {
      throw new ProxyError("invalid_request", `${key} ${JSON.stringify(name)} is invalid`);
    }
  }
  return textOf(field(wire, "source"));
}

function checkDigest(pathname: string): void {
  const digest = pathname.slice(pathname.lastIndexOf("/") + 1);
  if (!/^sha256(?::|-|%3a)[0-9a-f]{64}$/i.test(digest)) {
    throw new ProxyError("invalid_request", "invalid digest format");
  }
}

/** A multipart form is relayed as it came; only its `model` is read. */
async function readForm(
  { incoming, record }: Exchange,
  raw: Uint8Array,
  headers: Readonly<Record<string, string>>,
): Promise<Pick<Call, "raw" | "wire" | "model" | "headers">> {
  const contentType = incoming.headers["content-type"] ?? "";
  const model = await formField(raw, contentType, "model");
  checkModel(model, "transcriptions");
  record.askedModel = model;
  return { raw, wire: {}, model, headers: { ...headers, "content-type": contentType } };
}

async function formField(raw: Uint8Array, contentType: string, name: string): Promise<string> {
  try {
    const form = await new Response(Buffer.from(raw), {
      headers: { "content-type": contentType },
    }).formData();
    const value = form.get(name);
    return typeof value === "string" ? value : "";
  } catch (thrown) {
    throw new ProxyError("invalid_request", "failed to parse multipart form", { cause: thrown });
  }
}
