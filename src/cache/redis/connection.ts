import { Redis } from "ioredis";
import type { Logger } from "../../lib/log.ts";

export interface RedisOptions {
  /** `redis://` or `rediss://`, without a password. */
  readonly url: string;
  readonly password: string | undefined;
  /** Begins every key. */
  readonly prefix: string;
  /** Longest time an entry is kept. */
  readonly ttlMs: number;
  /** What the server may take, in bytes. */
  readonly bytesMax: number;
  /** Whether memory limit and policy of the server are ours to set. */
  readonly managed: boolean;
  /** Longest wait for an answer. */
  readonly waitMs: number;
}

const connectMs = 500;
/** A connection on which nothing has come in for so long although something was asked is given up. */
const silentMs = 1_000;
const retryMs = { first: 100, most: 5_000 };

/** A connection that comes back by itself, and on which nothing ever waits for it to come back. */
export function connect({ url, password, waitMs }: RedisOptions, random: () => number): Redis {
  return new Redis(url, {
    ...(password === undefined ? {} : { password }),
    connectionName: "chasqui",
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: connectMs,
    commandTimeout: waitMs,
    socketTimeout: silentMs,
    retryStrategy: (times) =>
      Math.min(retryMs.most, retryMs.first * 2 ** Math.min(times, 10)) * (0.8 + 0.4 * random()),
  });
}

interface Watch {
  readonly options: RedisOptions;
  readonly log: () => Logger;
  readonly isClosed: () => boolean;
}

/** Tells once that the server is there, and once that it is away. Messages of Redis hold no password. */
export function watch(client: Redis, { options, log, isClosed }: Watch): void {
  let told: "up" | "down" | undefined;
  const away = (reason: string): void => {
    if (told === "down" || isClosed()) return;
    told = "down";
    log().warn("Redis is away; the cache does without it", { setting: "cache.redis.url", reason });
  };
  client.on("error", (error: unknown) => away(wordOf(error)));
  client.on("close", () => away("the connection ended"));
  client.on("ready", () => {
    if (told !== "up") log().info("Redis is there");
    told = "up";
    prepare(client, options, log).catch((thrown: unknown) =>
      log().warn("Redis did not tell its limits", { reason: wordOf(thrown) }),
    );
  });
}

/** A server of our own is bounded; of another one it is only told when it is not bounded as it should be. */
async function prepare(client: Redis, { managed, bytesMax }: RedisOptions, log: () => Logger): Promise<void> {
  if (managed) {
    await client.config("SET", "maxmemory", bytesMax);
    await client.config("SET", "maxmemory-policy", "allkeys-lru");
    return;
  }
  const info = await client.info("memory");
  const limit = Number(/^maxmemory:(\d+)/m.exec(info)?.[1] ?? 0);
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (limit > 0 && limit <= bytesMax && /^allkeys-l[rf]u$/.test(policy ?? "")) return;
  log().warn(
    "Redis is not bounded as a cache should be: set maxmemory and maxmemory-policy allkeys-lru there",
    {
      maxmemory: limit,
      policy,
      wanted_bytes: bytesMax,
    },
  );
}

/** The message of an error, in which Redis says its code first. */
export const wordOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : "unknown");
