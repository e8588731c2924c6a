import type { Readable } from "node:stream";
import type { JsonObject } from "../lib/json.ts";

export type DialectName = "ollama" | "openai" | "anthropic";

/** What a call asks for. Operations of one dialect differ in wire shape; `chat` of two dialects means the same. */
export type Operation =
  | "generate"
  | "chat"
  | "embed"
  | "embeddings"
  | "completions"
  | "responses"
  | "transcriptions"
  | "messages"
  | "show"
  | "pull"
  | "push"
  | "create"
  | "copy"
  | "delete"
  | "blob"
  | "account";

const inference = new Set<Operation>([
  "generate",
  "chat",
  "embed",
  "embeddings",
  "completions",
  "responses",
  "transcriptions",
  "messages",
]);

/** Whether an operation runs a model. */
export const isInference = (operation: Operation): boolean => inference.has(operation);

/** Whether an operation changes nothing where it is done, so that it may be sent twice, or elsewhere. */
export const isRepeatable = (operation: Operation): boolean =>
  inference.has(operation) || operation === "show";

/** One request that an upstream is to answer. */
export interface Call {
  readonly id: string;
  readonly dialect: DialectName;
  readonly operation: Operation;
  readonly method: string;
  /** Path under the upstream's base, beginning with a slash. */
  readonly path: string;
  /** Exactly what the client sent, or a stream of it when it is too large to hold. */
  readonly raw: Uint8Array | Readable;
  /** The same, parsed once; never changed. Empty for bodies that are not JSON. */
  readonly wire: JsonObject;
  /** The model asked for, verbatim. Empty when the operation names none. */
  readonly model: string;
  /** Headers that go upstream: an allow-list of the client's, lower-case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The upstream the client insists on, by name. */
  readonly pinnedUpstream: string | undefined;
}

/** What an upstream answered; the body flows when it is pulled. */
export interface Reply {
  readonly status: number;
  readonly contentType: string | undefined;
  /** The whole body when it was held, else a stream of it. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /** Response headers besides the content type and those of Chasqui. */
  readonly headers: Readonly<Record<string, string>>;
}
