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

/** What a client wants of the cache, in the meaning of HTTP; times in milliseconds. */
export interface CacheControl {
  /** False for `no-cache`: ask anew, whatever is stored. */
  readonly read: boolean;
  /** False for `no-store`: keep nothing of the answer. */
  readonly store: boolean;
  /** `only-if-cached`: never ask an upstream. */
  readonly onlyCached: boolean;
  /** How old an answer may be. */
  readonly ageMaxMs: number | undefined;
  /** For how long it may be stale even without need. */
  readonly staleMaxMs: number;
  /** For how long it may be stale when no upstream answers. */
  readonly staleIfErrorMs: number | undefined;
  /** How long this answer is to be kept at most. */
  readonly ttlMs: number | undefined;
}

/** Who asks. Decided by the server alone: nothing in it is taken from the request's word. */
export interface Asker {
  /** Whose stored answers may be given to it. */
  readonly scope: string;
  /** Tells clients within a scope apart, as far as that is possible. */
  readonly client: string;
  /** Whether it showed an API key, so that `client` is more than an address. */
  readonly isKnown: boolean;
  /** The name of its API key, if it showed one. */
  readonly keyName: string | undefined;
  /** Whether what it asks must not leave the house. */
  readonly isLocalOnly: boolean;
  /** The conversation that it says its calls belong to. */
  readonly session: string | undefined;
  readonly cacheControl: CacheControl;
}

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
  readonly asker: Asker;
  /** What the client says of how it is to be routed: headers, lower-case. */
  readonly routing?: Readonly<Record<string, string>>;
}

/** What an upstream answered; the body flows when it is pulled. */
export interface Reply {
  readonly status: number;
  readonly contentType: string | undefined;
  /** The whole body when it was held, else a stream of it. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /** Response headers besides the content type and those of Chasqui. */
  readonly headers: Readonly<Record<string, string>>;
  /** What is to be known before it is stored, when another model answered than the one that was asked for. */
  readonly keeping?: Keeping;
}

/** How an answer may be stored whose model was chosen for it. */
export interface Keeping {
  /** False when another one may be better the next time: it is nobody else's then. */
  readonly isKept: boolean;
  /** How long it is fresh at most, in milliseconds. */
  readonly freshMsMax: number;
  /** The model that answered. */
  readonly model: string;
  /** Headers that tell how it was made; they are given again with it. */
  readonly told: Readonly<Record<string, string>>;
}
