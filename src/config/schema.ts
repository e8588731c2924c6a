import { z } from "zod";
import { parseListen, parseUpstreamUrl } from "../lib/address.ts";
import { logLevels } from "../lib/log.ts";
import { cacheSchema } from "./cache-schema.ts";
import {
  budgetSchema,
  contextSchema,
  fallbackSchema,
  moneySchema,
  openrouterSchema,
  retryWaits,
} from "./cloud-schema.ts";
import { routingSchema } from "./routing-schema.ts";
import { searchSchema } from "./search-schema.ts";
import {
  booleanFrom,
  count,
  duration,
  exampleOfItem,
  expected,
  list,
  listOfSections,
  parsed,
  share,
  size,
  text,
  type Unit,
  unitOfSchema,
  wait,
  whole,
  yesNo,
} from "./fields.ts";

const server = z.strictObject({
  /** Where to listen, `host:port`. Beyond loopback it takes API keys or `auth: none`. */
  listen: parsed("host:port, e.g. 127.0.0.1:5732", parseListen).prefault("127.0.0.1:5732"),
  /** Host names clients may use besides localhost, IP addresses of private networks and this machine's name. */
  allowed_hosts: list(text("a host name")),
  /** Web origins that may call, besides Ollama's own list; one `*` each. `OLLAMA_ORIGINS` is added. */
  origins: list(text("an origin such as https://chat.example")),
  /** Largest request body that is held in memory; blobs are streamed and unlimited. */
  body_limit: size("100MiB"),
  /** Memory that all request bodies together may take; one more gets 503. */
  held_bodies_limit: size("1GiB"),
  /** Longest head of a request. */
  header_limit: size("16KiB"),
  /** Most header fields of a request. */
  headers_max: count(100, 1),
  /** Longest wait for the head of a request. */
  header_timeout: wait("10s"),
  /** Longest wait for more of a request's body. */
  body_idle_timeout: wait("30s"),
  /** Longest time for a whole body, blobs excepted. */
  body_timeout: wait("5m"),
  /** How long an idle connection of a client is kept. */
  keep_alive_timeout: wait("75s"),
  /** Most connections at once. */
  connections_max: count(4_096, 1),
  /** A client that takes no byte of its answer for so long is dropped. */
  stalled_client_timeout: wait("2m"),
  /** How long running answers may go on after SIGTERM. */
  drain: duration("25s"),
  /** How long to go on taking requests after SIGTERM, while /readyz already says 503. */
  shutdown_delay: duration("0s"),
});

const apiKey = z.strictObject({
  /** The key's name in logs and statistics. */
  name: text("a name for the key"),
  /** SHA-256 of the key in hexadecimal, as `chasqui keys create` prints it. */
  sha256: z
    .string(expected("64 hexadecimal digits"))
    .regex(/^[0-9a-f]{64}$/i, expected("64 hexadecimal digits"))
    .optional(),
  /** The key itself, e.g. `${MY_KEY}`; only its hash is kept. */
  key: text("a key").optional(),
  /** A file that holds the key. */
  key_file: text("a path").optional(),
  /** May change models: pull, push, create, copy, delete. */
  admin: yesNo(false),
  /** Whether what it asks must not leave the house. */
  local_only: yesNo(false),
  /** What it may spend. */
  budget: budgetSchema.prefault({}),
});

const upstreamTypes = ["ollama", "llama-server", "openai", "openrouter"] as const;

