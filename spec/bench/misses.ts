import { Pool } from "undici";
import { hasRedis, startRedis } from "../support/redis-server.ts";
import { question } from "./cached-answer.ts";
import { freePort, startChasqui, startUpstream, type Target } from "./targets.ts";

const requests = 1_500;

/** What a miss costs beside the upstream's own time: one client, 2 KB asked, every question another one. */
export async function missOverhead(): Promise<void> {
  const upstream = await startUpstream();
  const redis = hasRedis ? await startRedis() : undefined;
  const frozen = hasRedis ? await startRedis() : undefined;
  frozen?.freeze();
  const refused = `redis://127.0.0.1:${await freePort()}`;
  const named: (readonly [string, Target])[] = [
    ["the upstream itself", upstream],
    ["cache off", await startChasqui(upstream.port, "off")],
    ["cache on", await startChasqui(upstream.port, "on")],
    ["cache on, Redis up", await startChasqui(upstream.port, "on", redisAt(redis?.url))],
    ["cache on, Redis refuses", await startChasqui(upstream.port, "on", redisAt(refused))],
    ["cache on, Redis frozen", await startChasqui(upstream.port, "on", redisAt(frozen?.url))],
  ];
  console.log("\nA miss, one client, medians of three rounds");
  const times = new Map(named.map(([name]) => [name, [] as { p50: number; p99: number }[]]));
  for (let round = 0; round < 4; round++)
    for (const [name, { port }] of named) {
      const result = await oneByOne(port, `${name} ${round}`);
      if (round > 0) times.get(name)?.push(result);
    }
  const [direct = 0] = [...times.values()].map((all) => median(all.map(({ p50 }) => p50)));
  for (const [name, all] of times) {
    const p50 = median(all.map((one) => one.p50));
    const p99 = median(all.map((one) => one.p99));
    console.log(
      `${name.padEnd(26)} p50 ${p50.toFixed(3)} ms (+${(p50 - direct).toFixed(3)})   p99 ${p99.toFixed(3)} ms`,
    );
  }
  frozen?.thaw();
  for (const [, target] of named) await target.stop();
  await redis?.stop();
  await frozen?.stop();
}

const redisAt = (url: string | undefined): NodeJS.ProcessEnv =>
  url === undefined ? {} : { CHASQUI_CACHE_REDIS_URL: url };

async function oneByOne(port: number, salt: string): Promise<{ p50: number; p99: number }> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 1 });
  const took: number[] = [];
  for (let nth = 0; nth < requests; nth++) {
    const body = question.replace("Why is", `${salt} ${nth}: Why is`);
    const beganMs = performance.now();
    const answer = await pool.request({
      method: "POST",
      path: "/api/chat",
      headers: { "content-type": "application/json" },
      body,
    });
    await answer.body.dump();
    took.push(performance.now() - beganMs);
  }
  await pool.close();
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
