/** What an answer took, as the upstream counted it. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the input, what the provider had read before and charges less for. */
  readonly cachedTokens?: number | undefined;
  /** Of the input, what the provider stored for later and charges more for. */
  readonly cacheWriteTokens?: number | undefined;
  /** Of the output, what was thought and not said. */
  readonly reasoningTokens?: number | undefined;
  /** What the provider says it charged, in nano-dollars. */
  readonly costNanoUsd?: number | undefined;
  /** True when nobody told the counts, so that they were counted with a tokenizer that may not be the model's. */
  readonly isEstimated?: true | undefined;
}

/** Durations of a generation, in nanoseconds, as Ollama reports them. */
export interface Timings {
  readonly totalNs: number;
  readonly loadNs: number;
  readonly inputNs: number;
  readonly outputNs: number;
}

/** `tools`: it ended with the tools it calls. */
export type FinishReason = "stop" | "length" | "tools";