const upstream = z.strictObject({
  /** The upstream's name in logs, headers and statistics; its type and a number unless said. */
  name: text("a name")
    .regex(/^[A-Za-z0-9._-]+$/, expected("a name of letters, digits, dots and dashes"))
    .optional(),
  /** What it speaks. */
  type: z.enum(upstreamTypes, expected("ollama, llama-server, openai or openrouter")).default("ollama"),
  /** Where it is, in any form OLLAMA_HOST takes; openrouter knows its own. */
  url: parsed("an address such as http://127.0.0.1:11434", parseUpstreamUrl).optional(),
  /** Of openrouter: the models that are offered, `*` for any text; all unless said. */
  models: list(text("a model's name, e.g. openai/*")),
  /** Whether what it is asked leaves the house; unless said, whatever is at a public address. */
  cloud: z.preprocess(booleanFrom, z.boolean(expected("true or false"))).optional(),
  /** Whether a llama-server that is the only upstream answers to any name, as it does by itself. */
  any_model: yesNo(true),
  /** Sent as `Authorization: Bearer`, for a server behind a proxy that wants one. */
  api_key: text("a key").optional(),
  /** A file that holds it. */
  api_key_file: text("a path").optional(),
  /** Generating and embedding calls at once; upstream_limits.in_flight unless said. */
  in_flight: whole(1).optional(),
});

const upstreamLimits = z.strictObject({
  /** Generating and embedding calls at once, for each upstream. */
  in_flight: count(64, 1),
  /** Calls that may wait for a place, for each upstream. */
  queue: count(256),
  /** Longest wait for a place. */
  queue_timeout: wait("30s"),
  /** How long an idle connection is kept; less than any server keeps it. */
  keep_alive: wait("4s"),
});

const timeouts = z.strictObject({
  /** To accept a connection. */
  connect: wait("2s"),
  /** Until the first byte of an answer, loading the model included; 0 means no limit. */
  first_byte: duration("10m"),
  /** Between two pieces of an answer; 0 means no limit. */
  idle: duration("2m"),
  /** For a whole answer; 0 means no limit. */
  total: duration("0s"),
});

const breaker = z.strictObject({
  /** Failed answers in a row that take an upstream out. */
  failures: count(5, 1),
  /** Refused connections in a row that take it out. */
  refusals: count(3, 1),
  /** This share of failures within the window takes it out too... */
  failure_share: share(0.5),
  /** ...from so many calls on. */
  sample: count(20, 1),
  /** The window in which calls are counted. */
  window: wait("10s"),
  /** First wait before it is probed; doubled after each failed probe... */
  cooldown: wait("1s"),
  /** ...up to this. */
  cooldown_max: wait("30s"),
});

const retry = z.strictObject({
  /** Upstreams tried for one call, the first included. */
  attempts: count(3, 1),
  /** Retries allowed per call on average, so that an outage does not double the load. */
  share: share(0.2),
  ...retryWaits,
});

const catalog = z.strictObject({
  /** How often the lists of models are fetched. */
  refresh: wait("10s"),
  /** How long to wait for such a list or a sign of life. */
  timeout: wait("2s"),
});

const log = z.strictObject({
  /** error, warn, info, debug or trace. */
  level: z.enum(logLevels, expected(`one of ${logLevels.join(", ")}`)).default("info"),
  /** json, pretty, or auto: pretty on a terminal. */
  format: z.enum(["auto", "json", "pretty"], expected("auto, json or pretty")).default("auto"),
});

const demoModes = ["auto", "on", "off"] as const;

