import { afterEach, describe, expect, it } from "vitest";
import type { RedisOptions } from "../../src/cache/redis/connection.ts";
import { createRedisTier } from "../../src/cache/redis/tier.ts";
import type { Tier } from "../../src/cache/tier.ts";
import { createLogger } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import { eventually } from "../support/daemon.ts";
import { hasRedis, type RedisServer, startRedis, whyWithoutRedis } from "../support/redis-server.ts";
import { aKey, aNote, describeTier } from "./tier-contract.ts";

if (!hasRedis) console.log(`specs of the Redis tier are skipped: ${whyWithoutRedis}`);

const tiers: Tier[] = [];
const servers: RedisServer[] = [];
afterEach(async () => {
  await Promise.all(tiers.splice(0).map((tier) => tier.close()));
  for (const server of servers.splice(0)) {
    server.thaw();
    await server.stop();
  }
});

async function aServer(args: readonly string[] = [], password?: string): Promise<RedisServer> {
  const server = await startRedis(args, password);
  servers.push(server);
  return server;
}

function openTier(server: RedisServer, more: Partial<RedisOptions> = {}): { tier: Tier; lines: string[] } {
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line), flushSync: () => undefined, dropped: 0 };
  const log = createLogger({ level: "debug", format: "json", colour: false, sink, now: Date.now });
  const options = {
    url: server.url,
    password: undefined,
    prefix: "chasqui",
    ttlMs: 60_000,
    bytesMax: 2 ** 31,
    managed: false,
    waitMs: 50,
    ...more,
  };
  const tier = createRedisTier(options, { clock: systemClock, log: () => log, random: Math.random });
  tiers.push(tier);
  return { tier, lines };
}

async function ready(
  server: RedisServer,
  more: Partial<RedisOptions> = {},
): Promise<{ tier: Tier; lines: string[] }> {
  const opened = openTier(server, more);
  await eventually(() => opened.tier.usable(), "Redis is there");
  return opened;
}

/** Milliseconds that each of some lookups took, one after another, as the cache does it: none where it is not usable. */
async function lookups(tier: Tier, count: number): Promise<number[]> {
  const took: number[] = [];
  for (let one = 0; one < count; one++) {
    const beganMs = performance.now();
    if (tier.usable()) await tier.get(aKey()).catch(() => undefined);
    took.push(performance.now() - beganMs);
  }
  return took;
}

const slow = (took: readonly number[]): number[] => took.filter((ms) => ms > 20);

/** At most three wait, and none much longer than it should; the bound leaves room for a busy machine. */
function expectCheap(took: readonly number[]): void {
  expect(slow(took).length).toBeLessThanOrEqual(3);
  expect(Math.max(0, ...took)).toBeLessThan(150);
}

