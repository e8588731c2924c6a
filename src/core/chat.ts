import type { Json, JsonObject } from "../lib/json.ts";

/** A picture, its bytes in base64 without white space. */
export interface Image {
  /** e.g. `image/png`, told by its first bytes. */
  readonly mediaType: string;
  readonly base64: string;
}

/** A call of a tool that a model asks for. */
export interface ToolCall {
  /** Undefined where nobody has given it one. */
  readonly id: string | undefined;
  readonly name: string;
  /** JSON text of an object. */
  readonly arguments: string;
}

/** One turn of a conversation. */
export interface Message {
  /** Lower-case; system, user, assistant or tool, or what a client made up. */
  readonly role: string;
  readonly text: string;
  readonly thinking?: string | undefined;
  readonly images?: readonly Image[] | undefined;
  readonly toolCalls?: readonly ToolCall[] | undefined;
  /** Of a tool's result: the call that it answers. */
  readonly toolCallId?: string | undefined;
  readonly toolName?: string | undefined;
}

/** A tool that a model may call. */
export interface Tool {
  readonly name: string;
  readonly description: string | undefined;
  /** JSON schema of its arguments, as the client wrote it. */
  readonly parameters: JsonObject | undefined;
}

export type ToolChoice = "auto" | "none" | "required" | { readonly name: string };

/** What the answer has to be: any JSON, or JSON of a schema. */
export type Format = "json" | { readonly schema: JsonObject };

export type Effort = "minimal" | "low" | "medium" | "high" | "max";

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
  /** Other sampling options, under Ollama's names, with the values that the client gave. */
  readonly options: Readonly<Record<string, Json>>;
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice | undefined;
  /** False when the model may call one tool at a time. */
  readonly parallelTools: boolean | undefined;
  readonly format: Format | undefined;
  /** Whether, and how hard, to think; undefined when that is left to the model. */
  readonly think: boolean | Effort | undefined;
  /** How many alternatives of each token are wanted with their probabilities; undefined for none, not even its own. */
  readonly logprobs: number | undefined;
  /** The text after a gap that is to be filled. */
  readonly suffix: string | undefined;
  /** Whether the prompt goes to the model as it is, without a template. */
  readonly raw: boolean;
  /** Features of the request that need a model to support them, e.g. `tools` or `thinking`. */
  readonly needs: readonly Need[];
  /** True when a stream is to carry its token counts. */
  readonly streamUsage: boolean;
  /** Fields that have no meaning outside their dialect and were left out, by their path, e.g. `options.num_gpu`. */
  readonly dropped: readonly string[];
}

export type Need = "tools" | "thinking" | "images" | "format" | "insert" | "logprobs";
