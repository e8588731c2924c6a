import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { randomBytes } from "node:crypto";
import { createRedisTier } from "../../src/cache/redis/tier.ts";
import { createSqliteTier } from "../../src/cache/sqlite/tier.ts";
import type { Tier } from "../../src/cache/tier.ts";
import { createLogger } from "../../src/lib/log.ts";
import { hasRedis, startRedis } from "../support/redis-server.ts";
import { createMemoryTier } from "../../src/cache/memory.ts";
import { encodeEntry } from "../../src/cache/entry.ts";
import { fingerprint } from "../../src/cache/fingerprint.ts";
import { findHazard } from "../../src/cache/hazard.ts";
import { deriveKey } from "../../src/cache/key.ts";
import { unpackStored, weigh } from "../../src/cache/stored.ts";
import { isObject, tryParse } from "../../src/lib/json.ts";
import { systemClock } from "../../src/lib/time.ts";
import { answerText, question } from "./cached-answer.ts";
import { missOverhead } from "./misses.ts";
import { startBare, startChasqui, startNginx, startUpstream, type Target } from "./targets.ts";
import { zipfReplays } from "./zipf.ts";

/** Runs `act` for a while and prints how often it can be done in a second. */
function rate(name: string, act: () => void): void {
  for (let warm = 0; warm < 2_000; warm++) act();
  const beganMs = performance.now();
  let times = 0;
  while (performance.now() - beganMs < 500) for (let some = 0; some < 200; some++, times++) act();
  const tookMs = performance.now() - beganMs;
  const each = (tookMs * 1_000) / times;
  console.log(`${name.padEnd(34)} ${Math.round((times / tookMs) * 1_000)} /s   ${each.toFixed(2)} us`);
}

function partsOfAHit(): void {
  const bytes = Buffer.from(question);
  const wire = tryParse(question);
  const answer = tryParse(answerText);
  if (!isObject(wire) || !isObject(answer)) throw new TypeError("the bench asks nothing");
  const secret = randomBytes(32);
  const asked = {
    dialect: "ollama",
    operation: "chat",
    model: "bench",
    wire,
    digest: "0".repeat(64),
  } as const;
  const print = fingerprint(asked);
  const key = deriveKey(secret, { name: "local", epoch: 1 }, print);
  const kept = {
    model: "bench",
    scope: "local",
    answer,
    isWhole: true,
    inputTokens: 1,
    outputTokens: 1,
    savedMs: 1,
    keepUntilMs: 1,
  };
  const packed = weigh(kept, { fingerprint: print, createdMs: 1, expiresMs: 2 });
  if (packed === undefined) throw new TypeError("the bench stores nothing");
  const bytesOfEntry = encodeEntry(packed.entry, { secret, key });
  const memory = createMemoryTier(
    { entriesMax: 20_000, bytesMax: 2 ** 26, entryBytesMax: 2 ** 20, ttlMs: 60_000 },
    systemClock,
  );
  console.log(
    `\nThe parts of a hit, for a question of ${bytes.length} and an answer of ${answerText.length} bytes`,
  );
  rate("look for hazards", () => void findHazard(bytes));
  rate("fingerprint and key", () => {
    deriveKey(secret, { name: "local", epoch: 1 }, fingerprint(asked));
  });
  rate("pack an entry", () => void encodeEntry(packed.entry, { secret, key }));
  rate("unpack an entry", () => void unpackStored(bytesOfEntry, { secret, key }));
  rate("memory tier: put", () => memory.put(key, packed.stored));
  rate("memory tier: get", () => void memory.get(key));
}

/** Gets and puts of a tier outside this thread, 64 at once, 20,000 entries of 3 KB. */
async function tierRates(name: string, tier: Tier): Promise<void> {
  await until(() => tier.usable());
  const note = {
    scope: "local",
    model: "bench",
    createdMs: Date.now(),
    keepUntilMs: Date.now() + 1e7,
    savedMs: 1,
  };
  const bytes = randomBytes(3_000);
  const keys = Array.from({ length: 20_000 }, () => randomBytes(16));
  const putMs = performance.now();
  for (const [index, key] of keys.entries()) {
    tier.put(key, bytes, note);
    // The queue is bounded: a put is only a put when it is not dropped.
    if (index % 500 === 499) await until(async () => (await tier.get(key)) !== undefined);
  }
  await until(async () => (await tier.get(keys.at(-1) ?? randomBytes(16))) !== undefined);
  const putsPerSecond = keys.length / ((performance.now() - putMs) / 1_000);
  const took: number[] = [];
  let missed = 0;
  const beganMs = performance.now();
  const client = async (): Promise<void> => {
    while (took.length < 40_000) {
      const askedMs = performance.now();
      const key = keys[(took.length * 7_919) % keys.length] ?? bytes;
      if ((await tier.get(key)) === undefined) missed += 1;
      took.push(performance.now() - askedMs);
    }
  };
  await Promise.all(Array.from({ length: 64 }, client));
  const getsPerSecond = took.length / ((performance.now() - beganMs) / 1_000);
  const alone: number[] = [];
  for (let one = 0; one < 2_000; one++) {
    const askedMs = performance.now();
    await tier.get(keys[one] ?? bytes);
    alone.push(performance.now() - askedMs);
  }
  const at = (times: number[], share: number): string =>
    (times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? 0).toFixed(2);
  console.log(
    `${name.padEnd(10)} ${Math.round(putsPerSecond)} puts/s   ${Math.round(getsPerSecond)} gets/s at 64   ` +
      `p50 ${at(took, 0.5)} p99 ${at(took, 0.99)} ms   alone p50 ${at(alone, 0.5)} p99 ${at(alone, 0.99)} ms   missed ${missed}`,
  );
  await tier.close();
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 1));
}

