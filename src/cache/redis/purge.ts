import type { Redis } from "ioredis";
import type { PurgeResult } from "../sqlite/messages.ts";

/** Whether an entry is meant; `bytes` as they lie there. */
export type IsMeant = (key: Buffer, bytes: Uint8Array) => boolean;

export interface RedisPurge {
  readonly client: Redis;
  /** What begins the names of all entries. */
  readonly prefix: string;
  readonly isMeant: IsMeant;
  readonly dryRun: boolean;
}

const namesAtOnce = 100;

/** Looks at every entry, some at a time, and removes those that are meant. Rejects with what Redis says. */
export async function purgeRedis({ client, prefix, isMeant, dryRun }: RedisPurge): Promise<PurgeResult> {
  const seen = new Set<string>();
  let bytes = 0;
  let cursor = "0";
  do {
    const [next, names] = await client.scan(cursor, "MATCH", `${literally(prefix)}*`, "COUNT", namesAtOnce);
    cursor = next;
    for (const name of names) {
      if (seen.has(name)) continue;
      const found = await client.getBuffer(name);
      if (found === null || !isMeant(Buffer.from(name.slice(prefix.length), "hex"), found)) continue;
      seen.add(name);
      bytes += found.length;
      if (!dryRun) await client.unlink(name);
    }
  } while (cursor !== "0");
  return { entries: seen.size, bytes };
}

/** As a pattern of Redis that means just this text. */
const literally = (text: string): string => text.replaceAll(/[*?[\]\\^]/g, String.raw`\$&`);
