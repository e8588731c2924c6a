import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import Database from "better-sqlite3";
import { afterEach, describe, expect, it } from "vitest";
import { createSqliteTier, type SqliteOptions, type SqliteTier } from "../../src/cache/sqlite/tier.ts";
import { createLogger } from "../../src/lib/log.ts";
import { systemClock } from "../../src/lib/time.ts";
import { eventually } from "../support/daemon.ts";
import { aKey, aNote, describeTier } from "./tier-contract.ts";

const open: SqliteTier[] = [];
const dirs: string[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((tier) => tier.close()));
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

interface Opened {
  readonly tier: SqliteTier;
  readonly file: string;
  readonly lines: string[];
  /** Resolves when all that was put is written. */
  readonly settle: () => Promise<void>;
}

function freshFile(): string {
  const dir = mkdtempSync(path.join(tmpdir(), "chasqui-spec-"));
  dirs.push(dir);
  return path.join(dir, "cache.db");
}

async function openTier(file = freshFile(), more: Partial<SqliteOptions> = {}): Promise<Opened> {
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line), flushSync: () => undefined, dropped: 0 };
  const log = createLogger({ level: "debug", format: "json", colour: false, sink, now: Date.now });
  const options = { path: file, bytesMax: 2 ** 30, ttlMs: 86_400_000, diskFreeBytesMin: 0, ...more };
  const tier = createSqliteTier(options, { clock: systemClock, log: () => log });
  open.push(tier);
  await eventually(() => tier.usable(), "the file is open");
  // A job is done after all writes that were sent before it; writes go out at the latest after 50 ms.
  const settle = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 60));
    await tier.list({}, "", 1);
  };
  return { tier, file, lines, settle };
}

const fill = (tier: SqliteTier, count: number, size = 3_000, more = {}): Buffer[] =>
  Array.from({ length: count }, () => {
    const key = aKey();
    tier.put(key, Buffer.alloc(size, key[0]), aNote(more));
    return key;
  });

describeTier("SQLite", async () => {
  const { tier, settle } = await openTier();
  return { tier, settle, end: () => tier.close() };
});

