import { createHash } from "node:crypto";
import type { Call, Operation, Reply } from "../../core/call.ts";
import { stringifyLine, type JsonObject } from "../../lib/json.ts";

/** Operations that the router finds a model for. */
export const generating: ReadonlySet<Operation> = new Set([
  "generate",
  "chat",
  "completions",
  "responses",
  "messages",
]);

const details: JsonObject = {
  parent_model: "",
  format: "chasqui",
  family: "auto",
  families: ["auto"],
  parameter_size: "",
  quantization_level: "",
};

const capabilities = ["completion", "tools", "vision", "thinking"];

const modifiedAt = "2026-11-26T00:00:00Z";

/** How the model `auto` is listed: as Ollama lists its models. */
export const autoEntry: JsonObject = {
  name: "auto",
  model: "auto",
  modified_at: modifiedAt,
  size: 0,
  digest: createHash("sha256").update("chasqui auto").digest("hex"),
  details,
  capabilities,
};

/** What `/api/show` says of it. */
export function showAuto({ model }: Call): Reply {
  const shown: JsonObject = {
    modelfile: `# ${model} is no model: each request is answered by the one that suits it\n`,
    template: "",
    details,
    model_info: { "general.architecture": "auto", "general.basename": "auto" },
    capabilities,
    modified_at: modifiedAt,
  };
  return {
    status: 200,
    contentType: "application/json; charset=utf-8",
    headers: {},
    body: Buffer.from(stringifyLine(shown)),
  };
}
