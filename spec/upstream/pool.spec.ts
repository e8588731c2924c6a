import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPool, type Pool } from "../../src/upstream/pool.ts";
import { eventually } from "../support/daemon.ts";
import { createFakeClock, pass, type FakeClock } from "../support/fake-clock.ts";
import { startFakeUpstream, type FakeUpstream } from "../support/fake-upstream.ts";
import { bodyFor, goodFrames } from "../support/wires.ts";

let upstream: FakeUpstream;
let pool: Pool;
let clock: FakeClock;

beforeEach(async () => {
  upstream = await startFakeUpstream();
  clock = createFakeClock();
  pool = createPool({
    name: "one",
    url: upstream.url,
    headers: {},
    timeouts: { connectMs: 2_000, firstByteMs: 1_000, idleMs: 500, totalMs: 0 },
    keepAliveMs: 1_000,
    clock,
  });
});

afterEach(async () => {
  pool.close();
  await upstream.stop();
});

const attempt = {
  method: "POST",
  path: "/api/chat",
  repeatable: true,
  headers: { "content-type": "application/json" },
  body: Buffer.from(JSON.stringify(bodyFor("/api/chat", true))),
};

const never = (): AbortSignal => new AbortController().signal;

describe("a pool of connections", () => {
  it("says how long it waited for an answer that does not begin", async () => {
    upstream.fault = "hang-before-headers";
    const sending = pool.send(attempt, never());
    const failed = expect(sending).rejects.toMatchObject({ code: "upstream_timeout", status: 504 });
    await eventually(() => upstream.calls().length === 1, "the call arrived");

    await pass(clock, 1_000);

    await failed;
    await eventually(() => upstream.calls()[0]?.ended === "left", "the upstream's connection was closed");
  });

  it("gives an answer up that stops in the middle", async () => {
    upstream.fault = "hang-mid-stream";
    const reply = await pool.send(attempt, never());
    const iterator = reply.body[Symbol.asyncIterator]();
    await iterator.next();
    const next = iterator.next();
    const failed = expect(next).rejects.toMatchObject({ code: "upstream_timeout" });

    await pass(clock, 500);

    await failed;
    await eventually(() => upstream.calls()[0]?.ended === "left", "the upstream's connection was closed");
  });

  it("does not hold it against the upstream that the reader takes its time", async () => {
    const reply = await pool.send(attempt, never());
    const chunks: Uint8Array[] = [];
    for await (const chunk of reply.body) {
      chunks.push(chunk);
      await pass(clock, 5_000);
    }

    expect(Buffer.concat(chunks).toString("utf8")).toBe(goodFrames("/api/chat").join(""));
  });

  it("sends nothing for a caller that has already left", async () => {
    const reason = new Error("gone");

    await expect(pool.send(attempt, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(upstream.calls()).toEqual([]);
  });

  it("leaves no timer and no listener behind after a good answer", async () => {
    const { signal } = new AbortController();
    const reply = await pool.send(attempt, signal);
    for await (const chunk of reply.body) expect(chunk.length).toBeGreaterThan(0);

    expect(clock.pending).toBe(0);
  });

  it("keeps the paths under the upstream's base path", async () => {
    const based = createPool({
      name: "one",
      url: `${upstream.url}/behind/a/proxy`,
      headers: {},
      timeouts: { connectMs: 2_000, firstByteMs: 0, idleMs: 0, totalMs: 0 },
      keepAliveMs: 1_000,
      clock,
    });
    upstream.respond = () => ({ status: 200, body: "{}" });

    const reply = await based.send(
      { method: "GET", path: "/api/tags", headers: {}, body: undefined, repeatable: true },
      never(),
    );
    for await (const chunk of reply.body) expect(chunk.length).toBe(2);

    expect(upstream.seen[0]?.path).toBe("/behind/a/proxy/api/tags");
    based.close();
  });
});
