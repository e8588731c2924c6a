import { listEntry, type FakeModel } from "./catalogue.ts";
import { sendError, sendJson, type Exchange, type State } from "./exchange.ts";

/** All that was billed so far. */
export function spentNanoUsd({ bill }: State): number {
  let sum = 0;
  for (const entry of bill.values()) sum += entry.costNanoUsd;
  return sum;
}

/** `GET /models`; pages only for who asks for them. */
export function listModels(exchange: Exchange): void {
  const { state, seen } = exchange;
  const all = seen.query.get("output_modalities") === "all";
  const parameters = (seen.query.get("supported_parameters") ?? "").split(",").filter(Boolean);
  const chosen = state.models.filter(
    (model) =>
      (all || model.output === "text") &&
      parameters.every((parameter) => model.parameters.includes(parameter)),
  );
  sendPage(exchange, chosen);
}

/** `GET /embeddings/models`. */
export function listEmbeddingModels(exchange: Exchange): void {
  sendPage(
    exchange,
    exchange.state.models.filter((model) => model.output === "embeddings"),
  );
}

function sendPage(exchange: Exchange, models: readonly FakeModel[]): void {
  const { query, path } = exchange.seen;
  const offset = Number(query.get("offset") ?? 0);
  const limit = Number(query.get("limit") ?? models.length);
  const end = offset + limit;
  const next = end < models.length ? `/api/v1${path}?offset=${end}&limit=${limit}` : null;
  sendJson(exchange, {
    data: models.slice(offset, end).map(listEntry),
    total_count: models.length,
    links: { next },
  });
}

/** `GET /key`. */
export function showKey(exchange: Exchange): void {
  const { state } = exchange;
  const usage = spentNanoUsd(state) / 1e9;
  sendJson(exchange, {
    data: {
      label: "sk-or-v1-tes...est",
      limit: state.limitUsd,
      limit_remaining: state.limitUsd === null ? null : Math.max(0, state.limitUsd - usage),
      limit_reset: null,
      usage,
      usage_daily: usage,
      usage_weekly: usage,
      usage_monthly: usage,
      byok_usage: 0,
      include_byok_in_limit: false,
      is_free_tier: false,
      expires_at: null,
      free_model_daily_requests: { used: 0, limit: 1_000, remaining: 1_000 },
      rate_limit: { requests: -1, interval: "10s", note: "This field is deprecated and safe to ignore." },
    },
  });
}

/** `GET /credits`. */
export function showCredits(exchange: Exchange): void {
  const { state } = exchange;
  if (!state.managesCredits) {
    return sendError(exchange, { status: 403, message: "Only management keys can fetch credits" });
  }
  sendJson(exchange, { data: { total_credits: 100, total_usage: spentNanoUsd(state) / 1e9 } });
}

/** `GET /generation?id=`: what became of it; found only some time after it is over. */
export function showGeneration(exchange: Exchange): void {
  const { state, seen } = exchange;
  const id = seen.query.get("id") ?? "";
  const generation = state.generations.get(id);
  const entry = state.bill.get(id);
  if (generation === undefined || entry === undefined || state.generationMisses > 0) {
    if (state.generationMisses > 0) state.generationMisses--;
    return sendError(exchange, { status: 404, message: `Generation ${id} not found` });
  }
  sendJson(exchange, {
    data: {
      id,
      model: entry.model,
      provider_name: generation.model.provider,
      created_at: new Date(generation.createdMs).toISOString(),
      total_cost: entry.costNanoUsd / 1e9,
      usage: entry.costNanoUsd / 1e9,
      upstream_inference_cost: null,
      cache_discount: null,
      tokens_prompt: entry.inputTokens,
      tokens_completion: entry.outputTokens,
      native_tokens_prompt: entry.inputTokens,
      native_tokens_completion: entry.outputTokens,
      native_tokens_reasoning: entry.reasoningTokens,
      native_tokens_cached: entry.cachedTokens,
      num_media_prompt: generation.input.images,
      finish_reason: generation.finishReason,
      native_finish_reason: generation.finishReason,
      cancelled: entry.ended === "cancelled",
      streamed: generation.streamed,
      is_byok: false,
      latency: 10,
      generation_time: 20,
    },
  });
}
