import { randomBytes } from "node:crypto";
import { statSync, truncateSync, writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import { encodeEntry } from "../../src/cache/entry.ts";
import { deriveKey } from "../../src/cache/key.ts";
import type { EntryFilter, JobProgress, PurgeResult } from "../../src/cache/sqlite/messages.ts";
import type { SqliteTier } from "../../src/cache/sqlite/tier.ts";
import { unpackStored, weigh } from "../../src/cache/stored.ts";
import { eventually } from "../support/daemon.ts";
import { fill, freshFile, openTier } from "./sqlite-stage.ts";
import { aNote } from "./tier-contract.ts";

const secret = randomBytes(32);

/** Puts real entries, sealed by a secret; returns what is looked up. */
function putReal(tier: SqliteTier, count: number, { keepUntilMs = Date.now() + 3_600_000 } = {}): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    const fingerprint = randomBytes(32);
    const key = deriveKey(secret, { name: "local", epoch: 1 }, fingerprint);
    const weighed = weigh(
      {
        model: "m",
        scope: "local",
        answer: { response: `answer ${index}` },
        isWhole: true,
        inputTokens: 1,
        outputTokens: 2,
        savedMs: 3,
        keepUntilMs,
      },
      { fingerprint, createdMs: Date.now(), expiresMs: keepUntilMs },
    );
    const bytes = weighed === undefined ? Buffer.alloc(0) : encodeEntry(weighed.entry, { secret, key });
    tier.put(key, bytes, aNote({ keepUntilMs }));
    return fingerprint;
  });
}

describe("the care of the file", () => {
  it("lists and removes by model, scope, key and age, and says before what it would remove", async () => {
    const { tier, settle } = await openTier();
    fill(tier, 3, 100, { model: "registry.ollama.ai/library/qwen3:4b", scope: "key:a" });
    fill(tier, 2, 100, { model: "registry.ollama.ai/library/tiny:latest", createdMs: 1_000 });
    await settle();
    const told: JobProgress[] = [];
    const purge = (filter: EntryFilter, dryRun: boolean): Promise<PurgeResult> =>
      tier.job({ kind: "purge", filter, dryRun }, (one) => told.push(one));

    expect(await purge({ model: "qwen*" }, true)).toEqual({ entries: 3, bytes: 300 });
    expect(await purge({ scope: "key:a" }, true)).toEqual({ entries: 3, bytes: 300 });
    expect(await purge({ beforeMs: 2_000 }, true)).toEqual({ entries: 2, bytes: 200 });
    expect(told).toEqual([]);
    const [first] = await tier.job({ kind: "list", filter: { model: "tiny" }, after: "", limit: 10 });
    expect(first).toMatchObject({
      scope: "local",
      model: "registry.ollama.ai/library/tiny:latest",
      bytes: 100,
      hits: 0,
    });
    expect(await purge({ keyPrefix: first?.key ?? "?" }, false)).toEqual({
      entries: 1,
      bytes: 100,
    });
    expect(told).toEqual([{ done: 1, total: 1 }]);
    expect(await purge({}, false)).toEqual({ entries: 4, bytes: 400 });
    expect(await tier.job({ kind: "list", filter: {}, after: "", limit: 10 })).toEqual([]);
  });

  it("copies all of it while writes go on", async () => {
    const { tier, settle, file } = await openTier();
    const keys = fill(tier, 500);
    await settle();
    const copy = `${file}.backup`;
    const writing = setInterval(() => fill(tier, 5), 10);
    const made = await tier.job({ kind: "backup", path: copy });
    clearInterval(writing);

    const second = await openTier(copy);

    expect(made.bytes).toBe(statSync(copy).size);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    for (const key of keys.slice(0, 50)) expect((await second.tier.get(key))?.length).toBe(3_000);
  });

  it("keeps this thread free while it sweeps, copies and removes 20,000 entries", async () => {
    const { tier, file } = await openTier();
    for (let batch = 0; batch < 20; batch++) {
      fill(tier, 1_000, 1_000, { keepUntilMs: Date.now() + (batch % 2 === 0 ? 3_600_000 : 3_000) });
      await tier.job({ kind: "list", filter: {}, after: "", limit: 1 });
    }
    await eventually(() => tier.state().entries === 20_000, "all are written", 20_000);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const { expired } = await tier.sweep();
    await tier.job({ kind: "backup", path: `${file}.backup` });
    delay.disable();

    expect(expired).toBe(10_000);
    expect(delay.percentile(99) / 1e6).toBeLessThan(20);
  }, 60_000);
});

