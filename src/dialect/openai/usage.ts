import type { Timings, Usage } from "../../core/usage.ts";
import { isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { countOf } from "../values.ts";

/** Token counts of a chunk or a whole answer, in OpenAI's words, Groq's, or those of `/v1/responses`. */
export function readUsage(value: JsonObject): Usage | undefined {
  const groq = value["x_groq"];
  const usage = value["usage"] ?? (isObject(groq) ? groq["usage"] : undefined);
  if (!isObject(usage)) return nativeUsage(value);
  const inside = detailsOf(usage["prompt_tokens_details"] ?? usage["input_tokens_details"]);
  const outside = detailsOf(usage["completion_tokens_details"] ?? usage["output_tokens_details"]);
  return {
    inputTokens: countOf(usage["prompt_tokens"] ?? usage["input_tokens"]),
    outputTokens: countOf(usage["completion_tokens"] ?? usage["output_tokens"]),
    ...counted("cachedTokens", inside["cached_tokens"]),
    ...counted("cacheWriteTokens", inside["cache_write_tokens"]),
    ...counted("reasoningTokens", outside["reasoning_tokens"]),
    ...costIn(usage),
  };
}

function costIn({ cost, cost_details: parts, is_byok: isByok }: JsonObject): Pick<Usage, "costNanoUsd"> {
  if (typeof cost !== "number" || cost < 0) return {};
  const elsewhere = isByok === true ? detailsOf(parts)["upstream_inference_cost"] : undefined;
  return { costNanoUsd: nanoUsdOf(cost, elsewhere) };
}

/**
 * A cost in dollars, in nano-dollars, never less than it is. With a key of one's own at the provider, what the provider
 * itself charges comes on top. Source: OpenRouter, `usage.cost_details`.
 */
export const nanoUsdOf = (dollars: number, elsewhere?: Json): number =>
  nanoOf(dollars) + (typeof elsewhere === "number" && elsewhere > 0 ? nanoOf(elsewhere) : 0);

/** Binary fractions are a little off: what is a whole number but for that is one. */
const nanoOf = (dollars: number): number => Math.ceil(Number((dollars * 1e9).toPrecision(12)));

const detailsOf = (details: Json | undefined): JsonObject => (isObject(details) ? details : {});

const counted = <Name extends string>(name: Name, value: Json | undefined): { [Key in Name]?: number } => {
  const found: { [Key in Name]?: number } = {};
  if (countOf(value) > 0) found[name] = countOf(value);
  return found;
};

/** llama-server counts in its timings when it is not asked for usage. */
function nativeUsage({ timings }: JsonObject): Usage | undefined {
  if (!isObject(timings)) return undefined;
  return {
    inputTokens: countOf(timings["cache_n"]) + countOf(timings["prompt_n"]),
    outputTokens: countOf(timings["predicted_n"]),
    ...counted("cachedTokens", timings["cache_n"]),
  };
}

/** llama-server's times in nanoseconds; never 0, because clients divide by them. */
export function readTimings(timings: Json | undefined): Omit<Timings, "totalNs"> | undefined {
  if (!isObject(timings)) return undefined;
  return {
    loadNs: 1,
    inputNs: nanoseconds(timings["prompt_ms"]),
    outputNs: nanoseconds(timings["predicted_ms"]),
  };
}

const nanoseconds = (ms: Json | undefined): number =>
  typeof ms === "number" && ms > 0 ? Math.max(1, Math.round(ms * 1e6)) : 1;
