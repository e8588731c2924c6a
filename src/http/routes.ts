import { type DialectName, isInference, type Operation } from "../core/call.ts";

/** Who may use an endpoint once there are keys: anyone, any key, or keys marked `admin`. */
export type Access = "open" | "key" | "admin";

/** What Chasqui answers itself. */
export type LocalPage =
  | "root"
  | "version"
  | "tags"
  | "ps"
  | "models"
  | "model"
  | "health"
  | "ready"
  | "stats"
  | "usage"
  | "cacheList"
  | "cacheStats"
  | "cacheVerify"
  | "cacheBackup"
  | "cacheRestore"
  | "cacheFeedback"
  | "cachePurge"
  | "search"
  | "analyze"
  | "decisions";

export interface Endpoint {
  readonly method: "GET" | "HEAD" | "POST" | "DELETE";
  /** Pattern with `:name` for one segment; also the endpoint's name in logs and statistics. */
  readonly path: string;
  readonly access: Access;
  /** What only keys marked `admin` may do here, in words for those that are not; `change models` unless said. */
  readonly privilege?: string;
  readonly dialect: DialectName;
  /** What an upstream is asked, or which page Chasqui answers itself. */
  readonly serves: { readonly call: Operation } | { readonly page: LocalPage };
  /** A body that is streamed through, unlimited, instead of being read first. */
  readonly streamsBody?: true;
}

const page = (method: Endpoint["method"], path: string, name: LocalPage): Endpoint => ({
  method,
  path,
  access: path === "/" || path === "/healthz" || path === "/readyz" ? "open" : "key",
  dialect: path.startsWith("/v1/") ? "openai" : "ollama",
  serves: { page: name },
});

/** An endpoint for keys marked `admin` only, and what they may do there. */
const reserved = (privilege: string, endpoint: Endpoint): Endpoint => ({
  ...endpoint,
  access: "admin",
  privilege,
});

const native = (path: string, call: Operation, access: Access = "key"): Endpoint => ({
  method: "POST",
  path,
  access,
  dialect: "ollama",
  serves: { call },
});

const v1 = (path: string, call: Operation, dialect: DialectName = "openai"): Endpoint => ({
  method: "POST",
  path,
  access: "key",
  dialect,
  serves: { call },
});

/** Every endpoint there is: Ollama's published routes and Chasqui's own. Nothing else is forwarded. */
export const endpoints: readonly Endpoint[] = [
  page("HEAD", "/", "root"),
  page("GET", "/", "root"),
  page("HEAD", "/api/version", "version"),
  page("GET", "/api/version", "version"),
  page("HEAD", "/api/tags", "tags"),
  page("GET", "/api/tags", "tags"),
  { ...native("/api/status", "account"), method: "GET" },
  page("GET", "/api/ps", "ps"),
  native("/api/show", "show"),
  native("/api/generate", "generate"),
  native("/api/chat", "chat"),
  native("/api/embed", "embed"),
  native("/api/embeddings", "embeddings"),
  native("/api/pull", "pull", "admin"),
  native("/api/push", "push", "admin"),
  native("/api/create", "create", "admin"),
  native("/api/copy", "copy", "admin"),
  { ...native("/api/delete", "delete", "admin"), method: "DELETE" },
  { ...native("/api/blobs/:digest", "blob", "admin"), method: "HEAD" },
  { ...native("/api/blobs/:digest", "blob", "admin"), streamsBody: true },
  reserved("use the account", native("/api/me", "account")),
  reserved("use the account", native("/api/signout", "account")),
  reserved("use the account", { ...native("/api/user/keys/:encodedKey", "account"), method: "DELETE" }),
  native("/api/experimental/web_search", "account"),
  native("/api/experimental/web_fetch", "account"),
  { ...native("/api/experimental/model-recommendations", "account"), method: "GET" },
  v1("/v1/chat/completions", "chat"),
  v1("/v1/completions", "completions"),
  v1("/v1/embeddings", "embed"),
  v1("/v1/responses", "responses"),
  v1("/v1/audio/transcriptions", "transcriptions"),
  v1("/v1/messages", "messages", "anthropic"),
  page("GET", "/v1/models", "models"),
  page("GET", "/v1/models/:model", "model"),
  page("GET", "/api/stats", "stats"),
  reserved("see what calls used and cost", page("GET", "/api/usage", "usage")),
  reserved("see the cache", page("GET", "/api/cache", "cacheList")),
  reserved("empty the cache", page("DELETE", "/api/cache", "cachePurge")),
  reserved("see the cache", page("GET", "/api/cache/stats", "cacheStats")),
  reserved("care for the cache", page("POST", "/api/cache/verify", "cacheVerify")),
  reserved("care for the cache", page("POST", "/api/cache/backup", "cacheBackup")),
  reserved("care for the cache", page("POST", "/api/cache/restore", "cacheRestore")),
  page("POST", "/api/cache/feedback", "cacheFeedback"),
  page("POST", "/api/search", "search"),
  page("POST", "/api/analyze", "analyze"),
  reserved("see how calls were routed", page("GET", "/api/decisions", "decisions")),
  page("GET", "/healthz", "health"),
  page("HEAD", "/healthz", "health"),
  page("GET", "/readyz", "ready"),
  page("HEAD", "/readyz", "ready"),
];

/** Paths at which a model is run. */
export const inferencePaths: ReadonlySet<string> = new Set(
  endpoints.filter(({ serves }) => "call" in serves && isInference(serves.call)).map(({ path }) => path),
);

/** The order in which Ollama's router lists the methods of a path in `Allow`. */
const methodOrder = ["HEAD", "GET", "POST", "DELETE"];

export const paths: readonly string[] = [...new Set(endpoints.map((one) => one.path))];

/** The methods a path pattern has, in the order of `Allow`. */
export function methodsOf(path: string): string[] {
  const methods = new Set<string>(endpoints.filter((one) => one.path === path).map((one) => one.method));
  return methodOrder.filter((method) => methods.has(method));
}

const patterns = paths.map((path) => ({
  path,
  pattern: new RegExp(`^${path.replaceAll("/", "\\/").replaceAll(/:\w+/g, "[^/]+")}$`),
}));

/** The pattern that a path of a request matches, if any. */
export function patternFor(pathname: string): string | undefined {
  return patterns.find(({ pattern }) => pattern.test(pathname))?.path;
}
