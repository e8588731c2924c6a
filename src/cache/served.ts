import { LRUCache } from "lru-cache";
import type { Clock } from "../lib/time.ts";

/** Remembers who was served what, so that whoever asks again at once gets a new answer. */
export interface Served {
  /** Notes that a client was served the entry under a key. */
  readonly note: (client: string, key: Buffer) => void;
  /** Whether that was less than `withinMs` ago; asking forgets it. */
  readonly isRepeat: (client: string, key: Buffer, withinMs: number) => boolean;
}

const rememberedMax = 20_000;

export function createServed(clock: Clock): Served {
  const times = new LRUCache<string, number>({ max: rememberedMax });
  const nameOf = (client: string, key: Buffer): string => `${key.toString("latin1")}${client}`;
  return {
    note: (client, key) => void times.set(nameOf(client, key), clock.monotonicMs()),
    isRepeat(client, key, withinMs) {
      const name = nameOf(client, key);
      const servedMs = times.get(name);
      times.delete(name);
      return servedMs !== undefined && clock.monotonicMs() - servedMs < withinMs;
    },
  };
}