/** The whole configuration: each key with its meaning and its default. Unknown keys are refused. */
export const configSchema = z.strictObject({
  server: server.prefault({}),
  /** auto: keys when there are any, else loopback only. none: no keys, wherever it listens. */
  auth: z.enum(["auto", "none"], expected("auto or none")).default("auto"),
  /** Keys that let clients in. */
  api_keys: listOfSections(apiKey, "{ name: laptop, key_file: /etc/chasqui/laptop }"),
  /** The servers behind; empty means to look for Ollama at OLLAMA_HOST or 127.0.0.1:11434. */
  upstreams: listOfSections(upstream, "{ url: http://127.0.0.1:11434 }"),
  upstream_limits: upstreamLimits.prefault({}),
  timeouts: timeouts.prefault({}),
  breaker: breaker.prefault({}),
  retry: retry.prefault({}),
  catalog: catalog.prefault({}),
  /** Models that answer in the place of others, when nobody can who has those. */
  fallbacks: listOfSections(fallbackSchema, '{ match: "llama3.3:*", to: ["qwen3:32b"] }'),
  /** Whether nothing may leave the house, whoever asks. */
  local_only: yesNo(false),
  openrouter: openrouterSchema.prefault({}),
  /** What calls cost, and what may be spent. */
  money: moneySchema.prefault({}),
  /** Conversations that are longer than a model's context. */
  context: contextSchema.prefault({}),
  /** Answers that are given again. */
  cache: cacheSchema.prefault({}),
  /** The model `auto`. */
  routing: routingSchema.prefault({}),
  /** The web, searched for `auto` and for `POST /api/search`. */
  search: searchSchema.prefault({}),
  /** The demo model: auto (while no other upstream is up), on, or off. */
  demo: z
    .preprocess(booleanFrom, z.union([z.enum(demoModes), z.boolean()], expected("auto, on or off")))
    .transform((mode) => (typeof mode === "string" ? mode : mode ? demoModes[1] : demoModes[2]))
    .default("auto"),
  /** Where the daemon keeps its files. */
  data_dir: text("a path").optional(),
  log: log.prefault({}),
});

export type Config = z.output<typeof configSchema>;

/** Keys whose values are never shown. */
export const secretKeys: ReadonlySet<string> = new Set(["key", "api_key", "sha256", "password"]);

/** Every key that holds a value of its own, as a dotted path, in the order of the schema. */
export function leafPaths(schema: z.core.$ZodType = configSchema, prefix = ""): string[] {
  const inner = unwrapped(schema);
  if (!(inner instanceof z.ZodObject)) return [prefix];
  return Object.entries(inner.shape).flatMap(([key, value]) =>
    leafPaths(value, prefix === "" ? key : `${prefix}.${key}`),
  );
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  const wraps =
    schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault || schema instanceof z.ZodOptional;
  return wraps ? unwrapped(schema.unwrap()) : schema;
}

/** The schema of a place, its default still around it. */
function schemaAt(at: readonly PropertyKey[]): z.core.$ZodType {
  let schema: z.core.$ZodType = configSchema;
  for (const step of at) {
    const inner = unwrapped(schema);
    if (inner instanceof z.ZodArray) schema = inner.element;
    else schema = inner instanceof z.ZodObject ? (inner.shape[String(step)] ?? z.unknown()) : z.unknown();
  }
  return schema;
}

/** The default of a key as one would write it; undefined where there is none. */
export function writtenDefault(path: string): unknown {
  const schema = schemaAt(path.split("."));
  return schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault
    ? schema.def.defaultValue
    : undefined;
}

/** Whether nothing is in the list under a key unless said. */
export const isListEmptyUnlessSaid = (path: string): boolean => JSON.stringify(writtenDefault(path)) === "[]";

/** What the list under a key holds; undefined where there is no list. */
export function itemsOf(path: string): "texts" | "sections" | undefined {
  const list = unwrapped(schemaAt(path.split(".")));
  if (!(list instanceof z.ZodArray)) return undefined;
  return list.element instanceof z.ZodObject ? "sections" : "texts";
}

/** How one might write the keys and values of a section, or of an item in a list. */
export function exampleAt(at: readonly PropertyKey[]): string {
  const said = exampleOfItem(unwrapped(schemaAt(at)));
  if (said !== undefined) return said;
  const keys = keysAt(at).map((key) => ({ key, value: writtenDefault([...at, key].join(".")) }));
  const plain = keys.find(({ value }) => value !== undefined && typeof value !== "object");
  return plain === undefined ? `{ ${keys[0]?.key}: ... }` : `{ ${plain.key}: ${String(plain.value)} }`;
}

/** The unit in which the number under a key is written, if it has one. */
export function unitOf(path: string): Unit | undefined {
  return unitOfSchema(unwrapped(schemaAt(path.split("."))));
}

/** The keys the schema knows at a place; none where there is no object. */
export function keysAt(at: readonly PropertyKey[]): string[] {
  const schema = unwrapped(schemaAt(at));
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}
