/** What an answer took, as the upstream counted it. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Durations of a generation, in nanoseconds, as Ollama reports them. */
export interface Timings {
  readonly totalNs: number;
  readonly loadNs: number;
  readonly inputNs: number;
  readonly outputNs: number;
}

export type FinishReason = "stop" | "length";
