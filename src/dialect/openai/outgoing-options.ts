import type { ChatRequest, Effort } from "../../core/chat.ts";
import type { Json, JsonObject } from "../../lib/json.ts";

/** Who reads a request: each takes OpenAI's fields, and others besides. */
export type Flavour = "llama-server" | "openai" | "openrouter";

/** Ollama's options by the name under which a reader takes them. Source: the option tables of the servers. */
const names: Readonly<Record<Flavour | "openai-official", Readonly<Record<string, string>>>> = {
  "llama-server": {
    temperature: "temperature",
    top_k: "top_k",
    top_p: "top_p",
    min_p: "min_p",
    typical_p: "typical_p",
    repeat_penalty: "repeat_penalty",
    repeat_last_n: "repeat_last_n",
    presence_penalty: "presence_penalty",
    frequency_penalty: "frequency_penalty",
    mirostat: "mirostat",
    mirostat_tau: "mirostat_tau",
    mirostat_eta: "mirostat_eta",
    seed: "seed",
    num_keep: "n_keep",
  },
  openai: {
    temperature: "temperature",
    top_k: "top_k",
    top_p: "top_p",
    min_p: "min_p",
    repeat_penalty: "repetition_penalty",
    presence_penalty: "presence_penalty",
    frequency_penalty: "frequency_penalty",
    seed: "seed",
  },
  "openai-official": {
    temperature: "temperature",
    top_p: "top_p",
    presence_penalty: "presence_penalty",
    frequency_penalty: "frequency_penalty",
    seed: "seed",
  },
  openrouter: {
    temperature: "temperature",
    top_k: "top_k",
    top_p: "top_p",
    min_p: "min_p",
    repeat_penalty: "repetition_penalty",
    presence_penalty: "presence_penalty",
    frequency_penalty: "frequency_penalty",
    seed: "seed",
  },
};

/** OpenAI itself takes so many stop sequences, and those who copy it often as many. */
const stopsMax = 4;

export interface OptionsParts {
  readonly flavour: Flavour;
  /** Whether the reader refuses what is not in OpenAI's own list, as OpenAI does. */
  readonly isStrict: boolean;
  /** Tokens that the model sees at once, where that is known. */
  readonly contextTokens: number | undefined;
}

export interface EncodedPart {
  readonly fields: JsonObject;
  /** What could not be said, by its path in Ollama's words. */
  readonly dropped: readonly string[];
}

/** Sampling, limits and stops. Only what the client said is sent: a server's own defaults are its operator's. */
export function encodeOptions(request: ChatRequest, parts: OptionsParts): EncodedPart {
  const { flavour, isStrict } = parts;
  const table = names[flavour === "openai" && isStrict ? "openai-official" : flavour];
  const fields: JsonObject = {};
  const dropped: string[] = [];
  for (const [option, value] of Object.entries(request.options)) {
    const name = table[option];
    if (name === undefined) {
      if (!isFulfilled(option, value, parts)) dropped.push(`options.${option}`);
      continue;
    }
    const said = adapted(option, value, parts);
    if (said !== undefined) fields[name] = said;
    else if (option !== "seed") dropped.push(`options.${option}`);
  }
  return { fields: { ...fields, ...limits(request, parts, dropped) }, dropped };
}

/** A context that is smaller than what there is anyway needs no saying. */
const isFulfilled = (option: string, value: Json, { contextTokens }: OptionsParts): boolean =>
  option === "num_ctx" && contextTokens !== undefined && typeof value === "number" && value <= contextTokens;

/** Ollama's `-1` means "any" for a seed and "all of the context" for the window of repetitions. */
function adapted(option: string, value: Json, { contextTokens }: OptionsParts): Json | undefined {
  if (typeof value !== "number" || value >= 0) return value;
  if (option === "seed") return undefined;
  return option === "repeat_last_n" ? contextTokens : value;
}

function limits(
  { sampling }: ChatRequest,
  { flavour, isStrict }: OptionsParts,
  dropped: string[],
): JsonObject {
  const fields: JsonObject = {};
  const { outputTokensMax, stop } = sampling;
  const limitName = flavour === "openai" && isStrict ? "max_completion_tokens" : "max_tokens";
  // To llama-server 0 means to read the prompt alone; the others refuse it.
  const isLimit = outputTokensMax !== undefined && (outputTokensMax > 0 || flavour === "llama-server");
  if (isLimit) fields[limitName] = outputTokensMax;
  else if (outputTokensMax !== undefined) dropped.push("options.num_predict");
  const stops = stop.filter((one) => one !== "");
  const kept = flavour === "llama-server" ? stops : stops.slice(0, stopsMax);
  if (kept.length > 0) fields["stop"] = kept;
  if (kept.length < stops.length) dropped.push(`options.stop[${kept.length}..]`);
  return fields;
}

/** Whether, and how hard, to think. */
export function encodeThinking({ think }: ChatRequest, flavour: Flavour): JsonObject {
  if (think === undefined) return {};
  if (flavour === "openrouter")
    return { reasoning: think === true ? { enabled: true } : { effort: effortWord(think) } };
  if (flavour === "openai") return { reasoning_effort: think === true ? "medium" : effortWord(think) };
  const level = typeof think === "string" ? { reasoning_effort: effortWord(think) } : {};
  return { chat_template_kwargs: { enable_thinking: think !== false, ...level } };
}

const effortWord = (think: Effort | boolean): string =>
  typeof think === "string" ? (think === "max" ? "xhigh" : think) : think ? "medium" : "none";
