import { createHash } from "node:crypto";
import { displayName, modelKey, parseModelName } from "../../core/model-name.ts";
import type { Price } from "../../core/price.ts";
import { textOf } from "../../dialect/values.ts";
import { isObject, type JsonObject } from "../../lib/json.ts";
import type { ModelDetail } from "../upstream.ts";

/** A model as a server tells of it. */
export interface Described {
  /** The server's own name for it. */
  readonly id: string;
  readonly contextTokens?: number | undefined;
  readonly embeddingLength?: number | undefined;
  readonly parameters?: number | undefined;
  readonly bytes?: number | undefined;
  readonly quantization?: string | undefined;
  readonly family?: string | undefined;
  /** Seconds since 1970. */
  readonly createdS?: number | undefined;
  readonly capabilities: readonly string[];
  readonly lacks?: readonly string[] | undefined;
  readonly price?: Price | undefined;
  /** Which host it is at, when it is not in the house. */
  readonly remoteHost?: string | undefined;
  /** What makes it another model under the same name. */
  readonly identity: string;
}

/** A model as Ollama lists it, its key, and what else is known. Undefined when its name cannot be one of Ollama's. */
export interface Listed {
  readonly key: string;
  readonly entry: JsonObject;
  readonly detail: ModelDetail;
}

export function listed(model: Described): Listed | undefined {
  const name = parseModelName(nameOf(model.id));
  if (name === undefined || name.source !== undefined) return undefined;
  const { id, contextTokens, lacks = [], price } = model;
  return {
    key: modelKey(name),
    entry: entryOf(model, displayName(name)),
    detail: { id, contextTokens, lacks, price },
  };
}

/** A server started with a file and no alias calls its model by the file. */
const nameOf = (id: string): string =>
  /\.gguf$/i.test(id) ? (id.split(/[\\/]/).pop() ?? id).replace(/\.gguf$/i, "") : id;

function entryOf(model: Described, name: string): JsonObject {
  const remote: JsonObject =
    model.remoteHost === undefined ? {} : { remote_model: model.id, remote_host: model.remoteHost };
  return {
    name,
    model: name,
    ...remote,
    modified_at: new Date((model.createdS ?? 0) * 1_000).toISOString(),
    size: model.bytes ?? 0,
    digest: createHash("sha256").update(model.identity).digest("hex"),
    details: {
      ...detailsOf(model),
      ...(model.contextTokens === undefined ? {} : { context_length: model.contextTokens }),
      ...(model.embeddingLength === undefined ? {} : { embedding_length: model.embeddingLength }),
    },
    capabilities: [...model.capabilities],
  };
}

function detailsOf({ remoteHost, family, parameters, quantization }: Described): JsonObject {
  return {
    parent_model: "",
    format: remoteHost === undefined ? "gguf" : "",
    family: family ?? "",
    families: family === undefined ? null : [family],
    parameter_size: parameters === undefined ? "" : sizeText(parameters),
    quantization_level: quantization ?? "",
  };
}

/** As Ollama writes it: 7.6B, 129K. */
function sizeText(parameters: number): string {
  for (const [unit, size] of [
    ["B", 1e9],
    ["M", 1e6],
    ["K", 1e3],
  ] as const)
    if (parameters >= size) return `${Number((parameters / size).toFixed(1))}${unit}`;
  return String(parameters);
}

/** What `/api/show` says of a listed model: all that clients look for, and nothing that is not known. */
export function showAnswer(entry: JsonObject, { contextTokens }: ModelDetail): JsonObject {
  const name = textOf(entry["name"]);
  const details = isObject(entry["details"]) ? entry["details"] : {};
  const { context_length: _context, embedding_length: embeddingLength = 0, ...sixFields } = details;
  const family = textOf(sixFields["family"]) || "unknown";
  const remote = Object.entries(entry).filter(([field]) => field.startsWith("remote_"));
  return {
    modelfile: `# ${name} is not run by Ollama: there is no Modelfile\n`,
    template: "",
    details: sixFields,
    ...Object.fromEntries(remote),
    model_info: {
      "general.architecture": family,
      "general.basename": name,
      "general.parameter_count": 0,
      [`${family}.context_length`]: contextTokens ?? 0,
      [`${family}.embedding_length`]: embeddingLength,
    },
    capabilities: entry["capabilities"] ?? [],
    modified_at: entry["modified_at"] ?? "",
  };
}
