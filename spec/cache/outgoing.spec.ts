import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { decodeEntry } from "../../src/cache/entry.ts";
import { createOutgoing } from "../../src/cache/outgoing.ts";
import { weigh, type Weighed } from "../../src/cache/stored.ts";

const secret = randomBytes(32);
const sealOf = (key: Uint8Array) => ({ secret, key });

function weighed(text: string): Weighed {
  const kept = {
    model: "m",
    scope: "local",
    answer: { response: text },
    isWhole: true,
    inputTokens: 1,
    outputTokens: 1,
    savedMs: 1,
    keepUntilMs: 2,
  };
  const answer = weigh(kept, { fingerprint: Buffer.alloc(32, 1), createdMs: 1, expiresMs: 2 });
  if (answer === undefined) throw new TypeError("too large to be stored");
  return answer;
}

function stage() {
  const put: { key: Buffer; bytes: Buffer }[] = [];
  let failures = 0;
  const outgoing = createOutgoing(secret, {
    put: (key, bytes) => void put.push({ key, bytes }),
    failed: () => void (failures += 1),
  });
  return { outgoing, put, failures: () => failures };
}

describe("answers on their way to the tiers", () => {
  it("are sealed entries, large ones too, and later than the call", async () => {
    const { outgoing, put } = stage();
    const sent = [
      weighed("short"),
      weighed("x".repeat(3_000)),
      weighed(randomBytes(100_000).toString("hex")),
    ];
    for (const [index, one] of sent.entries()) outgoing.send(Buffer.alloc(16, index), one);
    expect(put).toEqual([]);
    await outgoing.settled();
    expect(put).toHaveLength(3);
    for (const { key, bytes } of put) {
      const entry = decodeEntry(bytes, sealOf(key));
      expect(entry).toMatchObject({ payload: Buffer.from(sent[key[0] ?? 9]?.entry.payload ?? []) });
    }
  });

  it("do not arrive once they were dropped", async () => {
    const { outgoing, put } = stage();
    const key = Buffer.alloc(16, 7);
    outgoing.send(key, weighed("wrong"));
    outgoing.drop(key);
    await outgoing.settled();
    expect(put).toEqual([]);
  });

  it("arrive as the last one sent under a key", async () => {
    const { outgoing, put } = stage();
    const key = Buffer.alloc(16, 7);
    outgoing.send(key, weighed("x".repeat(200_000)));
    const last = weighed("new");
    outgoing.send(key, last);
    await outgoing.settled();
    expect(put).toHaveLength(1);
    expect(decodeEntry(put[0]?.bytes ?? Buffer.alloc(0), sealOf(key))).toMatchObject({
      payload: last.entry.payload,
    });
  });

  it("are counted when a tier throws, and the next one is sent all the same", async () => {
    let failures = 0;
    let calls = 0;
    const outgoing = createOutgoing(secret, {
      put() {
        calls += 1;
        throw new Error("full");
      },
      failed: () => void (failures += 1),
    });
    outgoing.send(Buffer.alloc(16, 1), weighed("a"));
    await outgoing.settled();
    outgoing.send(Buffer.alloc(16, 1), weighed("a"));
    await outgoing.settled();
    expect({ calls, failures }).toEqual({ calls: 2, failures: 2 });
  });
});
