import type { Logger } from "../../lib/log.ts";
import { pause, type Clock } from "../../lib/time.ts";
import type { PurgeResult } from "../sqlite/messages.ts";
import { type Tier, TierError, type TierState } from "../tier.ts";
import { connect, type RedisOptions, watch, wordOf } from "./connection.ts";
import { type IsMeant, purgeRedis } from "./purge.ts";
import { createTrust } from "./trust.ts";
import { createWrites } from "./writes.ts";

export interface RedisTier extends Tier {
  readonly name: "redis";
  /** Removes the entries that are meant; with `dryRun` only counts them. Rejects with TierError. */
  readonly purge: (isMeant: IsMeant, dryRun: boolean) => Promise<PurgeResult>;
}

export interface RedisParts {
  readonly clock: Clock;
  readonly log: () => Logger;
  readonly random: () => number;
}

/** So that entries that were stored together do not expire together. */
const ttlJitter = 0.1;
/** Of the keys; a later one would not find what this one wrote. */
const layout = 1;

/**
 * The tier that daemons share. Nothing waits for a server that is away: commands fail while there is no connection, an
 * answer is waited for once, and after three failures nobody waits until a PING has been answered.
 */
export function createRedisTier(options: RedisOptions, { clock, log, random }: RedisParts): RedisTier {
  const client = connect(options, random);
  let isClosed = false;
  watch(client, { options, log, isClosed: () => isClosed });
  const isReady = (): boolean => client.status === "ready" && !isClosed;
  const trust = createTrust({ clock, ping: () => client.ping(), isOver: () => isClosed });
  const writes = createWrites({ clock, log, trust, isReady });

  const prefix = `${options.prefix}:${layout}:`;
  const nameOf = (key: Buffer): string => prefix + key.toString("hex");
  const ttlFor = (keepUntilMs: number): number => {
    const jittered = options.ttlMs * (1 - ttlJitter + 2 * ttlJitter * random());
    return Math.floor(Math.min(keepUntilMs - clock.epochMs(), jittered));
  };
  const state = (): TierState["state"] => {
    if (!isReady()) return "down";
    if (trust.state !== "up") return trust.state;
    return writes.isRefused ? "read-only" : "up";
  };

  return {
    name: "redis",
    usable: () => isReady() && trust.state === "up" && !trust.isStuck(),
    async get(key) {
      if (!isReady()) throw new TierError("there is no connection to Redis");
      try {
        return (await trust.follow(client.getBuffer(nameOf(key)))) ?? undefined;
      } catch (thrown) {
        throw new TierError("Redis did not answer", { cause: thrown });
      }
    },
    put(key, bytes, { keepUntilMs }) {
      const ttlMs = ttlFor(keepUntilMs);
      if (ttlMs > 0)
        writes.send(bytes.length, () => client.set(nameOf(key), Buffer.from(bytes), "PX", ttlMs));
    },
    remove: (key) => writes.send(0, () => client.unlink(nameOf(key))),
    async purge(isMeant, dryRun) {
      if (!isReady()) throw new TierError("there is no connection to Redis");
      try {
        return await purgeRedis({ client, prefix, isMeant, dryRun });
      } catch (thrown) {
        throw new TierError(`Redis: ${wordOf(thrown)}`, { cause: thrown });
      }
    },
    state: () => ({
      state: state(),
      entries: undefined,
      bytes: undefined,
      droppedWrites: writes.dropped,
      failures: trust.failures,
    }),
    async close() {
      if (isClosed) return;
      const late = pause(clock, options.waitMs * 2);
      if (isReady()) await Promise.race([late, client.quit().catch(() => undefined)]);
      isClosed = true;
      client.disconnect();
    },
  };
}
