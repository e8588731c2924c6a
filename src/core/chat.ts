import type { Json } from "../lib/json.ts";

/** One turn of a conversation, reduced to what it says. */
export interface Message {
  readonly role: string;
  readonly text: string;
}

/** How the tokens are to be chosen and when to stop. */
export interface Sampling {
  readonly outputTokensMax: number | undefined;
  readonly stop: readonly string[];
}

/** A generating request of any dialect, decoded. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly stream: boolean;
  readonly sampling: Sampling;
  /** Sampling options as the client spelt them. */
  readonly options: Readonly<Record<string, Json>>;
  /** Features of the request that need a model to support them, e.g. `tools` or `thinking`. */
  readonly needs: readonly Need[];
  /** True when a stream is to carry its token counts. */
  readonly streamUsage: boolean;
}

export type Need = "tools" | "thinking" | "images" | "format" | "insert" | "logprobs";