const quiet = createLogger({
  level: "error",
  format: "json",
  colour: false,
  sink: { write: () => undefined, flushSync: () => undefined, dropped: 0 },
  now: Date.now,
});
const tierParts = { clock: systemClock, log: () => quiet, random: Math.random };

async function outerTiers(): Promise<void> {
  console.log("\nThe tiers outside this thread");
  const dir = mkdtempSync(path.join(tmpdir(), "chasqui-bench-"));
  const file = { path: path.join(dir, "cache.db"), bytesMax: 2 ** 32, ttlMs: 1e9, diskFreeBytesMin: 0 };
  await tierRates("SQLite", createSqliteTier(file, tierParts));
  if (!hasRedis) {
    console.log("redis-server is not installed, so it is left out");
    return;
  }
  const server = await startRedis();
  const options = {
    url: server.url,
    password: undefined,
    prefix: "bench",
    ttlMs: 1e7,
    bytesMax: 2 ** 31,
    managed: false,
    waitMs: 50,
  };
  await tierRates("Redis", createRedisTier(options, tierParts));
  await server.stop();
}

/** What wrk measured at 32 connections: requests a second and the median, and the target's CPU time for each. */
async function load(
  target: Target,
  script: string,
): Promise<{ perSecond: number; cpuUs: number; p50: string }> {
  const before = (await target.cpuMs()) ?? 0;
  const url = `http://127.0.0.1:${target.port}/api/chat`;
  const output = execFileSync("wrk", ["-t1", "-c32", "-d4s", "--latency", "-s", script, url]).toString();
  const after = (await target.cpuMs()) ?? 0;
  if (output.includes("Non-2xx")) throw new Error(`${target.name} answered with errors`);
  const requests = Number(/(\d+) requests in/.exec(output)?.[1]);
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1]),
    cpuUs: ((after - before) * 1_000) / requests,
    p50: /^ +50% +(\S+)/m.exec(output)?.[1] ?? "",
  };
}

function hasWrk(): boolean {
  try {
    execFileSync("wrk", ["-v"], { stdio: "ignore" });
    return true;
  } catch (thrown) {
    return !(thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT");
  }
}

async function hitsOverHttp(): Promise<void> {
  const script = path.join(mkdtempSync(path.join(tmpdir(), "chasqui-bench-")), "ask.lua");
  writeFileSync(
    script,
    `wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [==[${question}]==]\n`,
  );
  const upstream = await startUpstream();
  const nginx = await startNginx(upstream.port, "proxy_cache");
  if (nginx === undefined) console.log("nginx is not installed, so it is left out");
  const targets = [
    await startBare(),
    await startChasqui(upstream.port, "on"),
    ...(nginx === undefined ? [] : [nginx]),
  ];
  console.log("\nHits over HTTP, 32 connections, medians of three rounds");
  const results = new Map(targets.map((target) => [target, [] as Awaited<ReturnType<typeof load>>[]]));
  for (let round = 0; round < 4; round++) {
    for (const [target, all] of results) {
      const result = await load(target, script);
      // The first round fills caches and warms everything up.
      if (round > 0) all.push(result);
    }
  }
  const middle = (all: readonly Awaited<ReturnType<typeof load>>[]) =>
    all.toSorted((a, b) => a.perSecond - b.perSecond)[Math.floor(all.length / 2)];
  const [bare] = results.values();
  const reference = middle(bare ?? [])?.perSecond ?? 0;
  for (const [target, all] of results) {
    const median = middle(all);
    if (median === undefined) continue;
    const share = (median.perSecond / reference).toFixed(2);
    const cpu = (median.cpuUs / 1_000).toFixed(4);
    console.log(
      `${target.name.padEnd(22)} ${Math.round(median.perSecond)} requests/s (${share} of bare)   CPU ${cpu} ms   p50 ${median.p50}`,
    );
  }
  for (const target of [upstream, ...targets]) await target.stop();
}

await zipfReplays();
// The tiers keep no process alive by themselves.
const alive = setInterval(() => undefined, 1_000);
partsOfAHit();
await outerTiers();
await missOverhead();
if (hasWrk()) await hitsOverHttp();
else console.log("\nwrk is not installed, so hits over HTTP are left out");
clearInterval(alive);
