import type { ErrorCode, ProxyError } from "../core/error.ts";
import type { Usage } from "../core/usage.ts";

/** How a request's bytes were treated: relayed as they are, or answered by Chasqui itself. */
export type LaneName = "relay" | "local";

/** What happened to one request. One is made at the door, filled on the way, and written once at the end. */
export interface CallRecord {
  readonly id: string;
  readonly method: string;
  /** The route's pattern, or `other`: never what a client made up. */
  endpoint: string;
  /** The key's name that let it in. */
  keyName: string | undefined;
  askedModel: string | undefined;
  answeredModel: string | undefined;
  upstream: string | undefined;
  lane: LaneName;
  status: number;
  error: ErrorCode | undefined;
  /** The error in Chasqui's own words; nothing that a client or an upstream said. */
  errorText: string | undefined;
  usage: Usage | undefined;
  /** Upstreams that failed before one answered. */
  hops: number;
  bytesIn: number;
  bytesOut: number;
  /** Milliseconds from the request's head to the first byte of the answer's body. */
  firstByteMs: number | undefined;
}

export function createRecord(id: string, method: string): CallRecord {
  return {
    id,
    method,
    endpoint: "other",
    keyName: undefined,
    askedModel: undefined,
    answeredModel: undefined,
    upstream: undefined,
    lane: "local",
    status: 0,
    error: undefined,
    errorText: undefined,
    usage: undefined,
    hops: 0,
    bytesIn: 0,
    bytesOut: 0,
    firstByteMs: undefined,
  };
}

/** Notes how a request failed. The first failure counts: later ones are its consequences. */
export function noteError(record: CallRecord, error: ProxyError): void {
  if (record.error !== undefined) return;
  record.error = error.code;
  if (!error.quoted) record.errorText = error.message;
  if (error.answer !== undefined) record.lane = "relay";
  record.upstream ??= error.upstream;
  record.hops = Math.max(record.hops, error.hops.length);
}
