import type { DialectName, Operation } from "../core/call.ts";
import { field, isObject, stringifyLine, tryParse, type Json, type JsonObject } from "../lib/json.ts";
import { countOf } from "./values.ts";

/** Which request for embeddings: Ollama's `/api/embed` and `/api/embeddings`, and OpenAI's `/v1/embeddings`. */
export interface EmbeddingForm {
  readonly dialect: DialectName;
  readonly operation: Operation;
}

/** The vectors of an answer, each as the JSON text it was written in, so that no number changes. */
export interface Vectors {
  readonly texts: readonly string[];
  readonly inputTokens: number;
  /** Nanoseconds, as Ollama tells them; 0 where nobody does. */
  readonly totalNs: number;
  readonly loadNs: number;
}

const inputField = ({ operation }: EmbeddingForm): string =>
  operation === "embeddings" ? "prompt" : "input";

/** The inputs of a request, one for each vector; a list of numbers is one input in tokens. Undefined for none. */
export function inputsOf(wire: JsonObject, form: EmbeddingForm): Json[] | undefined {
  const input = field(wire, inputField(form));
  if (input === undefined || input === "") return undefined;
  const isMany = Array.isArray(input) && typeof input[0] !== "number";
  const inputs = isMany ? input : [input];
  return inputs.length === 0 ? undefined : inputs;
}

/** The request with other inputs; one is written as OpenAI and Ollama write a single one. */
export function withInputs(wire: JsonObject, form: EmbeddingForm, inputs: readonly Json[]): JsonObject {
  const name = inputField(form);
  const others = Object.entries(wire).filter(([key]) => key.toLowerCase() !== name);
  const [only] = inputs;
  const value = inputs.length === 1 && only !== undefined ? only : [...inputs];
  return { ...Object.fromEntries(others), [name]: value };
}

const known = {
  embed: new Set(["model", "embeddings", "total_duration", "load_duration", "prompt_eval_count"]),
  embeddings: new Set(["embedding"]),
  openai: new Set(["object", "data", "model", "usage"]),
} as const;

const listsOfNumbers = /\[[^[\]"{}]*\]/g;
const openaiVectors = /"embedding"\s*:\s*(\[[^[\]"{}]*\]|"[^"\\]*")/g;

/** Takes an answer apart; undefined when it holds more than vectors and counts, or not as many as were asked for. */
export function readVectors(text: string, form: EmbeddingForm, count: number): Vectors | undefined {
  const answer = tryParse(text);
  const fields = known[shapeOf(form)];
  if (!isObject(answer) || !Object.keys(answer).every((name) => fields.has(name))) return undefined;
  const texts = textsIn(text, form);
  const values = texts.map((one) => tryParse(one));
  const same = JSON.stringify(values) === JSON.stringify(valuesOf(answer, form));
  if (!same || texts.length !== count || values.some((value) => !isVector(value))) return undefined;
  const { usage } = answer;
  return {
    texts,
    inputTokens: countOf(answer["prompt_eval_count"] ?? (isObject(usage) ? usage["prompt_tokens"] : 0)),
    totalNs: countOf(answer["total_duration"]),
    loadNs: countOf(answer["load_duration"]),
  };
}

function textsIn(text: string, form: EmbeddingForm): string[] {
  if (shapeOf(form) === "openai") return [...text.matchAll(openaiVectors)].map(([, vector = ""]) => vector);
  const start = text.indexOf(form.operation === "embed" ? '"embeddings"' : '"embedding"');
  const lists = form.operation === "embed" ? text.slice(text.indexOf("[", start) + 1) : text.slice(start);
  return [...lists.matchAll(listsOfNumbers)].map(([vector]) => vector);
}

const shapeOf = ({ dialect, operation }: EmbeddingForm): keyof typeof known =>
  dialect === "openai" ? "openai" : operation === "embed" ? "embed" : "embeddings";

function valuesOf(answer: JsonObject, form: EmbeddingForm): Json {
  if (form.operation === "embeddings") return [answer["embedding"] ?? null];
  if (shapeOf(form) === "embed") return answer["embeddings"] ?? null;
  const data = Array.isArray(answer["data"]) ? answer["data"] : [];
  return data.map((one, index) =>
    isObject(one) && one["index"] === index ? (one["embedding"] ?? null) : null,
  );
}

const isVector = (value: Json | undefined): boolean =>
  (Array.isArray(value) && value.length > 0) || (typeof value === "string" && value !== "");

/** Puts an answer together, in the order of the fields a real server writes. */
export function writeVectors(vectors: Vectors, form: EmbeddingForm, model: string): string {
  const { texts, inputTokens, totalNs, loadNs } = vectors;
  const name = stringifyLine(model);
  const shape = shapeOf(form);
  if (shape === "embeddings") return `{"embedding":${texts[0] ?? "[]"}}`;
  if (shape === "embed") {
    const counts = `"total_duration":${totalNs},"load_duration":${loadNs},"prompt_eval_count":${inputTokens}`;
    return `{"model":${name},"embeddings":[${texts.join(",")}],${counts}}`;
  }
  const data = texts.map((text, index) => `{"object":"embedding","embedding":${text},"index":${index}}`);
  const usage = `{"prompt_tokens":${inputTokens},"total_tokens":${inputTokens}}`;
  return `{"object":"list","data":[${data.join(",")}],"model":${name},"usage":${usage}}\n`;
}
