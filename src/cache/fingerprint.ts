import { createHash } from "node:crypto";
import type { DialectName, Operation } from "../core/call.ts";
import { modelKey, parseModelName } from "../core/model-name.ts";
import { isObject, type Json, type JsonObject } from "../lib/json.ts";

/** A request as the cache compares it: everything that may change the answer. */
export interface Question {
  readonly dialect: DialectName;
  readonly operation: Operation;
  /** As the client wrote it. */
  readonly model: string;
  /** The request's body, parsed; never changed. */
  readonly wire: JsonObject;
  /** The digest of the model's weights and parameters; undefined where no catalog knows one. */
  readonly digest: string | undefined;
  /** Headers that reach the backend and may change the answer, as one text. */
  readonly variant?: string;
}

/** Say how, when and where a model runs, never what it answers. */
const placement = new Set([
  "num_thread",
  "num_gpu",
  "main_gpu",
  "num_batch",
  "use_mmap",
  "use_mlock",
  "numa",
  "low_vram",
  "draft_num_predict",
]);
const notInKey = new Set(["model", "stream", "stream_options", "keep_alive", "cache"]);

/** Ollama reads these values as it reads the field's absence. Source: ollama `api/types.go`, `server/routes.go`. */
const sameAsAbsent: Readonly<Record<string, Json>> = {
  prompt: "",
  suffix: "",
  system: "",
  template: "",
  raw: false,
  logprobs: false,
  truncate: true,
  shift: true,
};

const schemaVersion = 1;

/**
 * SHA-256 (32 bytes) of the canonical form of a request. Equal only for requests that mean the same: the top level and
 * `options` are sorted, the order inside everything else is kept, because tools, formats and tool arguments reach
 * the prompt in the order they were written. Images count by the SHA-256 of their decoded bytes.
 *
 * The body must hold nothing that {@link import("./hazard.ts").findHazard} names.
 */
export function fingerprint(question: Question): Buffer {
  const images: Buffer[] = [];
  const text = JSON.stringify([
    schemaVersion,
    question.dialect,
    question.operation,
    modelSpelling(question),
    question.digest ?? null,
    question.variant ?? "",
    canonicalMembers(question, images),
  ]);
  const hash = createHash("sha256").update(`${text.length}:`).update(text);
  for (const image of images) hash.update(image);
  return hash.digest();
}

function modelSpelling({ dialect, model }: Question): string {
  const name = dialect === "ollama" ? parseModelName(model) : undefined;
  return name === undefined ? model : `${modelKey(name)}${name.source === "cloud" ? " cloud" : ""}`;
}

function canonicalMembers({ dialect, wire }: Question, images: Buffer[]): [string, Json][] {
  const members: [string, Json][] = [];
  for (const [written, value] of Object.entries(wire)) {
    const name = written.toLowerCase();
    if (value === null || notInKey.has(name)) continue;
    if (dialect === "ollama" && sameAsAbsent[name] === value) continue;
    members.push([name, dialect === "ollama" ? canonicalValue(name, value, images) : value]);
  }
  return members.toSorted(byName);
}

function canonicalValue(name: string, value: Json, images: Buffer[]): Json {
  if (name === "options" && isObject(value)) return canonicalOptions(value);
  if (name === "images" && Array.isArray(value)) return value.map((image) => imageMark(image, images));
  if (name === "messages" && Array.isArray(value))
    return value.map((message) => canonicalMessage(message, images));
  return value;
}

function canonicalOptions(options: JsonObject): Json {
  return Object.entries(options)
    .filter(([name, value]) => value !== null && !placement.has(name))
    .toSorted(byName);
}

function canonicalMessage(message: Json, images: Buffer[]): Json {
  if (!isObject(message)) return message;
  return Object.entries(message).map(([written, value]): Json => {
    const name = written.toLowerCase();
    if (name === "role" && typeof value === "string") return [name, value.toLowerCase()];
    if (name === "images" && Array.isArray(value))
      return [name, value.map((image) => imageMark(image, images))];
    return [name, value];
  });
}

/** Leaves a mark in the place of an image, and its hash with the others; they are hashed in the same order. */
function imageMark(image: Json, images: Buffer[]): Json {
  if (typeof image !== "string") return [image];
  const bytes = Buffer.from(image, "base64");
  const isPlain = bytes.toString("base64") === image;
  images.push(
    createHash("sha256")
      .update(isPlain ? bytes : image)
      .digest(),
  );
  return isPlain ? "bytes" : "text";
}

function byName([left]: [string, Json], [right]: [string, Json]): number {
  return left < right ? -1 : Number(left > right);
}
