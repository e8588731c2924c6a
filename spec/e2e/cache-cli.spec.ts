import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tableOf } from "../../src/cli/table.ts";
import { ask } from "../support/ask.ts";
import { question } from "../support/cached-stage.ts";
import { eventually, runCli, scratch, spawnDaemon, type SpawnedDaemon } from "../support/daemon.ts";
import { startFakeUpstream, type FakeUpstream } from "../support/fake-upstream.ts";
import { plainAnswer } from "../support/plain-answers.ts";

let dir: string;
let cleanUp: () => Promise<void>;
let upstream: FakeUpstream;
const running: SpawnedDaemon[] = [];

beforeEach(async () => {
  ({ dir, cleanUp } = await scratch());
  upstream = await startFakeUpstream(["tiny:latest", "other:latest"]);
  upstream.respond = (seen) => plainAnswer(seen);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
  await upstream.stop();
  await cleanUp();
});

const data = (): string => path.join(dir, "data");
const started = async (environment: NodeJS.ProcessEnv = {}): Promise<SpawnedDaemon> => {
  const args = ["--upstream", upstream.url, "--data-dir", data()];
  const daemon = await spawnDaemon(args, { CHASQUI_CACHE_SQLITE_DISK_FREE: "0", ...environment });
  running.push(daemon);
  return daemon;
};
/** `chasqui cache` about the daemon, or where none is, about its files. */
const cache = (daemon: SpawnedDaemon, args: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
  runCli(["cache", ...args, "--listen", `127.0.0.1:${daemon.port}`, "--data-dir", data()], {
    CHASQUI_CACHE_SQLITE_DISK_FREE: "0",
    ...environment,
  });

async function fill(daemon: SpawnedDaemon, headers: Record<string, string> = {}): Promise<void> {
  const ways = [
    { model: "tiny" },
    { model: "other" },
    { model: "tiny", messages: [{ role: "user", content: "else" }] },
  ];
  for (const way of ways) await ask(`${daemon.url}/api/chat`, question("/api/chat", false, way), { headers });
  await eventually(async () => {
    const { text } = await ask(`${daemon.url}/api/cache`, undefined, { headers });
    return (JSON.parse(text) as { entries?: unknown[] }).entries?.length === 3;
  }, "all is on disk");
}

describe("chasqui cache", () => {
  it("shows, checks, copies, removes and takes in again what a daemon holds", async () => {
    const daemon = await started();
    await fill(daemon);
    const copy = path.join(dir, "copy.db");

    const stats = await cache(daemon, ["stats"]);
    expect(stats.stdout).toMatch(/^the daemon at http:\/\/127\.0\.0\.1:\d+\nrequests 3, hits 0\.0 %/);
    expect(stats.stdout).toMatch(/^tiny:latest\s+local\s+2$/m);
    const shown = await cache(daemon, ["ls", "--model", "ti*"]);
    expect(shown.stdout.trimEnd().split("\n")).toHaveLength(3);
    expect((await cache(daemon, ["verify"])).stdout).toBe("looked at 3 entries: all are good\n");
    expect((await cache(daemon, ["backup", copy])).stdout).toMatch(/^copied .* to .*copy\.db\n$/);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect((await cache(daemon, ["backup", copy])).stderr).toMatch(/^error: .*copy\.db is there already\n$/);
    const dry = await cache(daemon, ["purge", "--model", "other", "--dry-run"]);
    expect(dry.stdout).toMatch(/^would remove 1 entry, /);
    const gone = await cache(daemon, ["purge", "--all", "--json"]);
    expect(JSON.parse(gone.stdout)).toMatchObject({ entries: 3, tiers: { sqlite: { entries: 3 } } });
    expect((await cache(daemon, ["restore", copy])).stdout).toMatch(/^restored 3 entries; 0 had expired/);
    const again = await ask(`${daemon.url}/api/chat`, question("/api/chat", false, { model: "tiny" }));
    expect(again.headers["x-chasqui-cache"]).toBe("hit");
    expect(existsSync(copy)).toBe(true);
  }, 30_000);

  it("does the same on the files when no daemon runs", async () => {
    const daemon = await started();
    await fill(daemon);
    daemon.child.kill("SIGTERM");
    await daemon.exited;

    const stats = await cache(daemon, ["stats"]);
    const verified = await cache(daemon, ["verify", "--dry-run", "--json"]);
    const copied = await cache(daemon, ["backup", "--json"]);
    const gone = await cache(daemon, ["purge", "--scope", "local"]);
    const { name } = JSON.parse(copied.stdout) as { name: string };
    const restored = await cache(daemon, ["restore", name]);
    const listed = await cache(daemon, ["ls", "--json", "--limit", "2"]);

    expect(stats.stdout).toMatch(/^no daemon runs: the files in /);
    expect(JSON.parse(verified.stdout)).toMatchObject({ dry_run: true, entries: 3, damaged: {} });
    expect(gone.stdout).toMatch(/^removed 3 entries/);
    expect(restored.stdout).toMatch(/^restored 3 entries/);
    expect((JSON.parse(listed.stdout) as { entries: unknown[] }).entries).toHaveLength(2);
  }, 30_000);

  it("needs the key of an administrator where there are keys, and never shows it", async () => {
    const key = "chq-a-key-for-the-specs-only";
    const daemon = await started({ CHASQUI_API_KEY: key });
    await fill(daemon, { authorization: `Bearer ${key}` });

    const without = await cache(daemon, ["ls"]);
    const wrong = await cache(daemon, ["ls"], { CHASQUI_API_KEY: "wrong-key-wrong-key-wrong" });
    const right = await cache(daemon, ["ls"], { CHASQUI_API_KEY: key });

    expect([without.code, without.stderr]).toEqual([1, expect.stringContaining("CHASQUI_API_KEY")]);
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining("CHASQUI_API_KEY")]);
    expect(wrong.stderr).not.toContain("wrong-key");
    expect([right.code, right.stdout.trimEnd().split("\n").length]).toEqual([0, 4]);
  }, 30_000);

  it.each([
    [["purge"], 2, "say what is to go"],
    [["purge", "--all", "--model", "x"], 2, "--all goes with no other filter"],
    [["ls", "--limit", "none"], 2, "--limit: expected a whole number"],
    [["restore"], 2, "missing required argument 'copy'"],
    [["nonsense"], 2, "error: there is no command cache nonsense"],
    [["ls"], 1, "no daemon answers at http://127.0.0.1:1, and there is no cache in "],
  ])("refuses %j with exit code %i and says why", async (args, code, text) => {
    const made = ["--listen", "127.0.0.1:1", "--data-dir", data()];
    const got = await runCli(["cache", ...args, ...(args[0] === "nonsense" ? [] : made)]);

    expect([got.code, got.stdout, got.stderr]).toEqual([code, "", expect.stringContaining(text)]);
    expect(existsSync(data())).toBe(false);
  });
});

describe("a table", () => {
  it("has texts to the left and numbers to the right", () => {
    expect(
      tableOf(
        ["NAME", "COUNT"],
        [
          ["a", 12_345],
          ["longer", 1],
        ],
      ),
    ).toBe("NAME     COUNT\na       12,345\nlonger       1\n");
  });
});
