import type { Logger } from "../lib/log.ts";
import { statusOf } from "../stats/record.ts";
import type { Exchange } from "./exchange.ts";

/** Exactly one line for each request: what was asked and what came of it, never what was said. */
export function logRequest(log: Logger, { record, pathname }: Exchange, totalMs: number): void {
  const level =
    record.status >= 500 ? "warn" : pathname === "/healthz" || pathname === "/readyz" ? "debug" : "info";
  log[level]("request", {
    id: record.id,
    method: record.method,
    route: record.endpoint,
    status: statusOf(record),
    lane: record.lane,
    ...record.routed,
    cache: record.cache,
    model: record.askedModel,
    answered_model: record.answeredModel,
    upstream: record.upstream,
    hops: record.hops === 0 ? undefined : record.hops,
    dropped: record.dropped,
    cost_nano_usd: record.costNanoUsd,
    session: record.session,
    key: record.keyName,
    error: record.error,
    error_text: record.errorText,
    input_tokens: record.usage?.inputTokens,
    output_tokens: record.usage?.outputTokens,
    bytes_in: record.bytesIn,
    bytes_out: record.bytesOut,
    first_byte_ms: record.firstByteMs === undefined ? undefined : Math.round(record.firstByteMs * 10) / 10,
    total_ms: Math.round(totalMs * 10) / 10,
  });
}
