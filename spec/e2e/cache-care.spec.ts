import { copyFileSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ask, open } from "../support/ask.ts";
import { cachedStages, cacheOf, question } from "../support/cached-stage.ts";
import { eventually } from "../support/daemon.ts";
import { hasRedis, startRedis } from "../support/redis-server.ts";
import type { Stage } from "../support/stage.ts";

const cachedStage = cachedStages();
const onDisk = "{ sqlite: { disk_free: 0 } }";
type Json = Record<string, unknown>;

const remove = async (made: Stage, query: string): Promise<unknown> =>
  JSON.parse((await ask(made.url(`/api/cache${query}`), undefined, { method: "DELETE" })).text);

const post = async (made: Stage, what: string): Promise<{ status: number; lines: Json[] }> => {
  const { status, text } = await ask(made.url(`/api/cache/${what}`), undefined, { method: "POST" });
  return {
    status,
    lines: text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Json),
  };
};

const stats = async (made: Stage): Promise<Json & { backups: { dir: string; copies: Json[] } }> =>
  JSON.parse((await ask(made.url("/api/cache/stats"))).text) as never;

/** Asks, and waits until the answer is on disk. */
async function stored(made: Stage, asked: object, entries = 1): Promise<void> {
  await ask(made.url("/api/chat"), asked);
  await eventually(async () => {
    const { text } = await ask(made.url("/api/cache"));
    return (JSON.parse(text) as { entries?: unknown[] }).entries?.length === entries;
  }, "it is on disk");
}

const asked = question("/api/chat", false);
const asking = async (made: Stage, what = asked): Promise<unknown> =>
  cacheOf(await ask(made.url("/api/chat"), what));

describe("an administrator", () => {
  it("sees what is stored and removes it, by model or all of it", async () => {
    const made = await cachedStage(onDisk);
    await stored(made, asked);

    expect(await remove(made, "?model=other")).toMatchObject({ dry_run: false, entries: 0 });
    expect(await remove(made, "?model=ti*&dry_run=true")).toMatchObject({ dry_run: true, entries: 1 });
    expect(await asking(made)).toBe("hit");
    expect(await remove(made, "?model=ti*")).toMatchObject({
      entries: 1,
      tiers: { memory: { entries: 1 }, sqlite: { entries: 1 } },
    });
    expect(await asking(made)).toBe("miss");
    await remove(made, "");
    expect(await asking(made)).toBe("miss");
  });

  it.each([
    ["DELETE", "?modell=tiny", "modell: unknown"],
    ["DELETE", "?older_than=soon", "older_than: expected a duration"],
    ["DELETE", "?dry_run=maybe", "dry_run: expected true or false"],
    ["DELETE", "?key=xyz", "key: expected up to 32 hexadecimal digits"],
    ["DELETE", "?model=", "model: expected a value"],
    ["GET", "?limit=0", "limit: expected a whole number from 1 to 1000"],
    ["POST", "/verify?all=true", "all: unknown; there are dry_run, stream"],
    ["POST", "/backup?name=../cache.db", "name: expected up to 100 letters"],
    ["POST", "/backup?name=a.secret", "name: expected up to 100 letters"],
    ["POST", "/restore", "name: expected the name of a copy"],
    ["POST", "/restore?name=none.db", "name: there is no copy of the name none.db"],
  ])("who asks for %s %s changes nothing and is told", async (method, query, text) => {
    const made = await cachedStage();
    await asking(made);

    const answer = await ask(made.url(`/api/cache${query}`), undefined, { method });

    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(text)]);
    expect(await asking(made)).toBe("hit");
  });

  it.skipIf(!hasRedis)("removes from Redis just what is meant", async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const made = await cachedStage(
      `{ redis: { url: "${redis.url}", prefix: "a[b*" }, sqlite: { enabled: false }, memory: { ttl: 1ms } }`,
      { models: [["tiny:latest", "other:latest"]] },
    );
    const other = question("/api/chat", false, { model: "other" });
    await eventually(async () => (await asking(made)) === "hit", "it is stored");
    await eventually(async () => (await asking(made, other)) === "hit", "the other is stored");
    await redis.client.set("a[b*:1:00000000000000000000000000000000", "not ours");

    const dry = await remove(made, "?model=tiny&dry_run=true");
    const real = await remove(made, "?model=tiny");

    expect(dry).toMatchObject({ tiers: { redis: { entries: 1 } } });
    expect(real).toMatchObject({ tiers: { redis: { entries: 1 } } });
    expect(await redis.client.dbsize()).toBe(2);
    expect(await asking(made, other)).toBe("hit");
    expect(await asking(made)).toBe("miss");
    await redis.kill();
    const { status, text } = await ask(made.url("/api/cache?model=tiny"), undefined, { method: "DELETE" });
    expect([status, text]).toEqual([503, expect.stringMatching(/redis: .*Redis/)]);
  });
});

describe("what is stored", () => {
  it("is counted by model and scope", async () => {
    const made = await cachedStage(onDisk);
    await stored(made, asked);

    expect(await stats(made)).toMatchObject({
      tiers: { memory: { entries: 1 }, sqlite: { state: "up", entries: 1 } },
      stored: [{ model: "registry.ollama.ai/library/tiny:latest", scope: "local", entries: 1 }],
      backups: { copies: [] },
      busy: null,
    });
  });

  it("is verified, entry by entry, told as Ollama tells of a pull", async () => {
    const made = await cachedStage(onDisk);
    await stored(made, asked);

    const { lines } = await post(made, "verify");
    const whole = await post(made, "verify?stream=false&dry_run=true");

    expect(lines[0]).toEqual({ status: "checking the file" });
    expect(lines.at(-1)).toMatchObject({ status: "success", dry_run: false, entries: 1, damaged: {} });
    expect(whole.lines).toEqual([{ dry_run: true, entries: 1, damaged: {}, took_ms: expect.any(Number) }]);
  });
});