describe("the file of the cache", () => {
  it("is readable by its owner alone and has what it had before, after a restart", async () => {
    const first = await openTier();
    const [key = aKey()] = fill(first.tier, 10);
    await first.tier.close();

    const second = await openTier(first.file);

    expect(statSync(first.file).mode & 0o777).toBe(0o600);
    expect((await second.tier.get(key))?.length).toBe(3_000);
    expect(second.tier.state()).toMatchObject({ state: "up", entries: 10 });
  });

  it("gives nothing that is past its time", async () => {
    const { tier, settle } = await openTier();
    const [key = aKey()] = fill(tier, 1, 10, { keepUntilMs: Date.now() + 30 });
    await settle();

    expect(await tier.get(key)).toBeUndefined();
    expect(await tier.sweep()).toMatchObject({ expired: 1, evicted: 0 });
    expect(tier.state().entries).toBe(1);
    fill(tier, 1);
    await settle();
    expect(tier.state().entries).toBe(1);
  });

  it.each([
    ["text", (file: string) => writeFileSync(file, "this is no database ".repeat(1_000))],
    ["another database", (file: string) => void new Database(file).exec("CREATE TABLE other(id)").close()],
  ])("is set aside when it is %s, with one line in the log, and begun anew", async (_name, damage) => {
    const file = freshFile();
    damage(file);
    const { tier, lines, settle } = await openTier(file);
    const [key = aKey()] = fill(tier, 1);
    await settle();

    expect((await tier.get(key))?.length).toBe(3_000);
    expect(lines.filter((line) => line.includes("damaged"))).toHaveLength(1);
    expect(readdirSync(path.dirname(file)).some((name) => name.includes(".corrupt-"))).toBe(true);
  });

  it("is set aside when it breaks under way", async () => {
    const first = await openTier();
    const keys = fill(first.tier, 500);
    await first.tier.close();
    const bytes = readFileSync(first.file);
    bytes.fill(0x55, 8_192 * 2);
    writeFileSync(first.file, bytes);

    const { tier, lines, settle } = await openTier(first.file);
    for (const key of keys.slice(0, 50)) await tier.get(key).catch(() => undefined);
    await eventually(() => lines.some((line) => line.includes("damaged")), "it is noticed");
    await eventually(() => tier.usable(), "a new one is open");
    const [key = aKey()] = fill(tier, 1);
    await settle();

    expect((await tier.get(key))?.length).toBe(3_000);
  });

  it("takes no more when it is full, goes on reading, and takes again when there is room", async () => {
    const { tier, settle, lines } = await openTier(undefined, { bytesMax: 2 ** 20 });
    const [kept = aKey()] = fill(tier, 20, 10_000);
    await settle();
    fill(tier, 256, 10_000);
    await settle();
    expect(tier.state().state).toBe("read-only");
    expect(tier.state().droppedWrites).toBeGreaterThan(0);
    expect((await tier.get(kept))?.length).toBe(10_000);

    const { evicted } = await tier.sweep();
    const [late = aKey()] = fill(tier, 1, 10);
    await settle();

    expect(evicted).toBeGreaterThan(0);
    expect(tier.state().state).toBe("up");
    expect((await tier.get(late))?.length).toBe(10);
    expect(lines.filter((line) => line.includes("disk is full"))).toHaveLength(1);
  });

  it("takes nothing while the disk is nearly full", async () => {
    const { tier, settle } = await openTier(undefined, { diskFreeBytesMin: Number.MAX_SAFE_INTEGER });
    const [key = aKey()] = fill(tier, 1);
    await settle();

    expect(tier.state().state).toBe("read-only");
    expect(await tier.get(key)).toBeUndefined();
  });

  it("opens clean after the process was killed while it wrote", async () => {
    const file = freshFile();
    const tierFile = new URL("../../dist/cache/sqlite/tier.js", import.meta.url).href;
    const timeFile = new URL("../../dist/lib/time.js", import.meta.url).href;
    const script = `
      const { createSqliteTier } = await import(${JSON.stringify(tierFile)});
      const { systemClock } = await import(${JSON.stringify(timeFile)});
      const { randomBytes } = await import("node:crypto");
      const quiet = { warn() {}, info() {}, error() {}, debug() {}, trace() {} };
      const tier = createSqliteTier({ path: ${JSON.stringify(file)}, bytesMax: 2 ** 30, ttlMs: 1e9, diskFreeBytesMin: 0 },
        { clock: systemClock, log: () => quiet });
      const note = { scope: "s", model: "m", createdMs: Date.now(), keepUntilMs: Date.now() + 1e8, savedMs: 1 };
      let told = false;
      setInterval(() => {
        for (let one = 0; one < 50; one++) { const key = randomBytes(16); tier.put(key, Buffer.alloc(5000, key[0]), note); }
        if (!told && tier.state().entries > 500) { told = true; console.log("writing"); }
      }, 5);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");

    const { tier, lines } = await openTier(file);
    const rows = await tier.list({}, "", 1_000);

    expect(rows.length).toBeGreaterThan(400);
    for (const row of rows.slice(0, 100)) {
      const bytes = Buffer.from((await tier.get(Buffer.from(row.key, "hex"))) ?? "");
      expect(bytes.equals(Buffer.alloc(5_000, Number.parseInt(row.key.slice(0, 2), 16)))).toBe(true);
    }
    expect(lines.filter((line) => line.includes("damaged"))).toEqual([]);
  });

  it("does not mind that its log of writes was cut short", async () => {
    const first = await openTier();
    fill(first.tier, 200);
    await first.settle();
    const wal = readFileSync(`${first.file}-wal`);
    const database = readFileSync(first.file);
    await first.tier.close();
    writeFileSync(first.file, database);
    writeFileSync(`${first.file}-wal`, wal);
    truncateSync(`${first.file}-wal`, Math.floor(wal.length / 2));

    const { tier } = await openTier(first.file);

    await expect(tier.list({}, "", 10)).resolves.toBeInstanceOf(Array);
  });
});

describe("the care of the file", () => {
  it("lists and removes by model, scope, key and age, and says before what it would remove", async () => {
    const { tier, settle } = await openTier();
    fill(tier, 3, 100, { model: "registry.ollama.ai/library/qwen3:4b", scope: "key:a" });
    fill(tier, 2, 100, { model: "registry.ollama.ai/library/tiny:latest", createdMs: 1_000 });
    await settle();
    const gone: string[] = [];
    const tell = (keys: Uint8Array[]): void =>
      void gone.push(...keys.map((key) => Buffer.from(key).toString("hex")));

    expect(await tier.purge({ model: "qwen*" }, true, tell)).toEqual({ entries: 3, bytes: 300 });
    expect(await tier.purge({ scope: "key:a" }, true, tell)).toEqual({ entries: 3, bytes: 300 });
    expect(await tier.purge({ beforeMs: 2_000 }, true, tell)).toEqual({ entries: 2, bytes: 200 });
    expect(gone).toEqual([]);
    const [first] = await tier.list({ model: "tiny" }, "", 10);
    expect(first).toMatchObject({
      scope: "local",
      model: "registry.ollama.ai/library/tiny:latest",
      bytes: 100,
      hits: 0,
    });
    expect(await tier.purge({ keyPrefix: first?.key ?? "?" }, false, tell)).toEqual({
      entries: 1,
      bytes: 100,
    });
    expect(gone).toEqual([first?.key]);
    expect(await tier.purge({}, false, tell)).toEqual({ entries: 4, bytes: 400 });
    expect(await tier.list({}, "", 10)).toEqual([]);
  });

  it("copies all of it while writes go on", async () => {
    const { tier, settle, file } = await openTier();
    const keys = fill(tier, 500);
    await settle();
    const copy = `${file}.backup`;
    const writing = setInterval(() => fill(tier, 5), 10);
    const made = await tier.backup(copy);
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
      await tier.list({}, "", 1);
    }
    await eventually(() => tier.state().entries === 20_000, "all are written", 20_000);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const { expired } = await tier.sweep();
    await tier.backup(`${file}.backup`);
    delay.disable();

    expect(expired).toBe(10_000);
    expect(delay.percentile(99) / 1e6).toBeLessThan(20);
  }, 60_000);
});
