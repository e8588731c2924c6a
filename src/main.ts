import type { Logger } from "./lib/log.ts";
import type { Clock } from "./lib/time.ts";
import type { Loaded } from "./config/load.ts";
import { createAdminPages, type ReloadState } from "./http/admin.ts";
import { createApp } from "./http/app.ts";
import type { BodyLimits } from "./http/body.ts";
import { createServeCall } from "./http/calls.ts";
import type { Exchange } from "./http/exchange.ts";
import { createFeedbackPage } from "./http/feedback.ts";
import { createGuard } from "./http/guard.ts";
import { createRoutingPages } from "./http/routing-pages.ts";
import { createSearchPage } from "./http/search-page.ts";
import { createUsagePage } from "./http/usage-page.ts";
import { createIdentify } from "./http/keys.ts";
import { createModelPages } from "./http/models.ts";
import { createHeldBodies, type HeldBodies } from "./http/held-bodies.ts";
import { logRequest } from "./http/request-log.ts";
import { createResponder, type Responder } from "./http/respond.ts";
import { createShortcut } from "./http/shortcut.ts";
import { createDaemonServer, type DaemonServer, type Handler, type ServerLimits } from "./http/server.ts";
import { cachingAnswer } from "./main/caching.ts";
import { closeRooms, openRooms, type Rooms } from "./main/rooms.ts";
import { type Auto, createAuto } from "./main/routing.ts";
import { createUpstreams, retireAll, type Upstreams } from "./main/upstreams.ts";
import { type Answer, createAnswer } from "./pipeline/answer.ts";
import { deliver } from "./pipeline/deliver.ts";
import { createFit } from "./pipeline/fit.ts";
import { createMetrics } from "./stats/metrics.ts";
import { createDemoUpstream } from "./upstream/demo.ts";
import { createRegistry, type Registry } from "./upstream/registry.ts";
import { createSend, type Send } from "./upstream/retry.ts";

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
  readonly loaded: Loaded;
  readonly registry: Registry;
  readonly start: Registry["start"];
  /** Asks an upstream, past the cache. */
  readonly ask: Answer;
  readonly handler: Handler;
  /** By definition, so that the next generation can take over what is the same. */
  readonly upstreams: Upstreams;
}

/** The composition root: the only place that builds long-lived parts. */
export function createDaemon(parts: DaemonParts): Daemon {
  const { clock } = parts;
  const metrics = createMetrics();
  const startedMs = clock.monotonicMs();
  const lifecycle = { draining: false };
  const reloads = { reloads: 0, failed_reloads: 0, last_reload_successful: true };
  const heldBodies = createHeldBodies();
  const rooms = openRooms(parts, () => now);
  const shared: Shared = {
    ...parts,
    ...rooms,
    heldBodies,
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
    onRequest: (exchange, totalMs) => noteEnd(exchange, totalMs, shared),
  });

  const replace = async (loaded: Loaded): Promise<void> => {
    const next = createGeneration(loaded, shared, now.upstreams);
    await next.start(loaded.config.catalog.timeout);
    const before = now;
    now = next;
    before.registry.stop();
    retireAll(before.upstreams, next.upstreams, { clock, exchanges: http.exchanges });
    reloads.reloads += 1;
    reloads.last_reload_successful = true;
  };
  let reloading: Promise<void> = Promise.resolve();
  return {
    ...http,
    get registry() {
      return now.registry;
    },
    start: (waitMs) => now.start(waitMs),
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
    close: () => closeRooms(rooms),
  };
}