describe("a copy", () => {
  it("is made under a name, readable by its owner alone, and never over another one", async () => {
    const made = await cachedStage(onDisk);
    await stored(made, asked);

    const first = await post(made, "backup?name=one.db");
    const again = await post(made, "backup?name=one.db&stream=false");
    const named = await post(made, "backup?stream=false");
    const { backups } = await stats(made);

    expect(first.lines.at(-1)).toMatchObject({ status: "success", name: "one.db" });
    expect(statSync(path.join(backups.dir, "one.db")).mode & 0o777).toBe(0o600);
    expect(statSync(path.join(backups.dir, "one.db.secret")).mode & 0o777).toBe(0o600);
    expect(statSync(backups.dir).mode & 0o777).toBe(0o700);
    expect([again.status, again.lines[0]]).toMatchObject([
      400,
      { error: expect.stringContaining("already") },
    ]);
    expect(named.lines[0]).toMatchObject({ name: expect.stringMatching(/^cache-\d{8}T\d{6}\.\d{3}Z\.db$/) });
    expect(backups.copies).toHaveLength(2);
  });

  it("is taken in again: what was stored then is found, what came after is not", async () => {
    const made = await cachedStage(onDisk);
    const later = question("/api/chat", false, { messages: [{ role: "user", content: "later" }] });
    await stored(made, asked);
    await post(made, "backup?name=then.db");
    await stored(made, later, 2);

    const { lines } = await post(made, "restore?name=then.db");

    expect(lines.at(-1)).toMatchObject({
      status: "success",
      entries: 1,
      refused: 0,
      expired: 0,
      whole: true,
    });
    expect(await asking(made)).toBe("hit");
    expect(await asking(made, later)).toBe("miss");
    const before = String(lines.at(-1)?.["before"]);
    await post(made, `restore?name=${before}&stream=false`);
    expect(await asking(made, later)).toBe("hit");
  });

  it("of another daemon is taken in with its secret beside it, and refused without", async () => {
    const [one, two] = [await cachedStage(onDisk), await cachedStage(onDisk)];
    await stored(one, asked);
    await post(one, "backup?name=one.db");
    const [from, to] = [(await stats(one)).backups.dir, (await stats(two)).backups.dir];
    mkdirSync(to, { recursive: true });
    copyFileSync(path.join(from, "one.db"), path.join(to, "bare.db"));
    for (const name of ["one.db", "one.db.secret"]) copyFileSync(path.join(from, name), path.join(to, name));

    await eventually(async () => (await stats(two))["stored"] !== null, "its file is open");

    const bare = await post(two, "restore?name=bare.db&stream=false");
    const whole = await post(two, "restore?name=one.db&stream=false");

    expect(bare.lines[0]).toMatchObject({ entries: 0, refused: 1 });
    expect(whole.lines[0]).toMatchObject({ entries: 1, refused: 0 });
    expect(await asking(two)).toBe("hit");
    expect(two.one.to("/api/chat")).toHaveLength(0);
  });

  it("that is damaged is refused, and what is stored stays", async () => {
    const made = await cachedStage(onDisk);
    await stored(made, asked);
    const { backups } = await stats(made);
    mkdirSync(backups.dir, { recursive: true });
    writeFileSync(path.join(backups.dir, "bad.db"), "this was a database once");

    const { status, lines } = await post(made, "restore?name=bad.db&stream=false");

    expect([status, lines[0]]).toMatchObject([
      400,
      { error: expect.stringContaining("name: it cannot be restored: the copy: file is not a database") },
    ]);
    expect(readdirSync(backups.dir)).toEqual(["bad.db"]);
    expect(await asking(made)).toBe("hit");
  });

  it("is made one at a time, and by itself when nobody listens any more", async () => {
    const made = await cachedStage(onDisk);
    await stored(made, asked);
    const asks = ["a", "b", "c"].map((name) =>
      open(made.url(`/api/cache/backup?stream=false&name=${name}`), undefined, { method: "POST" }),
    );
    const statuses = await Promise.all(asks.map(async ({ answer }) => (await answer).status));
    const left = open(made.url("/api/cache/backup?name=left"), undefined, { method: "POST" });
    await left.firstByte;
    left.leave();

    expect(statuses.toSorted((one, other) => one - other)).toEqual([200, 503, 503]);
    await eventually(async () => (await stats(made)).backups.copies.length === 2, "it is made");
    expect((await stats(made)).busy).toBeNull();
  });

  it("is not made where nothing is kept on disk, nor where there is no room", async () => {
    const made = await cachedStage("{ sqlite: { enabled: false } }");
    const full = await cachedStage(onDisk);
    await stored(full, asked);
    const { dir } = (await stats(full)).backups;
    writeFileSync(dir, "no directory");

    const none = await post(made, "backup?stream=false");
    const refused = await post(full, "backup?stream=false");

    expect([none.status, none.lines[0]]).toMatchObject([400, { error: expect.stringContaining("sqlite") }]);
    expect([refused.status, refused.lines[0]]).toMatchObject([
      503,
      { error: expect.stringMatching(/EEXIST|ENOTDIR/) },
    ]);
    expect((await stats(full)).busy).toBeNull();
  });
});
