import type { ProxyError } from "../core/error.ts";
import { createHistogram, type Histogram } from "../lib/histogram.ts";
import { type CallRecord, statusOf } from "./record.ts";

/** Counts since the start of the process. Bounded: only names from the configuration and the route table are kept. */
export interface Metrics {
  requestStarted(): void;
  /** Adds a finished request; `totalMs` from its first to its last byte. */
  requestEnded(record: CallRecord, totalMs: number): void;
  readonly attemptEnded: (upstream: string, error: ProxyError | undefined) => void;
  /** A connection whose bytes were no request. */
  malformed(): void;
  snapshot(): MetricsSnapshot;
}

export interface MetricsSnapshot {
  readonly requests: {
    readonly total: number;
    readonly in_flight: number;
    readonly malformed: number;
    readonly by_endpoint: Readonly<Record<string, number>>;
    readonly by_status: Readonly<Record<string, number>>;
    readonly by_upstream: Readonly<Record<string, number>>;
    readonly by_error: Readonly<Record<string, number>>;
  };
  readonly attempts: Readonly<Record<string, { readonly ok: number; readonly failed: number }>>;
  readonly tokens: { readonly input: number; readonly output: number };
  readonly latency_ms: { readonly first_byte: Quantiles; readonly total: Quantiles };
}

export interface Quantiles {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export function createMetrics(): Metrics {
  const byEndpoint = new Map<string, number>();
  const byStatus = new Map<string, number>();
  const byUpstream = new Map<string, number>();
  const byError = new Map<string, number>();
  const attempts = new Map<string, { ok: number; failed: number }>();
  const firstByte = createHistogram();
  const total = createHistogram();
  const tokens = { input: 0, output: 0 };
  let started = 0;
  let ended = 0;
  let malformed = 0;

  return {
    requestStarted() {
      started += 1;
    },
    requestEnded(record, totalMs) {
      ended += 1;
      count(byEndpoint, record.endpoint);
      count(byStatus, String(statusOf(record)));
      if (record.upstream !== undefined) count(byUpstream, record.upstream);
      if (record.error !== undefined) count(byError, record.error);
      addUsage(tokens, record);
      if (record.lane === "local") return;
      total.record(totalMs);
      if (record.firstByteMs !== undefined) firstByte.record(record.firstByteMs);
    },
    attemptEnded: (upstream, error) => {
      const counts = attempts.get(upstream) ?? { ok: 0, failed: 0 };
      attempts.set(upstream, counts);
      if (error === undefined) counts.ok += 1;
      else if (error.source === "upstream") counts.failed += 1;
    },
    malformed() {
      malformed += 1;
    },
    snapshot: () => ({
      requests: {
        total: started,
        in_flight: started - ended,
        malformed,
        by_endpoint: Object.fromEntries(byEndpoint),
        by_status: Object.fromEntries(byStatus),
        by_upstream: Object.fromEntries(byUpstream),
        by_error: Object.fromEntries(byError),
      },
      attempts: Object.fromEntries([...attempts].map(([name, counts]) => [name, { ...counts }])),
      tokens: { ...tokens },
      latency_ms: { first_byte: quantiles(firstByte), total: quantiles(total) },
    }),
  };
}

/** Those who watched somebody else's answer did not make it. */
function addUsage(tokens: { input: number; output: number }, { cache, usage }: CallRecord): void {
  if (usage === undefined || cache === "coalesced") return;
  tokens.input += usage.inputTokens;
  tokens.output += usage.outputTokens;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

const round = (ms: number): number => Math.round(ms * 1_000) / 1_000;

const quantiles = (histogram: Histogram): Quantiles => ({
  count: histogram.count,
  p50: round(histogram.quantile(0.5)),
  p95: round(histogram.quantile(0.95)),
  p99: round(histogram.quantile(0.99)),
});
