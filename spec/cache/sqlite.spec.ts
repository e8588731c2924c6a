import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/daemon.ts";
import { fill, freshFile, openTier } from "./sqlite-stage.ts";
import { aKey, describeTier } from "./tier-contract.ts";

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
    const rows = await tier.job({ kind: "list", filter: {}, after: "", limit: 1_000 });

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

    await expect(tier.job({ kind: "list", filter: {}, after: "", limit: 10 })).resolves.toBeInstanceOf(Array);
  });
});
