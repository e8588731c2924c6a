import type { Logger } from "./lib/log.ts";
import type { Clock } from "./lib/time.ts";
import type { Loaded } from "./config/load.ts";
import { upstreamOptions } from "./config/upstream-options.ts";
import { createAdminPages, type ReloadState } from "./http/admin.ts";
import { createApp } from "./http/app.ts";
import { createServeCall } from "./http/calls.ts";
import type { Exchange } from "./http/exchange.ts";
import { createFeedbackPage } from "./http/feedback.ts";
import { createGuard } from "./http/guard.ts";
import { createIdentify } from "./http/keys.ts";
import { createModelPages } from "./http/models.ts";
import { createHeldBodies, type HeldBodies } from "./http/held-bodies.ts";
import { logRequest } from "./http/request-log.ts";
import { createResponder, type Responder } from "./http/respond.ts";
import { createShortcut } from "./http/shortcut.ts";
import { createDaemonServer, type DaemonServer, type Handler, type ServerLimits } from "./http/server.ts";
import { type Caching, cachingAnswer, openCaching } from "./main/caching.ts";
import { type Answer, createAnswer } from "./pipeline/answer.ts";
import { deliver } from "./pipeline/deliver.ts";
import { createMetrics } from "./stats/metrics.ts";
import { createDemoUpstream } from "./upstream/demo.ts";
import type { HealthState } from "./upstream/health.ts";
import { createOllamaUpstream } from "./upstream/ollama.ts";
import { createRegistry, type Registry } from "./upstream/registry.ts";
import { createSend } from "./upstream/retry.ts";
import type { Upstream } from "./upstream/upstream.ts";

export interface DaemonParts {
  readonly loaded: Loaded;
  readonly clock: Clock;
  /** The logger of now: reading the configuration anew may change it. */
  readonly log: () => Logger;
  readonly droppedLogLines: () => number;
  readonly version: string;
  /** Tells this daemon apart from others. */
  readonly instanceId: string;
}

/** Everything that is built, wired together. */
export interface Daemon extends DaemonServer {
  /** The registry of now. */
  readonly registry: Registry;
  /** Looks at the upstreams, waiting up to `waitMs` for them. */
  start(waitMs: number): Promise<void>;
  /**
   * Replaces the configuration between two requests, one after another; what is the same keeps its connections and its
   * state.
   */
  reload(loaded: Loaded): Promise<void>;
  /** Notes that reading the configuration anew failed. */
  reloadFailed(): void;
  /** Turns `/readyz` to 503; requests are still taken. */
  beginDrain(): void;
  /** Writes what the cache still holds and lets go of its tiers; when no request is left. Never rejects. */
  readonly close: () => Promise<void>;
}

/** One reading of the configuration at work. */
interface Generation {
  readonly registry: Registry;
  /** Asks an upstream, past the cache. */
  readonly ask: Answer;
  readonly handler: Handler;
  /** By definition, so that the next generation can take over what is the same. */
  readonly upstreams: ReadonlyMap<string, Upstream>;
}

/** The composition root: the only place that builds long-lived parts. */
export function createDaemon(parts: DaemonParts): Daemon {
  const { clock, log } = parts;
  const metrics = createMetrics();
  const startedMs = clock.monotonicMs();
  const lifecycle = { draining: false };
  const reloads = { reloads: 0, failed_reloads: 0, last_reload_successful: true };
  const heldBodies = createHeldBodies();
  const caching = openCaching(parts.loaded, { clock, log, now: () => now });
  const shared: Shared = {
    ...parts,
    heldBodies,
    caching,
    metrics,
    lifecycle,
    uptimeSeconds: () => (clock.monotonicMs() - startedMs) / 1_000,
    reloadState: () => ({ ...reloads }),
  };
  let now = createGeneration(parts.loaded, shared, new Map());

  const http = createDaemonServer({
    limits: serverLimits(parts.loaded),
    clock,
    metrics,
    handler: () => now.handler,
    onRequest: (exchange, totalMs) => {
      heldBodies.release(exchange);
      metrics.requestEnded(exchange.record, totalMs);
      logRequest(log(), exchange, totalMs);
    },
  });

  const replace = async (loaded: Loaded): Promise<void> => {
    const next = createGeneration(loaded, shared, now.upstreams);
    await next.registry.start(loaded.config.catalog.timeout);
    const before = now;
    now = next;
    before.registry.stop();
    retireAll(before, next, { clock, exchanges: http.exchanges });
    reloads.reloads += 1;
    reloads.last_reload_successful = true;
  };
  let reloading: Promise<void> = Promise.resolve();

  return {
    ...http,
    get registry() {
      return now.registry;
    },
    start: (waitMs) => now.registry.start(waitMs),
    reload(loaded) {
      const mine = reloading.then(() => replace(loaded));
      reloading = mine.catch(() => undefined);
      return mine;
    },
    reloadFailed() {
      reloads.failed_reloads += 1;
      reloads.last_reload_successful = false;
    },
    beginDrain: () => void (lifecycle.draining = true),
    close: caching.close,
  };
}

