import type { ErrorCode, ProxyError } from "../core/error.ts";
import type { Usage } from "../core/usage.ts";

/** How a request's bytes were treated: relayed as they are, edited, made anew in another dialect,
 * given again from the cache, or made by Chasqui itself. */
export type LaneName = "relay" | "edit" | "translate" | "cache" | "local";

/** What happened to one request. One is made at the door, filled on the way, and written once at the end. */
export interface CallRecord {
  readonly id: string;
  readonly method: string;
  /** The route's pattern, or `other`: never what a client made up. */
  endpoint: string;
  /** The key's name that let it in. */
  keyName: string | undefined;
  /** Whether that key, the client's own word or the configuration keeps it in the house. */
  isLocalOnly: boolean;
  askedModel: string | undefined;
  answeredModel: string | undefined;
  upstream: string | undefined;
  lane: LaneName;
  /** How the model `auto` chose who answers; undefined for calls that it was not asked. */
  routed: Routed | undefined;
  /** What the cache said, in the word of `X-Chasqui-Cache`; undefined for what it is not asked about. */
  cache: string | undefined;
  status: number;
  error: ErrorCode | undefined;
  /** The error in Chasqui's own words; nothing that a client or an upstream said. */
  errorText: string | undefined;
  usage: Usage | undefined;
  /** Tokens of web results that the router put into the prompt. */
  addedTokens: number;
  /** Upstreams that failed before one answered. */
  hops: number;
  /** Whether the model that was asked for answered, and was asked all of what the client said. */
  isExact: boolean;
  /** Fields of the request that the upstream could not be told. */
  dropped: readonly string[] | undefined;
  costNanoUsd: number | undefined;
  /** What an answer out of the cache had taken when it was made. */
  saved: Usage | undefined;
  /** Milliseconds since 1970. */
  readonly startedEpochMs: number;
  session: string | undefined;
  bytesIn: number;
  bytesOut: number;
  /** Milliseconds from the request's head to the first byte of the answer's body. */
  firstByteMs: number | undefined;
}

/** In the words of `X-Chasqui-Tier`, `-Searched` and `-Escalated`. */
export interface Routed {
  readonly tier: string;
  readonly searched: string;
  readonly escalated: string | undefined;
}

/** A client that is gone before any answer has the status that nginx and Ollama log for it. */
const clientClosedStatus = 499;

/** The status by which a call is logged, counted and written down. */
export const statusOf = ({ status }: Pick<CallRecord, "status">): number =>
  status === 0 ? clientClosedStatus : status;

export function createRecord(id: string, method: string): CallRecord {
  return {
    id,
    method,
    endpoint: "other",
    keyName: undefined,
    isLocalOnly: false,
    askedModel: undefined,
    answeredModel: undefined,
    upstream: undefined,
    lane: "local",
    routed: undefined,
    cache: undefined,
    status: 0,
    error: undefined,
    errorText: undefined,
    usage: undefined,
    addedTokens: 0,
    hops: 0,
    isExact: true,
    dropped: undefined,
    costNanoUsd: undefined,
    saved: undefined,
    startedEpochMs: Date.now(),
    session: undefined,
    bytesIn: 0,
    bytesOut: 0,
    firstByteMs: undefined,
  };
}

/** What a call would have taken had nothing been put into its prompt: this is what it is compared by. */
export const ownUsage = ({ addedTokens }: CallRecord, usage: Usage): Usage =>
  addedTokens === 0 ? usage : { ...usage, inputTokens: Math.max(0, usage.inputTokens - addedTokens) };

/** Notes how a request failed. The first failure counts: later ones are its consequences. */
export function noteError(record: CallRecord, error: ProxyError): void {
  if (record.error !== undefined) return;
  record.error = error.code;
  if (!error.quoted) record.errorText = error.message;
  if (error.answer !== undefined) record.lane = "relay";
  record.upstream ??= error.upstream;
  record.hops = Math.max(record.hops, error.hops.length);
}

/** Notes in one record how the answer was made that another one tells of. */
export function copyOutcome(from: CallRecord, to: CallRecord): void {
  to.lane = from.lane;
  to.routed = from.routed;
  to.upstream = from.upstream;
  to.answeredModel = from.answeredModel;
  to.hops = from.hops;
  to.usage = from.usage;
  to.isExact = from.isExact;
  to.dropped = from.dropped;
  to.costNanoUsd = from.costNanoUsd;
  to.error ??= from.error;
  to.errorText ??= from.errorText;
}
