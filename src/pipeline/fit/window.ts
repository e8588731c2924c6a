import type { Call } from "../../core/call.ts";
import { limitOf } from "../../dialect/values.ts";
import { field, isObject, type Json } from "../../lib/json.ts";
import type { Candidate } from "../../upstream/admission.ts";

/** What an Ollama server gives a model at least that it loads without being told a size. */
const ollamaTokensMin = 4_096;

/** Tokens that a candidate sees at once of this call; undefined when that is not known. */
export function windowOf(call: Call, candidate: Candidate): number | undefined {
  const { upstream, target } = candidate;
  if (upstream.type === "demo") return undefined;
  if (upstream.type !== "ollama") return upstream.models.details.get(target.key)?.contextTokens;
  const own = ownTokensOf(candidate);
  if (isElsewhere(candidate)) return own;
  const tokens = requestedTokensOf(call) ?? loadedTokensOf(candidate) ?? usualTokensOf(call);
  return tokens === undefined || own === undefined ? tokens : Math.min(tokens, own);
}

/**
 * With how much a model is loaded is the server's own business: by its memory, its Modelfile or its environment. A call
 * that can say a size is taken to get the least; one that cannot, under `/v1`, is left alone rather than cut for nothing.
 */
const usualTokensOf = ({ dialect }: Call): number | undefined =>
  dialect === "ollama" ? ollamaTokensMin : undefined;

/** Tokens that an Ollama server's model can see at most, however it is loaded; undefined when that is not known. */
export function ownTokensOf({ upstream, target }: Candidate): number | undefined {
  const details = upstream.models.byKey.get(target.key)?.["details"];
  return isObject(details) ? sizeOf(details["context_length"]) : undefined;
}

/** The size that a model is loaded with; undefined when it is not loaded. */
export const loadedTokensOf = ({ upstream, target }: Candidate): number | undefined =>
  sizeOf(upstream.models.loaded.get(target.key)?.["context_length"]);

/** A stub for a model on another host, which is never loaded here and always has its whole context. */
const isElsewhere = ({ upstream, target }: Candidate): boolean =>
  typeof upstream.models.byKey.get(target.key)?.["remote_host"] === "string";

/** Only `/api/*` takes a size; under `/v1` Ollama ignores it. The keys of options have one case. */
function requestedTokensOf({ dialect, wire }: Call): number | undefined {
  if (dialect !== "ollama") return undefined;
  const options = field(wire, "options");
  return isObject(options) ? sizeOf(options["num_ctx"]) : undefined;
}

const sizeOf = (value: Json | undefined): number | undefined =>
  typeof value === "number" && value >= 1 ? Math.floor(value) : undefined;

/** Tokens to leave free for the reply: the request's limit, else `replyTokens`; at most half the window. */
export function roomFor(call: Call, window: number, replyTokens: number): number {
  return Math.min(outputTokensMaxOf(call) ?? replyTokens, Math.floor(window / 2));
}

/** The limit that the dialect's decoder finds too, without decoding all the rest. */
function outputTokensMaxOf({ dialect, operation, wire }: Call): number | undefined {
  if (dialect === "anthropic") return limitOf(field(wire, "max_tokens"));
  if (operation === "responses") return limitOf(field(wire, "max_output_tokens"));
  if (dialect === "openai") return limitOf(field(wire, "max_completion_tokens") ?? field(wire, "max_tokens"));
  const options = field(wire, "options");
  return isObject(options) ? limitOf(options["num_predict"]) : undefined;
}
