import { ProxyError } from "../core/error.ts";
import { modelKey, parseModelName } from "../core/model-name.ts";
import { createAbort } from "../lib/abort.ts";
import { isObject, tryParse, type Json, type JsonObject } from "../lib/json.ts";
import type { Clock } from "../lib/time.ts";
import type { Pool } from "./pool.ts";
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

/** `waitMs` bounds each fetch. */
export function createModelShelf(pool: Pool, waitMs: number, clock: Clock): ModelShelf {
  let list: ModelList = noModels;
  let begun = 0;
  let applied = 0;
  return {
    get list() {
      return list;
    },
    async look() {
      const turn = (begun += 1);
      const tags = fetchModels(pool, "/api/tags", waitMs);
      const ps = fetchModels(pool, "/api/ps", waitMs).catch(() => list.loaded);
      const [byKey, loaded] = await Promise.all([tags, ps]);
      if (turn < applied) return;
      applied = turn;
      const warm = new Set(loaded.keys());
      list = { ...list, byKey, loaded, warm, seenAtMs: clock.monotonicMs(), stale: false };
    },
    lookAtVersion: async () => {
      const version = await fetchVersion(pool, waitMs);
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
async function fetchVersion(pool: Pool, waitMs: number): Promise<string> {
  const { version } = await fetchJson(pool, "/api/version", waitMs);
  if (typeof version !== "string")
    throw new ProxyError("upstream_broken", "/api/version answered without a version");
  return version;
}

async function fetchJson(pool: Pool, path: string, waitMs: number): Promise<JsonObject> {
  const headers = { accept: "application/json" };
  const attempt = { method: "GET", path, headers, body: undefined, repeatable: true };
  const timeouts = { firstByteMs: waitMs, idleMs: waitMs, totalMs: waitMs };
  const reply = await pool.send(attempt, createAbort().signal, timeouts);
  const body = await readBody(reply.body, listBytesMax);
  const value = tryParse(Buffer.from(body ?? []).toString("utf8"));
  if (reply.status === 200 && isObject(value)) return value;
  throw new ProxyError("upstream_broken", `${path} answered with status ${reply.status} and no JSON object`);
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
