import { createHash } from "node:crypto";
import { createCache } from "../../src/cache/cache.ts";
import { createCacheCounts } from "../../src/cache/counts.ts";
import { createMemoryTier, type MemoryTier } from "../../src/cache/memory.ts";
import type { Place } from "../../src/cache/policy.ts";
import type { Tier, TierName } from "../../src/cache/tier.ts";
import type { Clock } from "../../src/lib/time.ts";

/** How often people ask, and what share of what they ask is asked once only. */
export interface Load {
  readonly perSecond: number;
  readonly once: number;
}

/** What came of a replay, as shares of all requests. */
export interface Replayed {
  readonly hits: Readonly<Record<TierName, number>>;
  /** Asked for the first time, and asked again later. */
  readonly cold: number;
  /** Asked before, and no longer there. */
  readonly gone: number;
}

const requests = 60_000;
const questions = 6_000;
const ttlMs = { memory: 60_000, redis: 3_600_000, sqlite: 30 * 86_400_000 };

/**
 * Sends requests through the walk of the tiers in a time of their own. A share of them is asked once; the others are
 * drawn from a set, the nth of which is asked 1/n as often as the first (Zipf, alpha 1). Memory is the real one; Redis
 * and SQLite are stood in for by maps with their lifetimes, because theirs cannot be made to run faster.
 */
export async function replay({ perSecond, once }: Load): Promise<Replayed> {
  let nowMs = 1_700_000_000_000;
  const clock: Clock = {
    epochMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: () => ({ cancel: () => undefined }),
  };
  const random = randomFrom(`${perSecond} ${once}`);
  const draw = zipf(questions, random);
  const memory = punctual(clock);
  const cache = createCache({
    secret: Buffer.alloc(32, 7),
    memory,
    tiers: [standIn("redis", clock), standIn("sqlite", clock)],
    counts: createCacheCounts(),
    clock,
  });
  const hits = { memory: 0, redis: 0, sqlite: 0 };
  const seen = new Set<number>();
  let [cold, gone] = [0, 0];
  for (let nth = 0; nth < requests; nth++) {
    nowMs += (-Math.log(1 - random()) / perSecond) * 1_000;
    const isOnce = random() < once;
    const question = isOnce ? questions + nth : draw();
    const place = placeOf(question);
    const { hit } = await cache.find(place, ({ expiresMs }) => nowMs < expiresMs);
    if (hit === undefined) {
      cache.fill(place, kept(nowMs), { createdMs: nowMs, expiresMs: nowMs + ttlMs.sqlite });
      await cache.settled();
    }
    if (hit !== undefined) hits[hit.tier] += 1;
    else if (!isOnce && seen.has(question)) gone += 1;
    else if (!isOnce) cold += 1;
    seen.add(question);
  }
  const share = (count: number): number => count / requests;
  const { memory: near, redis, sqlite } = hits;
  return {
    hits: { memory: share(near), redis: share(redis), sqlite: share(sqlite) },
    cold: share(cold),
    gone: share(gone),
  };
}

function placeOf(question: number): Place {
  const fingerprint = createHash("sha256").update(String(question)).digest();
  return { key: fingerprint.subarray(0, 16), fingerprint, scope: "local" };
}

const kept = (nowMs: number) => ({
  model: "bench",
  scope: "local",
  answer: { response: "x".repeat(500) },
  isWhole: true,
  inputTokens: 1,
  outputTokens: 1,
  savedMs: 1,
  keepUntilMs: nowMs + ttlMs.sqlite,
});

/** The tier in memory, whose own clock looks at the time once a second only: here seconds are days. */
function punctual(clock: Clock): MemoryTier {
  const putMs = new Map<string, number>();
  const options = { entriesMax: 20_000, bytesMax: 64 * 1_024 ** 2, entryBytesMax: 2 ** 20, ttlMs: 1e12 };
  const memory = createMemoryTier(options, clock);
  return {
    ...memory,
    get(key) {
      const name = key.toString("hex");
      if (clock.epochMs() - (putMs.get(name) ?? 0) < ttlMs.memory) return memory.get(key);
      memory.remove(key);
      putMs.delete(name);
      return undefined;
    },
    put(key, stored) {
      putMs.set(key.toString("hex"), clock.epochMs());
      memory.put(key, stored);
    },
  };
}

function standIn(name: "redis" | "sqlite", clock: Clock): Tier {
  const entries = new Map<string, { readonly bytes: Uint8Array; readonly untilMs: number }>();
  const state = { state: "up", entries: 0, bytes: 0, droppedWrites: 0, failures: 0 } as const;
  return {
    name,
    usable: () => true,
    get(key) {
      const found = entries.get(key.toString("hex"));
      return Promise.resolve(
        found !== undefined && clock.epochMs() < found.untilMs ? found.bytes : undefined,
      );
    },
    put: (key, bytes) =>
      void entries.set(key.toString("hex"), { bytes, untilMs: clock.epochMs() + ttlMs[name] }),
    remove: (key) => void entries.delete(key.toString("hex")),
    state: () => state,
    close: () => Promise.resolve(),
  };
}

/** Numbers from 0 to 1 that are the same in every run. */
function randomFrom(seed: string): () => number {
  let state = createHash("sha256").update(seed).digest().readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Draws 0 to `count` - 1, the nth of them 1/n as often as the first. */
function zipf(count: number, random: () => number): () => number {
  const sums: number[] = [];
  for (let nth = 1, sum = 0; nth <= count; nth++) sums.push((sum += 1 / nth));
  const total = sums.at(-1) ?? 1;
  return () => {
    const wanted = random() * total;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? total) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`.padStart(8);

/** Prints what each load comes to, and why no more. */
export async function zipfReplays(): Promise<void> {
  console.log(
    `\nHit rates of ${requests} requests, Zipf alpha 1 over ${questions} questions, the rest asked once\n` +
      "requests/s   once     hits   memory    redis   sqlite  | bound by: asked once  first time  expired",
  );
  for (const perSecond of [0.05, 0.5, 5, 50]) {
    for (const once of [0.3, 0.6, 0.8]) {
      const { hits, cold, gone } = await replay({ perSecond, once });
      const all = hits.memory + hits.redis + hits.sqlite;
      const columns = [all, hits.memory, hits.redis, hits.sqlite].map(percent).join(" ");
      const bounds = [1 - all - cold - gone, cold, gone].map(percent).join("    ");
      console.log(
        `${String(perSecond).padStart(10)} ${once.toFixed(1).padStart(6)} ${columns}  |          ${bounds}`,
      );
    }
  }
}
