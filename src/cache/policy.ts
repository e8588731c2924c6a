import type { Call, DialectName, Operation } from "../core/call.ts";
import { loadReason } from "../dialect/ollama/request.ts";
import { field, isObject } from "../lib/json.ts";
import { fingerprint } from "./fingerprint.ts";
import { findHazard, type Hazard } from "./hazard.ts";
import { deriveKey } from "./key.ts";
import { globPattern } from "../lib/glob.ts";
import { isDeterministic } from "./sampling.ts";

/** What holds for one model. */
export interface Rules {
  readonly isOn: boolean;
  /** How long an answer is fresh. */
  readonly ttlMs: number;
  /** How long it is when the question is about the present. */
  readonly timeWordsTtlMs: number;
  /** How long beyond that it is served when no upstream answers. */
  readonly staleIfErrorMs: number;
  /** Answers drawn at random: served, only shared among those who ask at the same time, or left alone. */
  readonly sampling: "serve" | "dedupe" | "off";
  /** Who was served such an answer and asks again within this time gets a new one. */
  readonly regenerateMs: number;
  /** Whether an answer that calls tools is stored. */
  readonly toolCalls: boolean;
  /** Whether one that ended at the length its client set is. */
  readonly lengthStopped: boolean;
}

export interface ModelRules {
  /** A model's name; `*` stands for any text. */
  readonly match: string;
  readonly rules: Partial<Rules>;
}

export interface PolicyOptions {
  readonly rules: Rules;
  /** The first that matches counts. */
  readonly models: readonly ModelRules[];
}

/** Why a request is neither looked up nor stored. */
export type PassReason =
  | Hazard
  | "off"
  | "operation"
  | "policy"
  | "sampling"
  | "load_unload"
  | "debug_render"
  | "too_large"
  | "control";

/** Where the answer to a request lies in every tier. */
export interface Place {
  readonly key: Buffer;
  /** SHA-256 of the canonical request. */
  readonly fingerprint: Buffer;
  readonly scope: string;
}

/** How a request that may be cached is to be treated. */
export interface Plan {
  readonly place: Place;
  readonly rules: Rules;
  readonly isDeterministic: boolean;
  /** Whether it is looked up. */
  readonly reads: boolean;
  /** Whether its answer is stored. */
  readonly stores: boolean;
}

/** What makes a key, besides the request. */
export interface KeyParts {
  readonly secret: Uint8Array;
  readonly epoch: () => number;
  /** The digest of a model as the catalog knows it. */
  readonly digestOf: (model: string, upstream: string | undefined) => string | undefined;
  /** What else makes two calls different ones. */
  readonly variantOf?: (call: Call) => string;
}

/** Decides what the cache does with a call. */
export type Policy = (call: Call) => Plan | PassReason;

const cacheable: Readonly<Record<DialectName, ReadonlySet<Operation>>> = {
  ollama: new Set<Operation>(["generate", "chat", "embed", "embeddings"]),
  openai: new Set<Operation>(["chat", "completions", "embed"]),
  anthropic: new Set<Operation>(["messages"]),
};

/** Longer requests are not compared; images count by what their hashes take. */
const textBytesMax = 2 * 1_024 ** 2;

export function createPolicy(options: PolicyOptions, key: KeyParts): Policy {
  const known = new Map<string, Rules>();
  const rulesFor = (model: string): Rules => {
    const rules = known.get(model) ?? resolve(options, model);
    if (known.size < knownMax) known.set(model, rules);
    return rules;
  };
  return (call) => {
    const rules = rulesFor(call.model);
    const reason = passReason(call, rules);
    if (reason !== undefined) return reason;
    const deterministic = isDeterministic(call.dialect, call.operation, call.wire);
    if (!deterministic && rules.sampling === "off") return "sampling";
    const isShared = deterministic || rules.sampling === "serve";
    const { cacheControl } = call.asker;
    return {
      place: placeOf(call, key),
      rules,
      isDeterministic: deterministic,
      reads: isShared && cacheControl.read,
      stores: isShared && cacheControl.store,
    };
  };
}

/** Where a call's answer lies; for an embedding of many inputs `wire` is the request for one of them. */
export function placeOf(call: Call, parts: KeyParts, wire = call.wire): Place {
  const digest = parts.digestOf(call.model, call.pinnedUpstream);
  const { dialect, operation, model } = call;
  const print = fingerprint({ dialect, operation, model, wire, digest, variant: variantOf(call, parts) });
  const scope = { name: call.asker.scope, epoch: parts.epoch() };
  return { key: deriveKey(parts.secret, scope, print), fingerprint: print, scope: scope.name };
}

/** Headers of a client that go upstream and say how the body is to be read. */
const variantHeaders = ["anthropic-version", "anthropic-beta", "openai-beta"];

const variantOf = (call: Call, parts: KeyParts): string =>
  [
    ...variantHeaders.map((name) => `${name}:${call.headers[name] ?? ""}`),
    ...(parts.variantOf === undefined ? [] : [parts.variantOf(call)]),
  ].join("\n");

/** Names of models come from clients; so many are remembered. */
const knownMax = 1_000;

function resolve({ rules, models }: PolicyOptions, model: string): Rules {
  const own = models.find(({ match }) => globPattern(match).test(model))?.rules;
  return { ...rules, ...own };
}

function passReason(call: Call, rules: Rules): PassReason | undefined {
  const { dialect, operation, raw, asker } = call;
  if (!cacheable[dialect].has(operation) || !(raw instanceof Uint8Array)) return "operation";
  if (!rules.isOn) return "policy";
  if (!asker.cacheControl.read && !asker.cacheControl.store) return "control";
  return (dialect === "ollama" ? nativeReason(call) : undefined) ?? bodyReason(call, raw);
}

function nativeReason(call: Call): PassReason | undefined {
  const { operation, wire } = call;
  if (field(wire, "_debug_render_only") === true) return "debug_render";
  return isGenerating(call) && loadReason(wire, operation) !== undefined ? "load_unload" : undefined;
}

function bodyReason(call: Call, raw: Uint8Array): PassReason | undefined {
  if (raw.length > textBytesMax && raw.length - imageChars(call) > textBytesMax) return "too_large";
  return findHazard(raw);
}

const isGenerating = ({ dialect, operation }: Call): boolean =>
  dialect === "ollama" && (operation === "generate" || operation === "chat");

/** Characters of the images that are compared by their hashes alone. */
function imageChars({ dialect, wire }: Call): number {
  if (dialect !== "ollama") return 0;
  const said = field(wire, "messages");
  const messages = Array.isArray(said) ? said.filter(isObject) : [];
  return [wire, ...messages]
    .map((holder) => field(holder, "images"))
    .flatMap((images) => (Array.isArray(images) ? images : []))
    .reduce((sum: number, image) => sum + (typeof image === "string" ? image.length : 0), 0);
}
