import type { Call } from "../core/call.ts";
import type { Signal } from "../lib/abort.ts";
import type { Semaphore } from "../lib/semaphore.ts";
import type { JsonObject } from "../lib/json.ts";
import type { Health } from "./health.ts";

/** A server (or a model inside this process) that answers calls. */
export interface Upstream {
  readonly name: string;
  readonly type: "ollama" | "demo";
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
   * Sends one call. Resolves with the head of the answer; its body must be read to the end or returned.
   * Rejects with ProxyError, or with the signal's reason.
   */
  send(call: Call, signal: Signal): Promise<UpstreamReply>;
  /** Looks at the upstream anew: whether it answers, and what models it has. Never rejects. */
  refresh(): Promise<void>;
  /** Notes that a model was just used, so that the next choice knows it is loaded. */
  readonly noteLoaded: (key: string) => void;
  /** Stops background work; idle connections are closed, running answers go on. */
  close(): void;
}

/** The head of an upstream's answer and its body, still flowing. */
export interface UpstreamReply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** The models of one upstream. */
export interface ModelList {
  /** Entries of `/api/tags` by model key, exactly as the upstream wrote them. */
  readonly byKey: ReadonlyMap<string, JsonObject>;
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
  loaded: new Map(),
  warm: new Set(),
  version: undefined,
  seenAtMs: undefined,
  stale: false,
};