function responderFor({ config }: Loaded, { clock, log }: Shared): Responder {
  return createResponder({
    clock,
    stalledMs: config.server.stalled_client_timeout,
    onBug: (exchange, error) => {
      log().error("internal error", { id: exchange.record.id, stack: stackOf(error.cause ?? error) });
    },
  });
}

function serverLimits({ config: { server } }: Loaded): ServerLimits {
  return {
    headerBytesMax: server.header_limit,
    headerWaitMs: server.header_timeout,
    keepAliveMs: server.keep_alive_timeout,
    connectionsMax: server.connections_max,
  };
}

interface Shared extends Omit<DaemonParts, "loaded"> {
  readonly metrics: ReturnType<typeof createMetrics>;
  readonly caching: Caching;
  readonly heldBodies: HeldBodies;
  readonly lifecycle: { readonly draining: boolean };
  readonly uptimeSeconds: () => number;
  readonly reloadState: () => ReloadState;
}

function createGeneration(loaded: Loaded, shared: Shared, before: ReadonlyMap<string, Upstream>): Generation {
  const { config } = loaded;
  const { clock, metrics, log } = shared;
  const upstreams = createUpstreams(loaded, shared, before);
  const registry = createRegistry({
    upstreams: [...upstreams.values()],
    demo: config.demo === "off" ? undefined : createDemoUpstream(clock, config.demo === "on"),
    demoMode: config.demo,
    clock,
    refreshMs: config.catalog.refresh,
  });
  const responder = responderFor(loaded, shared);
  const send = createSend({
    attemptsMax: config.retry.attempts,
    retryShare: config.retry.share,
    onAttempt: (upstream, error) => {
      metrics.attemptEnded(upstream, error);
      log().trace("attempt", { upstream, error: error?.code });
    },
  });
  const ask = createAnswer({ route: registry.route, send, deliver });
  const limits = {
    bytesMax: config.server.body_limit,
    idleMs: config.server.body_idle_timeout,
    totalMs: config.server.body_timeout,
  };
  const isShared = config.cache.scope === "shared";
  const identify = createIdentify(loaded.secrets.apiKeys);
  const reading = {
    limits,
    clock,
    heldBodies: shared.heldBodies,
    heldBytesMax: config.server.held_bodies_limit,
  };
  const shortcut = createShortcut({ ...reading, identify, isShared, responder });
  const app = createApp({
    identify,
    serveCall: createServeCall({
      answer: cachingAnswer(loaded, shared.caching, { registry, ask }),
      registry,
      responder,
      instanceId: shared.instanceId,
      remember: shortcut.remember,
      asking: { isShared, control: config.cache.control },
      ...reading,
    }),
    models: createModelPages(registry),
    admin: createAdminPages({ ...shared, registry, cache: shared.caching.view }),
    cache: shared.caching.pages,
    feedback: createFeedbackPage({ ...shared.caching, isShared, limits }),
    responder,
  });
  const guard = createGuard({
    listenHost: config.server.listen.host,
    allowedHosts: config.server.allowed_hosts,
    origins: config.server.origins,
    headersMax: config.server.headers_max,
  });
  return { registry, ask, handler: { guard, app, shortcut }, upstreams };
}

/** Upstreams whose definition has not changed are taken over from the generation before. */
function createUpstreams(loaded: Loaded, { clock, log }: Shared, before: ReadonlyMap<string, Upstream>) {
  const told = new Map<string, HealthState>();
  const onState = (upstream: string, state: HealthState): void => {
    if (state === "half-open" || told.get(upstream) === state) return;
    told.set(upstream, state);
    if (state === "up") log().info("upstream is up", { upstream });
    else log()[loaded.upstreamsNamed ? "warn" : "debug"]("upstream is down", { upstream });
  };
  const upstreams = new Map<string, Upstream>();
  for (const options of upstreamOptions(loaded)) {
    const definition = JSON.stringify(options);
    const upstream =
      before.get(definition) ?? createOllamaUpstream(options, { clock, random: Math.random, onState });
    upstreams.set(definition, upstream);
  }
  return upstreams;
}

/** Closes the upstreams that the next generation has not taken over. */
function retireAll(before: Generation, next: Generation, parts: RetireParts): void {
  const begun = new Set(parts.exchanges);
  for (const [definition, upstream] of before.upstreams) {
    if (!next.upstreams.has(definition)) retire(upstream, begun, parts);
  }
}

interface RetireParts {
  readonly clock: Clock;
  readonly exchanges: Iterable<Exchange>;
}

/** How often it is looked whether an upstream that is no longer configured has finished its work. */
const retireCheckMs = 1_000;

/** Closes an upstream when the requests that may still come to it are over. */
function retire(upstream: Upstream, begun: ReadonlySet<Exchange>, parts: RetireParts): void {
  const left = [...parts.exchanges].some((exchange) => begun.has(exchange));
  if (left) parts.clock.after(retireCheckMs, () => retire(upstream, begun, parts));
  else upstream.close();
}

const stackOf = (thrown: unknown): string =>
  thrown instanceof Error ? (thrown.stack ?? thrown.message) : "something that is not an error was thrown";
