import { encodeEntryAside } from "./entry.ts";
import type { Stored, Weighed } from "./stored.ts";

export interface OutgoingEvents {
  readonly put: (key: Buffer, bytes: Buffer, stored: Stored) => void;
  readonly failed: () => void;
}

/** Seals answers after those who wait for them were served; what is removed meanwhile is not put back. */
export interface Outgoing {
  readonly send: (key: Buffer, weighed: Weighed) => void;
  readonly drop: (key: Buffer) => void;
  /** Resolves when everything sent so far was put or dropped. */
  readonly settled: () => Promise<void>;
}

export function createOutgoing(secret: Uint8Array, { put, failed }: OutgoingEvents): Outgoing {
  const waiting = new Map<string, Weighed>();
  const running = new Set<Promise<void>>();
  const work = async (key: Buffer, weighed: Weighed): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    const bytes = await encodeEntryAside(weighed.entry, { secret, key });
    if (waiting.get(nameOf(key)) === weighed) put(key, bytes, weighed.stored);
  };
  return {
    send(key, weighed) {
      const name = nameOf(key);
      waiting.set(name, weighed);
      const one = work(key, weighed)
        .catch(failed)
        .finally(() => {
          running.delete(one);
          if (waiting.get(name) === weighed) waiting.delete(name);
        });
      running.add(one);
    },
    drop: (key) => void waiting.delete(nameOf(key)),
    async settled() {
      await Promise.all(running);
    },
  };
}

const nameOf = (key: Buffer): string => key.toString("latin1");