describe.skipIf(!hasRedis)("with a real Redis", () => {
  describeTier("Redis", async () => {
    const server = await startRedis();
    const { tier } = await ready(server);
    const settle = async (): Promise<void> => {
      // Commands of one connection are done in their order.
      await tier.get(aKey());
    };
    return {
      tier,
      settle,
      end: async () => {
        await tier.close();
        await server.stop();
      },
    };
  });

  it("keeps entries for a time that differs a little, and never beyond their own", async () => {
    const server = await aServer();
    const { tier } = await ready(server);
    const keys = Array.from({ length: 20 }, aKey);
    for (const key of keys) tier.put(key, Buffer.from("x"), aNote());
    const short = aKey();
    tier.put(short, Buffer.from("x"), aNote({ keepUntilMs: Date.now() + 2_000 }));
    tier.put(aKey(), Buffer.from("x"), aNote({ keepUntilMs: Date.now() - 1 }));
    await tier.get(short);

    const names = await server.client.keys("*");
    const left = await Promise.all(keys.map((key) => server.client.pttl(`chasqui:1:${key.toString("hex")}`)));

    expect(names).toHaveLength(21);
    expect(Math.min(...left)).toBeGreaterThan(53_000);
    expect(Math.max(...left)).toBeLessThanOrEqual(66_000);
    expect(new Set(left).size).toBeGreaterThan(5);
    expect(await server.client.pttl(`chasqui:1:${short.toString("hex")}`)).toBeLessThanOrEqual(2_000);
  });

  it("that is frozen costs three lookups their wait, then nothing, and comes back by itself", async () => {
    const server = await aServer();
    const { tier, lines } = await ready(server);
    const key = aKey();
    tier.put(key, Buffer.from("kept"), aNote());
    await tier.get(key);

    server.freeze();
    expectCheap(await lookups(tier, 200));
    expect(tier.usable()).toBe(false);
    for (let one = 0; one < 50; one++) tier.put(aKey(), Buffer.from("x"), aNote());
    expect(tier.state().droppedWrites).toBeGreaterThanOrEqual(50);

    server.thaw();
    await eventually(() => tier.usable(), "it is back", 15_000);
    expect(Buffer.from((await tier.get(key)) ?? "").toString()).toBe("kept");
    expect(lines.filter((line) => line.includes("is away")).length).toBeLessThanOrEqual(1);
  }, 30_000);

  it("that flaps never gives one key the answer of another", async () => {
    const server = await aServer();
    const { tier } = await ready(server);
    const keys = Array.from({ length: 50 }, aKey);
    for (const key of keys) tier.put(key, key, aNote());
    await tier.get(aKey());
    let right = 0;
    for (let turn = 0; turn < 5; turn++) {
      server.freeze();
      const early = keys.map((key) => tier.get(key).catch(() => undefined));
      await new Promise((resolve) => setTimeout(resolve, 30));
      server.thaw();
      const late = keys.map((key) => tier.get(key).catch(() => undefined));
      const got = [...(await Promise.all(early)), ...(await Promise.all(late))];
      const wanted = got.map((bytes, index) => (bytes === undefined ? undefined : keys[index % keys.length]));
      right += wanted.filter((key) => key !== undefined).length;
      expect(got.map((bytes) => bytes && Buffer.from(bytes).toString("hex"))).toEqual(
        wanted.map((key) => key?.toString("hex")),
      );
      await eventually(() => tier.usable(), "it is back", 15_000);
    }
    expect(right).toBeGreaterThan(0);
  }, 60_000);

  it("that is killed costs next to nothing, and is used again when it is back", async () => {
    const server = await aServer();
    const { tier, lines } = await ready(server);

    await server.kill();
    expectCheap(await lookups(tier, 200));
    await eventually(() => tier.state().state === "down", "it is seen to be away");
    await server.start();
    await eventually(() => tier.usable(), "it is back", 15_000);

    const key = aKey();
    tier.put(key, Buffer.from("x"), aNote());
    expect(await tier.get(key)).toBeDefined();
    expect(lines.filter((line) => line.includes("is away"))).toHaveLength(1);
  }, 30_000);

  it("that was never there costs nothing, and is used when it comes", async () => {
    const server = await aServer();
    await server.kill();
    const { tier } = openTier(server);

    expect(slow(await lookups(tier, 100))).toEqual([]);
    await server.start();

    await eventually(() => tier.usable(), "it is there", 15_000);
  }, 30_000);

  it("that takes no writes, as a replica does, is read all the same", async () => {
    const server = await aServer();
    const { tier, lines } = await ready(server);
    const key = aKey();
    tier.put(key, Buffer.from("x"), aNote());
    await tier.get(key);
    await server.client.replicaof("127.0.0.1", "1");

    tier.put(aKey(), Buffer.from("x"), aNote());
    await eventually(() => tier.state().state === "read-only", "it is noticed");

    expect(tier.usable()).toBe(true);
    expect(tier.state().droppedWrites).toBe(1);
    expect(await tier.get(key)).toBeDefined();
    expect(lines.filter((line) => line.includes("takes no writes"))).toHaveLength(1);
  });

  it("that has no memory left is read all the same", async () => {
    const server = await aServer(["--maxmemory", "2mb", "--maxmemory-policy", "noeviction"]);
    const { tier } = await ready(server);
    for (let one = 0; one < 8; one++) tier.put(aKey(), Buffer.alloc(1_000_000), aNote());

    await eventually(() => tier.state().state === "read-only", "it is noticed");
    expect(tier.usable()).toBe(true);
    await expect(tier.get(aKey())).resolves.toBeUndefined();
  });

  it("that wants another password is away, and no line tells the password", async () => {
    const server = await aServer([], "right-secret");
    const { tier, lines } = openTier(server, { password: "wrong-secret" });
    await eventually(() => lines.some((line) => line.includes("is away")), "it is told");

    expect(slow(await lookups(tier, 50))).toEqual([]);
    expect(lines.filter((line) => line.includes("is away"))).toHaveLength(1);
    expect(lines.join("\n")).not.toContain("secret");

    const { tier: right } = await ready(server, { password: "right-secret" });
    expect(right.state().state).toBe("up");
  });

  it("of our own is given its limit and its policy; another one is only told about", async () => {
    const server = await aServer();
    const { lines } = await ready(server);
    await eventually(() => lines.some((line) => line.includes("not bounded")), "it is told");
    expect(await server.client.config("GET", "maxmemory")).toEqual(["maxmemory", "0"]);

    await ready(server, { managed: true });
    await eventually(
      async () => String(await server.client.config("GET", "maxmemory-policy")).includes("allkeys-lru"),
      "it is set",
    );
    expect(await server.client.config("GET", "maxmemory")).toEqual(["maxmemory", String(2 ** 31)]);
  });

  it("that is frozen does not hold the end of the daemon", async () => {
    const server = await aServer();
    const { tier } = await ready(server);
    server.freeze();
    const beganMs = performance.now();

    await tier.close();

    expect(performance.now() - beganMs).toBeLessThan(1_000);
  });
});
