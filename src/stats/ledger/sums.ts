import type { Sums } from "./messages.ts";

export const noSums: Sums = {
  calls: 0,
  inputTokens: 0,
  outputTokens: 0,
  costNanoUsd: 0,
  avoidedNanoUsd: 0,
  baselineNanoUsd: 0,
};

export const addSums = (one: Sums, other: Sums): Sums => ({
  calls: one.calls + other.calls,
  inputTokens: one.inputTokens + other.inputTokens,
  outputTokens: one.outputTokens + other.outputTokens,
  costNanoUsd: one.costNanoUsd + other.costNanoUsd,
  avoidedNanoUsd: one.avoidedNanoUsd + other.avoidedNanoUsd,
  baselineNanoUsd: one.baselineNanoUsd + other.baselineNanoUsd,
});