describe("a census", () => {
  it("counts the entries of each model in each scope, the most first", async () => {
    const { tier, settle } = await openTier();
    fill(tier, 3, 10, { model: "a", scope: "local" });
    fill(tier, 5, 10, { model: "a", scope: "key:x" });
    fill(tier, 3, 10, { model: "b", scope: "local" });
    await settle();

    expect(await tier.job({ kind: "census" })).toEqual([
      { model: "a", scope: "key:x", entries: 5 },
      { model: "a", scope: "local", entries: 3 },
      { model: "b", scope: "local", entries: 3 },
    ]);
  });
});

describe("a check of every entry", () => {
  it("finds what is damaged by kind, removes it, and leaves the rest", async () => {
    const { tier, settle } = await openTier();
    const prints = putReal(tier, 250);
    fill(tier, 2, 500);
    const [print = randomBytes(32)] = prints;
    const key = deriveKey(secret, { name: "local", epoch: 1 }, print);
    await settle();
    const bytes = Buffer.from((await tier.get(key)) ?? "");
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    tier.put(key, bytes, aNote());
    await settle();
    const told: JobProgress[] = [];

    const dry = await tier.job({ kind: "verify", secret, dryRun: true });
    const real = await tier.job({ kind: "verify", secret, dryRun: false }, (one) => told.push(one));
    const after = await tier.job({ kind: "verify", secret, dryRun: false });

    expect(dry).toMatchObject({ entries: 252, damaged: { foreign: 2, checksum: 1 } });
    expect(real).toMatchObject({ entries: 252, damaged: { foreign: 2, checksum: 1 } });
    expect(told.at(-1)).toMatchObject({ done: 252, total: 252 });
    expect(after).toMatchObject({ entries: 249, damaged: {} });
    await settle();
    fill(tier, 1);
    await eventually(() => tier.state().entries === 250, "the count is right");
  });
});

describe("a restore", () => {
  it("takes the entries of a copy over, each under the key and the seal of now", async () => {
    const first = await openTier();
    const prints = putReal(first.tier, 230);
    putReal(first.tier, 2, { keepUntilMs: Date.now() + 50 });
    fill(first.tier, 1, 500);
    await first.settle();
    const copy = `${first.file}.backup`;
    await first.tier.job({ kind: "backup", path: copy });
    const now = { secret: randomBytes(32), epoch: 7 };
    const { tier, settle } = await openTier(freshFile());
    const job = { kind: "import", path: copy, from: secret, ...now, nowMs: Date.now() + 100 } as const;

    const told: JobProgress[] = [];
    const result = await tier.job(job, (one) => told.push(one));
    const again = await tier.job(job);

    expect(await tier.job({ kind: "inspect", path: copy })).toEqual({ entries: 233 });
    expect(result).toMatchObject({ entries: 230, refused: 1, expired: 2, isWhole: true });
    expect(again).toMatchObject({ entries: 0 });
    expect(told.at(-1)).toEqual({ done: 233, total: 233 });
    await settle();
    for (const [index, print] of prints.entries()) {
      const key = deriveKey(now.secret, { name: "local", epoch: 7 }, print);
      const stored = unpackStored((await tier.get(key)) ?? new Uint8Array(0), { secret: now.secret, key });
      expect(stored).toMatchObject({ answer: { response: `answer ${index}` } });
    }
  });

  it("says that it was not whole when the file is full", async () => {
    const first = await openTier();
    fill(first.tier, 1);
    putReal(first.tier, 3_000);
    await eventually(() => first.tier.state().entries === 3_001, "all are written", 10_000);
    const copy = `${first.file}.backup`;
    await first.tier.job({ kind: "backup", path: copy });
    const { tier } = await openTier(freshFile(), { bytesMax: 64 * 8_192 });

    const job = { kind: "import", path: copy, from: secret, secret, epoch: 2, nowMs: Date.now() } as const;
    const result = await tier.job(job);

    expect(result.isWhole).toBe(false);
    expect(result.entries).toBeGreaterThan(100);
    expect(tier.usable()).toBe(true);
  });

  it("refuses what is no copy, and does not take it for damage of its own file", async () => {
    const { tier, file, settle, lines } = await openTier();
    fill(tier, 500);
    await settle();
    const inspect = (path: string): Promise<unknown> => tier.job({ kind: "inspect", path });
    const text = `${file}.text`;
    writeFileSync(text, "no database at all, but a text that is long enough to be one".repeat(10));
    const cut = `${file}.cut`;
    await tier.job({ kind: "backup", path: cut });
    truncateSync(cut, Math.floor(statSync(cut).size / 2));

    await expect(inspect(text)).rejects.toThrow(/the copy: file is not a database/);
    await expect(inspect(cut)).rejects.toThrow(/the copy: /);
    await expect(inspect(`${file}.none`)).rejects.toThrow(/unable to open/);
    await settle();
    expect(tier.usable()).toBe(true);
    expect(lines.filter((line) => line.includes("damaged"))).toEqual([]);
  });
});
