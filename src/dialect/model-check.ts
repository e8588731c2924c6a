import type { Operation } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import { displayName, parseModelName } from "../core/model-name.ts";

/** Operations that answer an absent model with 404, as Ollama does. */
const absentIsUnknown = new Set<Operation>(["generate", "embed", "completions"]);

/** Operations whose illegal names are Ollama's to judge, or mean the same as an unknown one. */
const anyName = new Set<Operation>(["show", "copy", "delete", "push", "transcriptions"]);

/**
 * Refuses an absent or illegal model name in the words of the operation. Source: the error tables of Ollama's API,
 * whose four spellings clients match.
 */
export function checkModel(model: string, operation: Operation): void {
  if (model === "") {
    if (operation === "pull" || operation === "create")
      throw new ProxyError("invalid_request", "invalid model name");
    if (absentIsUnknown.has(operation)) throw modelNotFound(model, operation);
    throw new ProxyError("model_invalid", "model is required");
  }
  if (/:(?:.*-)?cloud:local$|:local:cloud$/i.test(model.trim())) {
    throw new ProxyError(
      "invalid_request",
      `use either :local or :cloud, not both: ${JSON.stringify(model)}`,
    );
  }
  if (!anyName.has(operation) && parseModelName(model) === undefined) {
    throw new ProxyError("model_invalid", "invalid model name");
  }
}

/** The 404 of an unknown model, in the spelling of the operation. */
export function modelNotFound(model: string, operation: Operation): ProxyError {
  return new ProxyError("model_not_found", notFoundText(model, operation));
}

function notFoundText(model: string, operation: Operation): string {
  if (model === "") return "model '' not found";
  if (operation === "embed" || operation === "embeddings")
    return `model "${model}" not found, try pulling it first`;
  if (operation === "copy") return `model "${model}" not found`;
  if (operation !== "show") return `model '${model}' not found`;
  const name = parseModelName(model);
  return `model '${name === undefined ? model : displayName(name)}' not found`;
}
