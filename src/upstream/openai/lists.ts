import { readPrice } from "../../core/price.ts";
import { countOf, stringsOf, textOf } from "../../dialect/values.ts";
import { isObject, type Json, type JsonObject } from "../../lib/json.ts";
import type { Lists } from "../models.ts";
import { type Described, listed } from "./entry.ts";

/** Models as `/api/tags` and `/api/ps` would list them. */
export function listsOf(models: readonly Described[], isLoaded: (id: string) => boolean): Lists {
  const byKey = new Map<string, JsonObject>();
  const details = new Map<string, NonNullable<ReturnType<typeof listed>>["detail"]>();
  const loaded = new Map<string, JsonObject>();
  for (const model of models) {
    const one = listed(model);
    if (one === undefined || byKey.has(one.key)) continue;
    byKey.set(one.key, one.entry);
    details.set(one.key, one.detail);
    if (isLoaded(model.id)) loaded.set(one.key, loadedEntry(one.entry, model));
  }
  return { byKey, details, loaded };
}

/** A server that keeps its model as long as it runs. */
const forever = "2318-01-01T00:00:00Z";

function loadedEntry(entry: JsonObject, { bytes = 0, contextTokens = 0 }: Described): JsonObject {
  const { name = "", model = "", digest = "", details = {} } = entry;
  const shown = isObject(details) ? { ...details } : {};
  delete shown["context_length"];
  delete shown["embedding_length"];
  return {
    name,
    model,
    size: bytes,
    digest,
    details: shown,
    expires_at: forever,
    size_vram: bytes,
    context_length: contextTokens,
  };
}

const dataOf = (list: JsonObject): JsonObject[] =>
  Array.isArray(list["data"]) ? list["data"].filter(isObject) : [];

/** The models of a llama-server: its `/v1/models`, and `/props` where it shows them. */
export function llamaModels(list: JsonObject, props: JsonObject | undefined): Described[] {
  return dataOf(list).map((model): Described => {
    const meta = isObject(model["meta"]) ? model["meta"] : {};
    const id = textOf(model["id"]);
    const slot = props?.["default_generation_settings"];
    const bytes = countOf(meta["size"]);
    const { capabilities, lacks } = abilities(model, props);
    return {
      id,
      contextTokens: positive(isObject(slot) ? slot["n_ctx"] : undefined) ?? positive(meta["n_ctx"]),
      embeddingLength: positive(meta["n_embd"]),
      parameters: positive(meta["n_params"]),
      bytes,
      quantization: textOf(meta["ftype"]) || textOf(props?.["model_ftype"]),
      createdS: 0,
      capabilities,
      lacks,
      identity: JSON.stringify(["llama-server", id, meta, textOf(props?.["chat_template"])]),
    };
  });
}

/** Whether a llama-server in router mode has the model in its memory; one that runs a single model always has. */
export function isLoadedAt(list: JsonObject): (id: string) => boolean {
  const statuses = new Map(
    dataOf(list).map((model) => {
      const { status } = model;
      return [textOf(model["id"]), isObject(status) ? textOf(status["value"]) : "loaded"];
    }),
  );
  return (id) => statuses.get(id) === "loaded";
}

/** Whether the server is a router, which loads models as they are asked for. */
export const isRouter = (list: JsonObject): boolean =>
  dataOf(list).some((model) => isObject(model["status"]));

const isEmbedderName = (id: string): boolean => /embed|minilm|\b(?:bge|gte|e5)-/i.test(id);

const thinkingMark = /think|reason/i;

function abilities(
  model: JsonObject,
  props: JsonObject | undefined,
): Required<Pick<Described, "capabilities" | "lacks">> {
  // A server that only embeds says "completion" like any other: its name is all there is to tell it by.
  if (isEmbedderName(textOf(model["id"]))) return { capabilities: ["embedding"], lacks: [] };
  if (props === undefined) return { capabilities: ["completion"], lacks: [] };
  const { vision } = objectOf(props["modalities"]);
  const inputs = stringsOf(objectOf(model["architecture"])["input_modalities"]);
  const sees = vision === true || inputs.includes("image");
  const callsTools = objectOf(props["chat_template_caps"])["supports_tools"] === true;
  const thinks = thinkingMark.test(textOf(props["chat_template"]));
  const found = [callsTools && "tools", sees && "vision", thinks && "thinking"].filter(
    (one) => one !== false,
  );
  return { capabilities: ["completion", ...found], lacks: vision === false && !sees ? ["vision"] : [] };
}

const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});

/** The models of an OpenAI-compatible server; vLLM tells the context, others only the name. */
export function openaiModels(list: JsonObject): Described[] {
  return dataOf(list).map((model): Described => {
    const id = textOf(model["id"]);
    return {
      id,
      contextTokens: positive(model["max_model_len"]) ?? positive(model["context_window"]),
      createdS: countOf(model["created"]),
      capabilities: isEmbedderName(id) ? ["embedding"] : ["completion", "tools"],
      identity: JSON.stringify(["openai", id, model["root"] ?? null, model["created"] ?? null]),
    };
  });
}

/** The models of OpenRouter that the configuration allows. */
export function openrouterModels(
  list: JsonObject,
  { isAllowed, host }: { readonly isAllowed: (id: string) => boolean; readonly host: string },
): Described[] {
  return dataOf(list)
    .filter((model) => isAllowed(textOf(model["id"])))
    .map((model): Described => {
      const id = textOf(model["id"]);
      const architecture = isObject(model["architecture"]) ? model["architecture"] : {};
      const supported = stringsOf(model["supported_parameters"]);
      const inputs = stringsOf(architecture["input_modalities"]);
      const isEmbedder = stringsOf(architecture["output_modalities"]).includes("embeddings");
      const has = (name: string, isThere: boolean): string[] => (isThere ? [name] : []);
      const pricing = model["pricing"];
      return {
        id,
        contextTokens: positive(model["context_length"]),
        createdS: countOf(model["created"]),
        family: id.split("/")[0],
        capabilities: isEmbedder
          ? ["embedding"]
          : [
              "completion",
              ...has("tools", supported.includes("tools")),
              ...has("vision", inputs.includes("image")),
              ...has("thinking", supported.includes("reasoning")),
            ],
        lacks: [
          ...has("tools", supported.length > 0 && !supported.includes("tools")),
          ...has("vision", inputs.length > 0 && !inputs.includes("image")),
        ],
        price: isObject(pricing) ? readPrice(pricing) : undefined,
        remoteHost: host,
        identity: JSON.stringify(["openrouter", id, model["canonical_slug"] ?? null]),
      };
    });
}

const positive = (value: Json | undefined): number | undefined =>
  typeof value === "number" && value > 0 ? value : undefined;
