/** Prices as the list shows them: decimal strings, USD per token (per image, per request); discount is a fraction. */
export interface Pricing {
  readonly prompt: string;
  readonly completion: string;
  readonly request?: string;
  readonly image?: string;
  readonly web_search?: string;
  readonly internal_reasoning?: string;
  readonly input_cache_read?: string;
  readonly input_cache_write?: string;
  readonly discount?: number;
  readonly overrides?: readonly PriceOverride[];
}

/** Prices that replace others when the prompt is long enough, or inside a window of the UTC day (1630 is 16:30). */
export interface PriceOverride extends Partial<Omit<Pricing, "discount" | "overrides">> {
  readonly min_prompt_tokens?: number;
  readonly utc_start?: number;
  readonly utc_end?: number;
}

export interface FakeModel {
  readonly id: string;
  readonly provider: string;
  readonly output: "text" | "embeddings";
  readonly images?: boolean;
  readonly contextTokens: number;
  readonly outputTokensMax?: number;
  /** Request parameters beyond the common ones. */
  readonly parameters: readonly string[];
  readonly pricing: Pricing;
  readonly reasoning?: {
    readonly mandatory: boolean;
    readonly default_enabled: boolean;
    readonly supported_efforts: readonly string[];
    readonly supports_max_tokens: boolean;
  };
  /** The model that answers, for a router. */
  readonly routesTo?: string;
}

const structured = ["response_format", "structured_outputs"];
const tools = ["tools", "tool_choice"];
const thinking = ["reasoning", "include_reasoning"];

/** A prompt of so many tokens makes the expensive model more expensive; small, so that a spec can reach it. */
export const longPromptTokens = 1_000;

export const fakeCatalogue: readonly FakeModel[] = [
  {
    id: "openai/gpt-4o-mini",
    provider: "OpenAI",
    output: "text",
    images: true,
    contextTokens: 128_000,
    outputTokensMax: 16_384,
    parameters: [...tools, ...structured, "logprobs"],
    pricing: {
      prompt: "0.00000015",
      completion: "0.0000006",
      request: "0",
      image: "0.000217",
      web_search: "0",
      internal_reasoning: "0",
      input_cache_read: "0.000000075",
    },
  },
  {
    id: "anthropic/claude-sonnet-4.5",
    provider: "Anthropic",
    output: "text",
    images: true,
    contextTokens: 200_000,
    outputTokensMax: 64_000,
    parameters: [...tools, ...thinking],
    pricing: {
      prompt: "0.000003",
      completion: "0.000015",
      image: "0.0048",
      input_cache_read: "0.0000003",
      input_cache_write: "0.00000375",
    },
    reasoning: {
      mandatory: false,
      default_enabled: false,
      supported_efforts: ["high", "medium", "low"],
      supports_max_tokens: true,
    },
  },
  {
    id: "meta-llama/llama-3.3-70b-instruct:free",
    provider: "Venice",
    output: "text",
    contextTokens: 65_536,
    parameters: [...tools],
    pricing: { prompt: "0", completion: "0", request: "0", image: "0" },
  },
  {
    id: "deepseek/deepseek-r1",
    provider: "DeepSeek",
    output: "text",
    contextTokens: 64_000,
    outputTokensMax: 16_000,
    parameters: [...thinking],
    // Less than a whole nano-dollar a token: what sums such prices has to round once, at the end.
    pricing: { prompt: "0.0000005505", completion: "0.0000021901" },
    reasoning: {
      mandatory: true,
      default_enabled: true,
      supported_efforts: ["high", "medium", "low"],
      supports_max_tokens: true,
    },
  },
  {
    id: "openai/gpt-5-pro",
    provider: "OpenAI",
    output: "text",
    images: true,
    contextTokens: 400_000,
    outputTokensMax: 128_000,
    parameters: [...tools, ...structured, ...thinking],
    pricing: {
      prompt: "0.000015",
      completion: "0.00012",
      request: "0.002",
      internal_reasoning: "0",
      overrides: [
        { min_prompt_tokens: longPromptTokens, prompt: "0.00003", completion: "0.00018" },
        { utc_start: 1630, utc_end: 30, prompt: "0.0000075" },
      ],
    },
    reasoning: {
      mandatory: true,
      default_enabled: true,
      supported_efforts: ["high"],
      supports_max_tokens: false,
    },
  },
  {
    id: "openrouter/auto",
    provider: "OpenRouter",
    output: "text",
    images: true,
    contextTokens: 2_000_000,
    parameters: [...tools, ...structured, ...thinking],
    pricing: { prompt: "-1", completion: "-1" },
    routesTo: "openai/gpt-4o-mini",
  },
  {
    id: "qwen/qwen3-embedding-8b",
    provider: "Nebius",
    output: "embeddings",
    contextTokens: 32_000,
    parameters: [],
    pricing: { prompt: "0.00000001", completion: "0" },
  },
];

const common = [
  "max_tokens",
  "temperature",
  "top_p",
  "top_k",
  "stop",
  "seed",
  "frequency_penalty",
  "presence_penalty",
];

/** An entry of the list, with every field that is documented. */
export function listEntry(model: FakeModel): Readonly<Record<string, unknown>> {
  const inputs = model.images === true ? ["text", "image"] : ["text"];
  return {
    id: model.id,
    canonical_slug: model.id.replace(/:.*$/, ""),
    hugging_face_id: "",
    name: model.id,
    created: 1_760_000_000,
    description: "A model that says what was said.",
    context_length: model.contextTokens,
    architecture: {
      modality: `${inputs.join("+")}->${model.output}`,
      input_modalities: inputs,
      output_modalities: [model.output],
      tokenizer: "Other",
      instruct_type: null,
    },
    pricing: model.pricing,
    top_provider: {
      context_length: model.contextTokens,
      max_completion_tokens: model.outputTokensMax ?? null,
      is_moderated: false,
    },
    per_request_limits: null,
    supported_parameters: model.output === "text" ? [...common, ...model.parameters] : [],
    default_parameters: null,
    ...(model.reasoning === undefined ? {} : { reasoning: model.reasoning }),
    expiration_date: null,
    links: { details: `/api/v1/models/${model.id}/endpoints` },
  };
}
