import { ProxyError } from "../core/error.ts";
import { modelKey, parseModelName } from "../core/model-name.ts";
import { createAbort } from "../lib/abort.ts";
import { isObject, tryParse, type Json, type JsonObject } from "../lib/json.ts";
import type { Clock } from "../lib/time.ts";
import type { Attempt, Pool } from "./pool.ts";
import { noModels, type ModelList } from "./upstream.ts";

/** A list of models longer than this is not a list of models. */
const listBytesMax = 16 * 1_024 ** 2;

/** The model list of one upstream, kept up to date by looking. */
export interface ModelShelf {
  readonly list: ModelList;
  /** Fetches the lists anew; of several looks at once the last begun counts. Rejects with ProxyError; the last good list stays. */
  look(): Promise<void>;
  /** Asks for the version. Rejects with ProxyError when there is no Ollama server. */
  readonly lookAtVersion: () => Promise<void>;
  readonly markStale: () => void;
  readonly noteLoaded: (key: string) => void;
}

/** What one look at an upstream brings. */
export type Lists = Pick<ModelList, "byKey" | "loaded"> & Partial<Pick<ModelList, "details">>;

export interface ShelfParts {
  /** Fetches the lists; `before` are those of the last look. Rejects with ProxyError. */
  readonly fetchLists: (before: ModelList) => Promise<Lists>;
  readonly fetchVersion: () => Promise<string | undefined>;
  readonly clock: Clock;
}

export function createModelShelf({ fetchLists, fetchVersion, clock }: ShelfParts): ModelShelf {
  let list: ModelList = noModels;
  let begun = 0;
  let applied = 0;
  return {
    get list() {
      return list;
    },
    async look() {
      const turn = (begun += 1);
      const lists = await fetchLists(list);
      if (turn < applied) return;
      applied = turn;
      const warm = new Set(lists.loaded.keys());
      list = { ...list, ...lists, warm, seenAtMs: clock.monotonicMs(), stale: false };
    },
    lookAtVersion: async () => {
      const version = await fetchVersion();
      list = { ...list, version };
    },
    markStale: () => {
      list = { ...list, stale: list.seenAtMs !== undefined };
    },
    noteLoaded: (key) => {
      if (list.byKey.has(key) && !list.warm.has(key)) list = { ...list, warm: new Set([...list.warm, key]) };
    },
  };
}

/** The lists of an Ollama server; `waitMs` bounds each fetch. What is loaded is not worth failing for. */
export async function fetchOllamaLists(pool: Pool, waitMs: number, before: ModelList): Promise<Lists> {
  const tags = fetchModels(pool, "/api/tags", waitMs);
  const ps = fetchModels(pool, "/api/ps", waitMs).catch(() => before.loaded);
  const [byKey, loaded] = await Promise.all([tags, ps]);
  return { byKey, loaded };
}

/** The entries of `/api/tags` or `/api/ps` by model key, in the order of the list. Rejects with ProxyError. */
async function fetchModels(pool: Pool, path: string, waitMs: number): Promise<Map<string, JsonObject>> {
  const body = await fetchJson(pool, path, waitMs);
  const byKey = new Map<string, JsonObject>();
  if (!Array.isArray(body.models))
    throw new ProxyError("upstream_broken", `${path} answered without a list of models`);
  for (const entry of body.models) {
    const name = isObject(entry) ? parseModelName(nameOf(entry)) : undefined;
    if (isObject(entry) && name !== undefined) byKey.set(modelKey(name), entry);
  }
  return byKey;
}

function nameOf(entry: JsonObject): string {
  const name: Json | undefined = entry.name ?? entry.model;
  return typeof name === "string" ? name : "";
}

/** The version an Ollama server says it has. Rejects with ProxyError when there is no Ollama server. */
export async function fetchOllamaVersion(pool: Pool, waitMs: number): Promise<string> {
  const { version } = await fetchJson(pool, "/api/version", waitMs);
  if (typeof version !== "string")
    throw new ProxyError("upstream_broken", "/api/version answered without a version");
  return version;
}

/** A JSON object from a path. Rejects with ProxyError, which tells a status that was not 200. */
export function fetchJson(pool: Pool, path: string, waitMs: number): Promise<JsonObject> {
  const headers = { accept: "application/json" };
  return askJson(pool, { method: "GET", path, headers, body: undefined, repeatable: true }, waitMs);
}

/** The same with any request. */
export async function askJson(pool: Pool, attempt: Attempt, waitMs: number): Promise<JsonObject> {
  const timeouts = { firstByteMs: waitMs, idleMs: waitMs, totalMs: waitMs };
  const reply = await pool.send(attempt, createAbort().signal, timeouts);
  const body = await readBody(reply.body, listBytesMax);
  const value = tryParse(Buffer.from(body ?? []).toString("utf8"));
  if (reply.status === 200 && isObject(value)) return value;
  throw new ListError(attempt.path, reply.status, value);
}

/** A list or a page that was not to be had, and the status that came in its place. */
export class ListError extends ProxyError {
  readonly answeredStatus: number;
  /** What came instead, if it was JSON. */
  readonly answered: Json | undefined;

  constructor(path: string, status: number, answered: Json | undefined) {
    super("upstream_broken", `${path} answered with status ${status} and no JSON object`);
    this.answeredStatus = status;
    this.answered = answered;
  }
}

/** A whole body; undefined, the rest unread, when it is longer than `bytesMax`. */
export async function readBody(
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) return undefined;
    chunks.push(chunk);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}
