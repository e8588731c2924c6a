import type { Call } from "../core/call.ts";
import type { Price } from "../core/price.ts";
import type { Usage } from "../core/usage.ts";
import type { Signal } from "../lib/abort.ts";
import type { Semaphore } from "../lib/semaphore.ts";
import type { JsonObject } from "../lib/json.ts";
import type { Health } from "./health.ts";

export type UpstreamType = "ollama" | "llama-server" | "openai" | "openrouter" | "demo";

/** The model that an upstream is asked for: the one the client named, or one in its place. */
export interface Target {
  readonly key: string;
  /** Its name as one would write it to this upstream. */
  readonly model: string;
}

/** A server (or a model inside this process) that answers calls. */
export interface Upstream {
  readonly name: string;
  readonly type: UpstreamType;
  /** Whether what it is asked leaves the house. */
  readonly isCloud: boolean;
  /** Whether it answers to names that it does not list. */
  readonly takesAnyModel: boolean;
  /** Why it is not to be asked although it is there, e.g. because it rejects our key; for the operator. */
  readonly trouble: string | undefined;
  /** Milliseconds until it is asked again in spite of that trouble; 0 where nobody can tell. */
  readonly troubleForMs?: () => number;
  /** Whether that trouble is that it loads its model, and so is over soon. */
  readonly isLoading?: boolean;
  /** Where it is, without credentials; undefined for what is inside this process. */
  readonly url: string | undefined;
  /** False for the one that is only looked for because none was configured, and for the demo model that steps in. */
  readonly configured: boolean;
  readonly health: Health;
  /** Places for generating and embedding calls. */
  readonly inference: Semaphore;
  /** Places for everything else. */
  readonly control: Semaphore;
  /** What it offers, as last seen. */
  readonly models: ModelList;
  /**
   * Sends one call, in the client's own dialect both ways. Resolves with the head of the answer; its body must be read to
   * the end or returned. Rejects with ProxyError, or with the signal's reason.
   */
  send(call: Call, target: Target, signal: Signal): Promise<UpstreamReply>;
  /** Looks at the upstream anew: whether it answers, and what models it has. Never rejects. */
  refresh(): Promise<void>;
  /** Notes that a model was just used, so that the next choice knows it is loaded. */
  readonly noteLoaded: (key: string) => void;
  /** What an answer cost in the end, in nano-dollars; undefined while the provider does not say. Never rejects. */
  readonly lookUpCost?: (generationId: string) => Promise<number | undefined>;
  /** Stops background work; idle connections are closed, running answers go on. */
  close(): void;
}

/** The head of an upstream's answer and its body, still flowing. */
export interface UpstreamReply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** What was counted, where the answer's own bytes do not tell all of it; complete when the body has ended. */
  readonly meter?: Meter;
  /** Fields of the request that this upstream could not be told, by their path. */
  readonly dropped?: readonly string[];
  /** How the bytes of the answer were made. */
  readonly lane?: "relay" | "edit" | "translate";
}

export interface Meter {
  readonly usage: () => Usage | undefined;
  /** Whether the end has been read, so that the usage is all there is. */
  readonly isFinal: () => boolean;
  /** What was asked and said so far, counted with a tokenizer that may not be the model's. */
  readonly estimate: () => Promise<Usage>;
  /** The provider's name for this answer, under which it can be asked about it later. */
  readonly generationId: () => string | undefined;
  /** The model that the provider says answered. */
  readonly model: () => string | undefined;
}

/** What is known of a model besides its entry in a list. */
export interface ModelDetail {
  /** The upstream's own name for it. */
  readonly id: string;
  /** Tokens it sees at once. */
  readonly contextTokens: number | undefined;
  /** What it certainly cannot do, e.g. `vision`. */
  readonly lacks: readonly string[];
  /** Undefined when it is not known, or costs nothing. */
  readonly price: Price | undefined;
}

/** The models of one upstream. */
export interface ModelList {
  /** Entries of `/api/tags` by model key, exactly as the upstream wrote them. */
  readonly byKey: ReadonlyMap<string, JsonObject>;
  /** By model key; an Ollama server's entries say all there is to know. */
  readonly details: ReadonlyMap<string, ModelDetail>;
  /** Entries of `/api/ps` by model key. */
  readonly loaded: ReadonlyMap<string, JsonObject>;
  /** Keys of the models in its memory: those of `loaded`, and those used since. */
  readonly warm: ReadonlySet<string>;
  /** The Ollama version it says it is. */
  readonly version: string | undefined;
  /** Monotonic milliseconds of the last good look; undefined when there was none. */
  readonly seenAtMs: number | undefined;
  /** True when a later look failed, so that the list is the last good one. */
  readonly stale: boolean;
}

export const noModels: ModelList = {
  byKey: new Map(),
  details: new Map(),
  loaded: new Map(),
  warm: new Set(),
  version: undefined,
  seenAtMs: undefined,
  stale: false,
};
