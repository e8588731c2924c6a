import path from "node:path";
import type { Loaded } from "./load.ts";
import type { Config } from "./schema.ts";

type CacheConfig = Config["cache"];

/** What the tiers are made with; read at the start only. */
export function cacheOptions({ config: { cache }, dataDir, secrets }: Loaded) {
  return {
    dataDir,
    memory: {
      entriesMax: cache.enabled ? cache.memory.entries : 0,
      bytesMax: cache.memory.size,
      entryBytesMax: cache.memory.entry_size,
      ttlMs: cache.memory.ttl,
    },
    redis: cache.enabled ? redisOptions(cache.redis, secrets.redisPassword) : undefined,
    sqlite: cache.enabled && cache.sqlite.enabled ? sqliteOptions(cache.sqlite, dataDir) : undefined,
    cleanupMs: cache.cleanup.interval,
  };
}

function redisOptions(redis: CacheConfig["redis"], password: string | undefined) {
  if (redis.url === undefined) return undefined;
  const { url, prefix, managed } = redis;
  return { url, password, prefix, managed, ttlMs: redis.ttl, bytesMax: redis.size, waitMs: redis.timeout };
}

function sqliteOptions(sqlite: CacheConfig["sqlite"], dataDir: string) {
  return {
    path: sqlite.path ?? path.join(dataDir, "cache.db"),
    bytesMax: sqlite.size,
    ttlMs: sqlite.ttl,
    diskFreeBytesMin: sqlite.disk_free,
  };
}

/** How questions are compared by their meaning; undefined when they are not. Read at the start only. */
export function semanticOptions({ config: { cache } }: Loaded) {
  const { mode, model, judge, on_cpu, threshold, verify_from, budget, vectors } = cache.semantic;
  if (!cache.enabled || mode === "off" || model === undefined) return undefined;
  return {
    encoder: { model, onCpu: on_cpu },
    judge,
    search: { mode, threshold, verifyFrom: verify_from, budgetMs: budget, vectorsMax: vectors },
  };
}

/** What holds for one request, for all models and for some. */
export function policyOptions({ config: { cache } }: Loaded) {
  return {
    rules: {
      isOn: cache.enabled,
      ttlMs: cache.ttl,
      timeWordsTtlMs: cache.time_words_ttl,
      staleIfErrorMs: cache.stale_if_error,
      sampling: cache.sampling,
      regenerateMs: cache.regenerate,
      toolCalls: cache.tool_calls,
      lengthStopped: cache.length_stopped,
    },
    models: cache.models.map((one) => ({ match: one.match, rules: rulesFrom(one, cache.enabled) })),
  };
}

/** Only what is said; the rest is as for all models. */
function rulesFrom(said: CacheConfig["models"][number], enabled: boolean) {
  const rules = {
    isOn: enabled ? said.enabled : false,
    ttlMs: said.ttl,
    timeWordsTtlMs: said.time_words_ttl,
    staleIfErrorMs: said.stale_if_error,
    sampling: said.sampling,
    regenerateMs: said.regenerate,
    toolCalls: said.tool_calls,
    lengthStopped: said.length_stopped,
  };
  return Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined));
}
