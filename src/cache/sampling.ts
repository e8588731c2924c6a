import type { DialectName, Operation } from "../core/call.ts";
import { field, isObject, type JsonObject } from "../lib/json.ts";

/**
 * Whether a request asks for the same answer each time: an embedding, temperature 0, one token to choose from, or a
 * seed. Every dialect's default is to draw at random, so what is left out says no.
 */
export function isDeterministic(dialect: DialectName, operation: Operation, wire: JsonObject): boolean {
  if (operation === "embed" || operation === "embeddings") return true;
  const options = dialect === "ollama" ? field(wire, "options") : wire;
  if (!isObject(options)) return false;
  const [temperature, choices, seed] = ["temperature", "top_k", "seed"].map((name) => field(options, name));
  if (temperature === 0 || choices === 1) return true;
  return typeof seed === "number" && seed >= 0;
}

/** Whether the client itself said where the answer is to end, so that an answer that ends there is whole. */
export function limitsLength(dialect: DialectName, wire: JsonObject): boolean {
  if (dialect !== "ollama")
    return typeof (field(wire, "max_tokens") ?? field(wire, "max_completion_tokens")) === "number";
  const options = field(wire, "options");
  const limit = isObject(options) ? options["num_predict"] : undefined;
  return typeof limit === "number" && limit >= 0;
}
