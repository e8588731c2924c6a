import type { Reply } from "../core/call.ts";
import { cacheStats, type CacheView } from "./cache-stats.ts";
import type { HeldBodies } from "./held-bodies.ts";
import type { Ledger } from "../stats/ledger/ledger.ts";
import type { RoutingCounts } from "../pipeline/auto/counts.ts";
import type { Metrics } from "../stats/metrics.ts";
import type { Search } from "../search/search.ts";
import type { Registry } from "../upstream/registry.ts";
import type { Upstream } from "../upstream/upstream.ts";

/** Whether the daemon still takes work. */
export interface Lifecycle {
  readonly draining: boolean;
}

export interface AdminParts {
  readonly version: string;
  readonly registry: Registry;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
  readonly heldBodies: HeldBodies;
  readonly cache: CacheView;
  readonly searching: { readonly search: Pick<Search, "snapshot"> | undefined };
  readonly routing: { readonly counts: Pick<RoutingCounts, "snapshot"> };
  /** Undefined when nothing is written down. */
  readonly ledger: Ledger | undefined;
  /** Seconds since the process started. */
  readonly uptimeSeconds: () => number;
  /** Log lines dropped because nobody read them. */
  readonly droppedLogLines: () => number;
  /** When the configuration was last read, and whether that went well. */
  readonly reloadState: () => ReloadState;
}

export interface ReloadState {
  readonly reloads: number;
  readonly failed_reloads: number;
  readonly last_reload_successful: boolean;
}

/** Pages about the daemon itself. */
export interface AdminPages {
  /** Alive: touches nothing. */
  health(): Reply;
  /** Ready: 503 while draining or when nothing can answer. */
  ready(): Reply;
  /** `/api/stats` */
  stats(): Reply;
}

export function createAdminPages(parts: AdminParts): AdminPages {
  const { registry, lifecycle, metrics } = parts;
  return {
    health: () => page(200, { status: "ok" }),
    ready() {
      const { upstreams } = registry;
      const configured = upstreams.filter((one) => one.configured);
      const counted = configured.length > 0 ? configured : upstreams;
      const isAway = (one: Upstream): boolean => one.health.state !== "up" || one.trouble !== undefined;
      const down = upstreams.filter(isAway).map((one) => one.name);
      if (lifecycle.draining) return page(503, { status: "draining" });
      if (!counted.some((one) => one.health.state === "up"))
        return page(503, { status: "no upstream", down });
      return page(200, down.length === 0 ? { status: "ready" } : { status: "degraded", down });
    },
    stats() {
      const { requests, attempts, tokens, latency_ms } = metrics.snapshot();
      return page(200, {
        version: parts.version,
        uptime_seconds: Math.round(parts.uptimeSeconds()),
        draining: lifecycle.draining,
        requests,
        tokens,
        latency_ms,
        cache: cacheStats(parts.cache),
        routing: parts.routing.counts.snapshot(),
        search: parts.searching.search?.snapshot(),
        money: parts.ledger?.snapshot() ?? { ledger: { state: "off" } },
        held_body_bytes: parts.heldBodies.bytes,
        upstreams: registry.upstreams.map((one) => upstreamStats(one, attempts[one.name])),
        process: processStats(),
        log: { dropped_lines: parts.droppedLogLines() },
        config: parts.reloadState(),
      });
    },
  };
}

function processStats() {
  const { user, system } = process.cpuUsage();
  return { node: process.version, rss_bytes: process.memoryUsage.rss(), cpu_ms: (user + system) / 1_000 };
}

function upstreamStats(
  { name, type, url, isCloud, trouble, health, inference, control, models }: Upstream,
  attempts = { ok: 0, failed: 0 },
) {
  return {
    name,
    type,
    url,
    cloud: isCloud,
    trouble,
    breaker: { state: health.state, opened: health.opened, retry_in_ms: Math.round(health.retryInMs()) },
    in_flight: inference.inFlight,
    in_flight_max: inference.places,
    queued: inference.queued,
    control_in_flight: control.inFlight,
    models: models.byKey.size,
    models_stale: models.stale,
    models_loaded: models.warm.size,
    attempts,
  };
}

function page(status: number, value: unknown): Reply {
  return {
    status,
    contentType: "application/json; charset=utf-8",
    headers: { "Cache-Control": "no-store" },
    body: Buffer.from(JSON.stringify(value)),
  };
}
