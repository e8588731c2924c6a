import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono } from "hono";
import type { Reply } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import type { AdminPages } from "./admin.ts";
import type { CachePages } from "./cache-pages.ts";
import type { ServeCall } from "./calls.ts";
import type { Exchange } from "./exchange.ts";
import type { FeedbackPage } from "./feedback.ts";
import type { Identify } from "./keys.ts";
import type { ModelPages } from "./models.ts";
import type { RoutingPages } from "./routing-pages.ts";
import type { SearchPage } from "./search-page.ts";
import type { Responder } from "./respond.ts";
import type { UsagePage } from "./usage-page.ts";
import { endpoints, methodsOf, paths, patternFor, type Endpoint, type LocalPage } from "./routes.ts";

export interface AppParts {
  readonly identify: Identify;
  readonly serveCall: ServeCall;
  readonly models: ModelPages;
  readonly admin: AdminPages;
  readonly cache: CachePages;
  readonly feedback: FeedbackPage;
  readonly usage: UsagePage;
  readonly routing: RoutingPages;
  readonly search: SearchPage;
  readonly responder: Responder;
}

export type AppEnvironment = { Bindings: { exchange: Exchange } };

/** The routes; nothing but wiring. Every handler writes to the exchange itself, so that bytes can be relayed as they are. */
export function createApp(parts: AppParts): Hono<AppEnvironment> {
  const app = new Hono<AppEnvironment>({ getPath: (_request, options) => pathFrom(options?.env) });
  const served = new Map(endpoints.map((one) => [`${one.method} ${one.path}`, one]));
  for (const path of paths) {
    app.all(path, async (context) => {
      const { exchange } = context.env;
      exchange.record.endpoint = path;
      const endpoint = served.get(`${exchange.record.method} ${path}`);
      if (endpoint === undefined) await parts.responder.send(exchange, notAllowed(path), "ollama");
      else await serve(parts, exchange, { endpoint, name: context.req.param("model") ?? "" });
      return RESPONSE_ALREADY_SENT;
    });
  }
  app.notFound(async ({ env: { exchange } }) => {
    await parts.responder.send(exchange, elsewhere(exchange) ?? notFound, "ollama");
    return RESPONSE_ALREADY_SENT;
  });
  app.onError((thrown, { env: { exchange } }) => {
    parts.responder.fail(exchange, thrown, "ollama");
    return RESPONSE_ALREADY_SENT;
  });
  return app;
}

/** The path as the client wrote it: what is matched is then exactly what is checked and sent on. */
function pathFrom(environment: AppEnvironment["Bindings"] | undefined): string {
  return environment?.exchange.pathname ?? "";
}

async function serve(
  parts: AppParts,
  exchange: Exchange,
  { endpoint, name }: { endpoint: Endpoint; name: string },
): Promise<void> {
  try {
    admit(parts.identify, exchange, endpoint);
    const { serves } = endpoint;
    if ("call" in serves) await parts.serveCall(exchange, endpoint, serves.call);
    else
      await parts.responder.send(
        exchange,
        await pageFor(parts, serves.page, { name, query: queryOf(exchange), exchange }),
        endpoint.dialect,
      );
  } catch (thrown) {
    parts.responder.fail(exchange, thrown, endpoint.dialect);
  }
}

function admit(
  identify: Identify,
  exchange: Exchange,
  { access, privilege = "change models" }: Endpoint,
): void {
  if (access === "open") return;
  const principal = identify(exchange.incoming);
  exchange.record.keyName = principal.name;
  exchange.record.isLocalOnly = principal.isLocalOnly;
  if (access === "admin" && !principal.admin) {
    throw new ProxyError(
      "forbidden",
      `this API key may not ${privilege}: set admin: true for it in config.yaml`,
    );
  }
}

interface PageRequest {
  /** The last segment of a path that names a model. */
  readonly name: string;
  readonly query: URLSearchParams;
  readonly exchange: Exchange;
}

function queryOf({ incoming, pathname }: Exchange): URLSearchParams {
  return new URLSearchParams((incoming.url ?? "").slice(pathname.length));
}

function pageFor(
  { models, admin, cache, feedback, usage, routing, search }: AppParts,
  page: LocalPage,
  { name, query, exchange }: PageRequest,
): Reply | Promise<Reply> {
  const pages: Record<LocalPage, () => Reply | Promise<Reply>> = {
    root: () => text(200, "Ollama is running", "text/plain; charset=utf-8"),
    version: () => models.version(),
    tags: () => models.tags(),
    ps: () => models.ps(),
    models: () => models.list(),
    model: () => models.one(name),
    health: () => admin.health(),
    ready: () => admin.ready(),
    stats: () => admin.stats(),
    usage: () => usage(query),
    cacheList: () => cache.list(query),
    cacheStats: () => cache.stats(query),
    cacheVerify: () => cache.verify(query),
    cacheBackup: () => cache.backup(query),
    cacheRestore: () => cache.restore(query),
    cacheFeedback: () => feedback(exchange),
    cachePurge: () => cache.purge(query),
    search: () => search(exchange),
    analyze: () => routing.analyze(exchange),
    decisions: () => routing.decisions(query, exchange),
  };
  return pages[page]();
}

function text(status: number, body: string, contentType = "text/plain"): Reply {
  return { status, contentType, headers: {}, body: Buffer.from(body) };
}

const notFound = text(404, "404 page not found");

const notAllowed = (path: string): Reply => ({
  ...text(405, "405 method not allowed"),
  headers: { Allow: methodsOf(path).join(", ") },
});

/** Where a path with doubled or trailing slashes meant to go, as Ollama redirects. */
function elsewhere({ pathname, incoming, record }: Exchange): Reply | undefined {
  const single = pathname.replaceAll(/\/{2,}/g, "/");
  const bare = single.length > 1 ? single.replace(/\/$/, "") : single;
  if (bare === pathname || patternFor(bare) === undefined) return undefined;
  const query = (incoming.url ?? "").slice(pathname.length);
  const status = record.method === "GET" && single === pathname ? 301 : 307;
  const location = bare + query;
  const reason = status === 301 ? "Moved Permanently" : "Temporary Redirect";
  const page = record.method === "GET" ? `<a href="${escapeHtml(location)}">${reason}</a>.\n\n` : "";
  const contentType = page === "" ? undefined : "text/html; charset=utf-8";
  return { status, contentType, headers: { Location: location }, body: Buffer.from(page) };
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};

/** As Go's net/http writes a link. */
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (letter) => entities[letter] ?? letter);
