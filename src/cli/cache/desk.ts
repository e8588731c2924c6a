import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";
import { openCache, type OpenCache } from "../../cache/open.ts";
import type { Flown } from "../../cache/flight.ts";
import { cacheOptions } from "../../config/cache-options.ts";
import type { Loaded } from "../../config/load.ts";
import type { Reply } from "../../core/call.ts";
import { type CachePages, createCachePages } from "../../http/cache-pages.ts";
import { cacheStats } from "../../http/cache-stats.ts";
import { isObject, type JsonObject, tryParse } from "../../lib/json.ts";
import { createLogger } from "../../lib/log.ts";
import { systemClock } from "../../lib/time.ts";
import { keyHeaders, originOf } from "../daemon/address.ts";
import { keyWanted, reach } from "../daemon/ask.ts";

/** Where the cache is taken care of: at the daemon, or on its files while none runs. */
export interface Desk {
  /** The daemon's URL, or the data directory. */
  readonly place: string;
  readonly isDaemon: boolean;
  /** Lines of an answer as they come. Throws DeskError. */
  readonly ask: (page: keyof CachePages, query: URLSearchParams) => AsyncGenerator<JsonObject>;
  readonly close: () => Promise<void>;
}

/** What is told to the user as it is. */
export class DeskError extends Error {
  override readonly name = "DeskError";
}

const pages: Readonly<
  Record<keyof CachePages, { readonly method: "GET" | "POST" | "DELETE"; readonly path: string }>
> = {
  list: { method: "GET", path: "/api/cache" },
  purge: { method: "DELETE", path: "/api/cache" },
  stats: { method: "GET", path: "/api/cache/stats" },
  verify: { method: "POST", path: "/api/cache/verify" },
  backup: { method: "POST", path: "/api/cache/backup" },
  restore: { method: "POST", path: "/api/cache/restore" },
};

/** The desk of the daemon that this configuration means; without one that of its files. `makes` says that they may be made. */
export async function openDesk(loaded: Loaded, makes: boolean): Promise<Desk> {
  const origin = originOf(loaded);
  if (await isThere(origin)) return daemonDesk(origin);
  const { sqlite, redis } = cacheOptions(loaded);
  const hasFiles = sqlite !== undefined && existsSync(sqlite.path);
  if (!hasFiles && redis === undefined && !makes)
    throw new DeskError(`no daemon answers at ${origin}, and there is no cache in ${loaded.dataDir}`);
  return fileDesk(loaded);
}

async function isThere(origin: string): Promise<boolean> {
  const answer = await reach(origin, "/healthz", { headersTimeout: 3_000 });
  await answer?.body.dump();
  return answer !== undefined;
}

function daemonDesk(origin: string): Desk {
  const dispatcher = new Agent({ headersTimeout: 60_000, bodyTimeout: 0 });
  const headers = keyHeaders(process.env);
  return {
    place: origin,
    isDaemon: true,
    async *ask(page, query) {
      const { method, path } = pages[page];
      const { statusCode, body } = await request(`${origin}${path}?${query.toString()}`, {
        method,
        dispatcher,
        headers,
      });
      const wanted = keyWanted(statusCode, true);
      if (wanted !== undefined) throw new DeskError(wanted);
      yield* linesOf(body);
    },
    close: () => dispatcher.close(),
  };
}

const openWaitMs = 5_000;
const redisWaitMs = 600;

/** The same pages over the same cache, only that no daemon is around them. */
async function fileDesk(loaded: Loaded): Promise<Desk> {
  const sink = {
    write: (line: string) => void process.stderr.write(line),
    flushSync: () => undefined,
    dropped: 0,
  };
  const log = createLogger({
    level: "warn",
    format: "pretty",
    colour: false,
    sink,
    now: systemClock.epochMs,
  });
  const cache = openCache<Flown>(cacheOptions(loaded), { clock: systemClock, log: () => log });
  // Nothing of the cache keeps a process alive by itself.
  const alive = setInterval(() => undefined, 1_000);
  await settled(cache);
  const served = createCachePages({
    care: cache.care,
    clock: systemClock,
    counted: () => cacheStats({ ...cache, semantic: () => undefined }),
  });
  return {
    place: loaded.dataDir,
    isDaemon: false,
    async *ask(page, query) {
      const { body } = await served[page](query);
      yield* linesOf(bodyOf(body));
    },
    async close() {
      await cache.close();
      clearInterval(alive);
    },
  };
}

const bodyOf = (body: Reply["body"]): Readable =>
  body instanceof Uint8Array ? Readable.from([Buffer.from(body)]) : Readable.from(body);

async function settled({ tiers }: OpenCache<Flown>): Promise<void> {
  const beganMs = performance.now();
  const waitMs = { redis: redisWaitMs, sqlite: openWaitMs };
  const isAwaited = (): boolean =>
    tiers.some((tier) => !tier.usable() && performance.now() - beganMs < waitMs[tier.name]);
  while (isAwaited()) await sleep(10);
}

async function* linesOf(body: Readable): AsyncGenerator<JsonObject> {
  for await (const line of createInterface({ input: body, crlfDelay: Infinity })) {
    const value = tryParse(line);
    if (!isObject(value)) throw new DeskError(`the answer is not understood: ${line.slice(0, 200)}`);
    const { error } = value;
    if (error !== undefined) throw new DeskError(typeof error === "string" ? error : JSON.stringify(error));
    yield value;
  }
}
