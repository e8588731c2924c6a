import { wordsIn } from "./bill.ts";
import { nextId, overLimit } from "./chat.ts";
import { unknownModel } from "./choose.ts";
import { endsAtHead, failedAtHead, sendError, sendJson, type Exchange } from "./exchange.ts";
import { beginEmbedding, settle } from "./generation.ts";
import { textOf, type Part } from "./wire.ts";

interface EmbeddingWire {
  readonly model?: string;
  readonly input?: unknown;
  readonly dimensions?: number;
  readonly encoding_format?: string;
}

/** Numbers in a vector unless the request says otherwise. */
const usualDimensions = 8;

/** Answers `POST /embeddings`. The same text has the same vector, always. */
export async function answerEmbeddings(exchange: Exchange): Promise<void> {
  const { state, seen, outgoing, fault } = exchange;
  const wire = seen.body as EmbeddingWire;
  const inputs = inputsOf(wire.input);
  const limited = overLimit(state);
  if (limited !== undefined) return sendError(exchange, limited);
  if (inputs.length === 0) return sendError(exchange, { status: 400, message: "input: Invalid input" });
  const id = wire.model ?? "";
  const model = state.models.find((one) => one.id === id);
  if (model === undefined) return sendError(exchange, unknownModel(id));
  if (model.output !== "embeddings") {
    const availability = { code: "wrong_endpoint", retryable: false, requested_models: [id] };
    return sendError(exchange, { status: 400, message: `${id} cannot be used for embeddings`, availability });
  }
  if (state.down.has(id)) return sendError(exchange, { status: 503, retryAfterS: 7 });
  const inputTokens = inputs.reduce((sum, input) => sum + input.tokens, 0);
  const texts = inputs.map((input) => input.text);
  const generation = beginEmbedding(state, nextId(exchange), { model, texts, inputTokens });
  outgoing.on("close", () => settle(state, generation, "cancelled"));
  if (endsAtHead(fault)) settle(state, generation, "error");
  if (await failedAtHead(exchange)) return;
  generation.finishReason = "stop";
  settle(state, generation, "clean");
  const encode = wire.encoding_format === "base64" ? base64Of : (vector: Float32Array) => [...vector];
  sendJson(exchange, {
    id: generation.id,
    object: "list",
    model: id,
    provider: model.provider,
    data: texts.map((text, index) => ({
      object: "embedding",
      embedding: encode(vectorOf(text, wire.dimensions ?? usualDimensions)),
      index,
    })),
    usage: { prompt_tokens: inputTokens, total_tokens: inputTokens, cost: generation.costNanoUsd / 1e9 },
  });
}

interface Input {
  readonly text: string;
  readonly tokens: number;
}

/** A text, tokens, a list of either, or a list of parts. */
function inputsOf(input: unknown): Input[] {
  if (typeof input === "string") return [{ text: input, tokens: wordsIn(input) }];
  if (!Array.isArray(input)) return [];
  if (input.every((one) => typeof one === "number")) {
    return input.length === 0 ? [] : [{ text: input.join(" "), tokens: input.length }];
  }
  return (input as unknown[]).flatMap((one) => {
    if (typeof one !== "object" || one === null || Array.isArray(one)) return inputsOf(one);
    const text = textOf({ role: "user", content: (one as { content: readonly Part[] }).content });
    return [{ text, tokens: wordsIn(text) }];
  });
}

/** Little-endian floats of four bytes. */
function base64Of(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString("base64");
}

/** Numbers between -1 and 1 from a running hash (FNV-1a) of the text. */
function vectorOf(text: string, dimensions: number): Float32Array {
  let hash = 0x811c9dc5;
  const stir = (byte: number): number => (hash = Math.imul(hash ^ byte, 0x01000193) >>> 0);
  for (const byte of Buffer.from(text)) stir(byte);
  return Float32Array.from({ length: dimensions }, (_, index) => stir(index % 256) / 0x80000000 - 1);
}
