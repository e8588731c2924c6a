import { createOllamaUpstream } from "./ollama.ts";
import { createOpenAiUpstream, type OpenAiOptions, type OpenAiParts } from "./openai/server.ts";
import type { Upstream } from "./upstream.ts";

/** Builds the upstream of a type. */
export function createUpstream(
  options: Omit<OpenAiOptions, "type"> & { readonly type: OpenAiOptions["type"] | "ollama" },
  parts: OpenAiParts,
): Upstream {
  const { type } = options;
  return type === "ollama"
    ? createOllamaUpstream(options, parts)
    : createOpenAiUpstream({ ...options, type }, parts);
}