/** Everything that is noted of a request once it is over. */
function noteEnd(exchange: Exchange, totalMs: number, shared: Shared): void {
  const { record } = exchange;
  shared.heldBodies.release(exchange);
  shared.metrics.requestEnded(record, totalMs);
  shared.accounting.noteRequest(record);
  logRequest(shared.log(), exchange, totalMs);
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

function bodyLimits({ config: { server } }: Loaded): BodyLimits {
  return {
    bytesMax: server.body_limit,
    idleMs: server.body_idle_timeout,
    totalMs: server.body_timeout,
  };
}

function sendFor(loaded: Loaded, { clock, metrics, log }: Shared): Send {
  const { retry, timeouts } = loaded.config;
  return createSend({
    attemptsMax: retry.attempts,
    retryShare: retry.share,
    waitMaxMs: retry.wait,
    deadlineMs: retry.deadline,
    loadMaxMs: timeouts.first_byte,
    clock,
    fit: fitFor(loaded),
    onAttempt: (upstream, error) => {
      metrics.attemptEnded(upstream, error);
      log().trace("attempt", { upstream, error: error?.code });
    },
  });
}

function fitFor({ config: { context } }: Loaded) {
  return createFit({
    policy: context.policy,
    contextTokensMax: context.max,
    replyTokens: context.reply,
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

interface Shared extends Omit<DaemonParts, "loaded">, Rooms {
  readonly metrics: ReturnType<typeof createMetrics>;
  readonly heldBodies: HeldBodies;
  readonly lifecycle: { readonly draining: boolean };
  readonly uptimeSeconds: () => number;
  readonly reloadState: () => ReloadState;
}

function createGeneration(loaded: Loaded, shared: Shared, before: Upstreams): Generation {
  const { config } = loaded;
  const { clock } = shared;
  const upstreams = createUpstreams(loaded, shared, before);
  const registry = createRegistry({
    upstreams: [...upstreams.values()],
    demo: config.demo === "off" ? undefined : createDemoUpstream(clock, config.demo === "on"),
    demoMode: config.demo,
    fallbacks: config.fallbacks,
    clock,
    refreshMs: config.catalog.refresh,
  });
  const line = lineFor(loaded, shared, registry);
  const responder = responderFor(loaded, shared);
  const identify = createIdentify(loaded.secrets.apiKeys);
  const reading = readingFor(loaded, shared);
  const shortcut = createShortcut({ ...reading, identify, isShared: reading.asking.isShared, responder });
  const app = createApp({
    ...pagesFor({ ...shared, ...line, registry, reading }),
    identify,
    serveCall: createServeCall({
      ...reading,
      answer: line.answer,
      registry,
      responder,
      instanceId: shared.instanceId,
      remember: shortcut.remember,
    }),
    responder,
  });
  const guard = createGuard({
    listenHost: config.server.listen.host,
    allowedHosts: config.server.allowed_hosts,
    origins: config.server.origins,
    headersMax: config.server.headers_max,
  });
  const start: Registry["start"] = (waitMs) => registry.start(waitMs).then(line.auto.checkNames);
  return { loaded, registry, start, ask: line.ask, handler: { guard, app, shortcut }, upstreams };
}

/** The straight line and that of the model `auto`, with the cache before both. */
function lineFor(loaded: Loaded, shared: Shared, registry: Registry) {
  const send = sendFor(loaded, shared);
  const openAccount = shared.accounting.openAccountFor(loaded, registry);
  const ask = createAnswer({ route: registry.route, openAccount, send, deliver });
  const auto = createAuto(loaded, { ...shared, registry, openAccount, send, deliver });
  const pinned = cachingAnswer(loaded, shared.caching, { registry, ask });
  const routed = cachingAnswer(loaded, shared.caching, {
    registry,
    ask: auto.ask,
    variantOf: auto.variantOf,
  });
  const answer: Answer = (call, record, signal) =>
    (auto.isRouted(call) ? routed : pinned)(call, record, signal);
  return { ask, auto, answer };
}

/** How requests are read, and whose they are. */
function readingFor(loaded: Loaded, { clock, heldBodies }: Shared) {
  const { config } = loaded;
  return {
    limits: bodyLimits(loaded),
    clock,
    heldBodies,
    heldBytesMax: config.server.held_bodies_limit,
    asking: {
      isShared: config.cache.scope === "shared",
      control: config.cache.control,
      isLocalOnly: config.local_only,
    },
  };
}

interface PagesParts extends Shared {
  readonly registry: Registry;
  readonly auto: Auto;
  readonly reading: ReturnType<typeof readingFor>;
}

function pagesFor(parts: PagesParts) {
  const { caching, accounting, auto, reading, registry } = parts;
  const { ledger } = accounting;
  const asking = { ...reading, ...reading.asking };
  return {
    models: createModelPages(registry, auto),
    admin: createAdminPages({ ...parts, cache: caching.view, ledger }),
    routing: createRoutingPages({ ...reading, plan: auto.plan, decisions: parts.routing.decisions }),
    search: createSearchPage({ ...asking, ...parts.searching, patterns: auto.plan.patterns.own }),
    usage: createUsagePage(ledger, parts.clock),
    cache: caching.pages,
    feedback: createFeedbackPage({ ...caching, ...asking }),
  };
}

const stackOf = (thrown: unknown): string =>
  thrown instanceof Error ? (thrown.stack ?? thrown.message) : "something that is not an error was thrown";
