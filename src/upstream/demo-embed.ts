import type { Call } from "../core/call.ts";
import { stringsOf } from "../dialect/values.ts";
import { field, stringifyLine, type JsonObject } from "../lib/json.ts";
import { loadTokenizer } from "../lib/tokens.ts";
import type { Clock } from "../lib/time.ts";
import { embeddingLength, embedText } from "./demo-embedding.ts";

/** The demo model's answer to an embedding call, in the shape of the endpoint that was called. */
export async function answerEmbedding(call: Call, clock: Clock): Promise<string> {
  const startedMs = clock.monotonicMs();
  const texts = textsOf(call);
  const vectors = texts.map((text) => embedText(text.slice(0, lettersMax), dimensionsOf(call)));
  if (call.operation === "embeddings") return stringifyLine({ embedding: vectors[0] ?? [] });
  const tokenizer = await loadTokenizer();
  const tokens = texts.reduce((sum, text) => sum + tokenizer.count(text), 0);
  if (call.dialect === "openai") return `${stringifyLine(openaiShape(call, vectors, tokens))}\n`;
  const counts = {
    total_duration: Math.max(1, Math.round((clock.monotonicMs() - startedMs) * 1e6)),
    load_duration: 1,
    prompt_eval_count: tokens,
  };
  return stringifyLine({ model: call.model, embeddings: vectors, ...(vectors.length === 0 ? {} : counts) });
}

/** What is beyond the context is not embedded, as with `truncate` in Ollama. */
const lettersMax = 32_768;

/** A single empty text only loads a native model; in a list, or for OpenAI, it is embedded like any other. */
function textsOf(call: Call): string[] {
  const input = field(call.wire, call.operation === "embeddings" ? "prompt" : "input");
  return input === "" && call.dialect === "ollama" ? [] : stringsOf(input);
}

function dimensionsOf(call: Call): number {
  const dimensions = field(call.wire, "dimensions");
  return typeof dimensions === "number" && dimensions > 0 ? Math.floor(dimensions) : embeddingLength;
}

function openaiShape(call: Call, vectors: readonly number[][], tokens: number): JsonObject {
  const format = field(call.wire, "encoding_format");
  const base64 = typeof format === "string" && format.toLowerCase() === "base64";
  const data = vectors.map((vector, index) => ({
    object: "embedding",
    embedding: base64 ? Buffer.from(Float32Array.from(vector).buffer).toString("base64") : vector,
    index,
  }));
  return { object: "list", data, model: call.model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}
