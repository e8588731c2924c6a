import type { UsageRow } from "../../src/stats/usage-row.ts";

/** A call to the cloud that cost 7 nano-dollars. */
export const usageRow = (more: Partial<UsageRow> = {}): UsageRow => ({
  requestId: "1",
  timeMs: Date.now(),
  endpoint: "/api/chat",
  askedModel: "gpt",
  upstream: "cloud",
  isCloud: true,
  inputTokens: 3,
  outputTokens: 2,
  cachedTokens: 1,
  reasoningTokens: 0,
  isEstimated: false,
  costNanoUsd: 7,
  costSource: "provider",
  baselineNanoUsd: 20,
  avoidedNanoUsd: 0,
  hops: "",
  status: 200,
  ...more,
});
