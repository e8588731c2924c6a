import type { Call } from "../../core/call.ts";
import { ProxyError } from "../../core/error.ts";
import { inputsOf } from "../../dialect/embedding.ts";
import { unknownFields } from "../../dialect/fields.ts";
import { readUsage } from "../../dialect/openai/usage.ts";
import { field, isObject, stringifyLine, tryParse, type Json, type JsonObject } from "../../lib/json.ts";
import type { Clock } from "../../lib/time.ts";
import type { Usage } from "../../core/usage.ts";

export interface EmbedParts {
  /** The model under the upstream's own name. */
  readonly id: string;
  readonly upstream: string;
  readonly clock: Clock;
  /** Sends a body to `/embeddings`; resolves with the whole answer. Rejects with ProxyError. */
  readonly post: (body: JsonObject) => Promise<JsonObject>;
}

export interface Embedded {
  readonly text: string;
  readonly usage: Usage | undefined;
  readonly dropped: readonly string[];
}

/** Fields of an embedding call whose meaning is in the answer. */
const known: Readonly<Record<"embed" | "embeddings", ReadonlySet<string>>> = {
  embed: new Set(["model", "input", "truncate", "dimensions"]),
  embeddings: new Set(["model", "prompt"]),
};

/** Answers an embedding call of any dialect by OpenAI's `/embeddings`. Rejects with ProxyError. */
export async function embed(call: Call, parts: EmbedParts): Promise<Embedded> {
  if (call.dialect === "openai") return embedAsAsked(call, parts);
  const startedMs = parts.clock.monotonicMs();
  const inputs = inputsOf(call.wire, call);
  if (inputs === undefined) return { text: nothing(call), usage: undefined, dropped: [] };
  const dimensions = field(call.wire, "dimensions");
  const asked: JsonObject = { model: parts.id, input: inputs, encoding_format: "float" };
  const mayShorten = call.operation === "embed" && field(call.wire, "truncate") !== false;
  const answer = await postFitting(asked, parts, mayShorten);
  const vectors = vectorsOf(answer, inputs.length, parts.upstream).map((vector) =>
    typeof dimensions === "number" ? shortened(vector, dimensions) : vector,
  );
  const usage = readUsage(answer);
  const dropped = unknownFields(call.wire, known[call.operation === "embeddings" ? "embeddings" : "embed"]);
  if (call.operation === "embeddings")
    return { text: stringifyLine({ embedding: vectors[0] ?? [] }), usage, dropped };
  const whole: JsonObject = {
    model: call.model,
    embeddings: vectors,
    total_duration: Math.max(1, Math.round((parts.clock.monotonicMs() - startedMs) * 1e6)),
    load_duration: 1,
    prompt_eval_count: usage?.inputTokens ?? 0,
  };
  return { text: stringifyLine(whole), usage, dropped };
}

/** The client's own request with the upstream's name for the model, and its answer with the client's. */
async function embedAsAsked(call: Call, { id, post }: EmbedParts): Promise<Embedded> {
  const answer = await post({ ...call.wire, model: id });
  return {
    text: `${stringifyLine({ ...answer, model: call.model })}\n`,
    usage: readUsage(answer),
    dropped: [],
  };
}

const nothing = ({ operation, model }: Call): string =>
  stringifyLine(operation === "embeddings" ? { embedding: [] } : { model, embeddings: [] });

/** Each try leaves a third of a text away. */
const triesMax = 8;
const keptShare = 0.66;

/** Ollama shortens what is longer than the context, unless it is told not to. */
async function postFitting(
  asked: JsonObject,
  { post }: EmbedParts,
  mayShorten: boolean,
): Promise<JsonObject> {
  let input = asked["input"] ?? null;
  for (let left = triesMax; ; left--) {
    try {
      return await post({ ...asked, input });
    } catch (thrown) {
      if (!(thrown instanceof ProxyError) || thrown.code !== "context_overflow") throw thrown;
      if (!mayShorten || left === 0) throw tooLong(thrown);
      input = shorter(input);
    }
  }
}

/** Of several texts only the longest can be the trouble. */
function shorter(input: Json): Json {
  if (!Array.isArray(input)) return input;
  const lengths = input.map((one) => (typeof one === "string" ? one.length : 0));
  const longest = Math.max(...lengths);
  return input.map((one) =>
    typeof one === "string" && one.length > longest * keptShare
      ? one.slice(0, Math.floor(longest * keptShare))
      : one,
  );
}

const tooLong = (cause: ProxyError): ProxyError =>
  new ProxyError("context_overflow", "the input length exceeds the context length", {
    cause,
    ...(cause.upstream === undefined ? {} : { upstream: cause.upstream }),
  });

/** The vectors in the order of the inputs, whatever order they came in. Throws ProxyError. */
function vectorsOf(answer: JsonObject, count: number, upstream: string): number[][] {
  const data = Array.isArray(answer["data"]) ? answer["data"].filter(isObject) : [];
  const vectors = data
    .toSorted((a, b) => Number(a["index"] ?? 0) - Number(b["index"] ?? 0))
    .map(({ embedding = null }) => vectorOf(embedding));
  if (vectors.length === count && vectors.every((vector) => vector.length > 0)) return vectors;
  const text = `upstream ${upstream} sent other embeddings than it was asked for`;
  throw new ProxyError("upstream_broken", text, { upstream });
}

function vectorOf(embedding: Json): number[] {
  if (Array.isArray(embedding)) return embedding.filter((one) => typeof one === "number");
  if (typeof embedding !== "string") return [];
  const bytes = Buffer.from(embedding, "base64");
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readFloatLE(index * 4));
}

/** The first of its numbers, of length 1 again. Source: what Ollama does with `dimensions`. */
function shortened(vector: readonly number[], dimensions: number): number[] {
  if (dimensions < 1 || dimensions >= vector.length) return [...vector];
  const part = vector.slice(0, Math.floor(dimensions));
  const length = Math.hypot(...part);
  return length === 0 ? part : part.map((one) => one / length);
}

/** The JSON object in a body. Throws ProxyError. */
export function objectIn(body: Uint8Array, upstream: string): JsonObject {
  const value = tryParse(Buffer.from(body).toString("utf8"));
  if (isObject(value)) return value;
  throw new ProxyError("upstream_broken", `upstream ${upstream} sent an answer that is not JSON`, {
    upstream,
  });
}
