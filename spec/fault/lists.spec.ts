import { afterEach, describe, expect, it } from "vitest";
import { ask } from "../support/ask.ts";
import { eventually, startDaemon, type RunningDaemon } from "../support/daemon.ts";
import { startFakeUpstream, type FakeUpstream } from "../support/fake-upstream.ts";
import { startLink, type Link } from "../support/link.ts";
import { noBreaker, stages } from "../support/stage.ts";
import { bodyFor, goodFrames } from "../support/wires.ts";

const setStage = stages();
const path = "/api/chat";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Linked {
  readonly upstream: FakeUpstream;
  readonly link: Link;
  readonly running: RunningDaemon;
}

/** A daemon that reaches its one upstream over a link. It never looks there of its own accord. */
async function setLink(timeout: string, models = ["tiny:latest"]): Promise<Linked> {
  const upstream = await startFakeUpstream(models);
  closers.push(() => upstream.stop());
  const link = await startLink(upstream.url);
  closers.push(() => link.stop());
  const running = await startDaemon(
    `demo: off\nupstreams: [{ name: one, url: "${link.url}" }]\ncatalog: { refresh: 1h, timeout: ${timeout} }\n` +
      "breaker: { failures: 1, refusals: 1, cooldown: 1h, cooldown_max: 1h }\n",
  );
  closers.push(() => running.stop());
  return { upstream, link, running };
}

async function namesAt({ url }: RunningDaemon): Promise<string[]> {
  const { text } = await ask(`${url}/api/tags`);
  const { models } = JSON.parse(text) as { models: { name: string }[] };
  return models.map((one) => one.name);
}

describe("lists of an upstream that do not come", () => {
  const troubles = [
    { lists: ["/api/tags"], stale: true },
    { lists: ["/api/ps"], stale: false },
    { lists: ["/api/tags", "/api/ps"], stale: true },
  ].flatMap((one) => [
    { ...one, how: "hold" as const },
    { ...one, how: "fail" as const },
  ]);

  it.for(troubles)("leave it up while its version comes: $how $lists", async ({ lists, stale, how }) => {
    const { link, running } = await setLink("250ms");
    for (const list of lists) link[how](list);

    for (let look = 0; look < 2; look++) await running.daemon.registry.freshen(0, 5_000);

    const { upstreams } = JSON.parse((await ask(`${running.url}/api/stats`)).text) as { upstreams: unknown };
    expect(upstreams).toMatchObject([{ breaker: { state: "up", opened: 0 }, models_stale: stale }]);
    const answer = await ask(running.url + path, bodyFor(path, true));
    expect(answer.status).toBe(200);
    expect(answer.text).toBe(goodFrames(path).join(""));
    expect(await namesAt(running)).toEqual(["tiny:latest", "auto"]);
  });

  it("are taken again once they come", async () => {
    const { link, upstream, running } = await setLink("2s");
    link.fail("/api/tags");
    await running.daemon.registry.freshen(0, 5_000);
    upstream.models = ["other:latest"];

    link.mend();
    await running.daemon.registry.freshen(0, 5_000);

    expect(await namesAt(running)).toEqual(["other:latest", "auto"]);
    expect((await ask(`${running.url}/api/tags`)).headers["x-chasqui-stale"]).toBeUndefined();
  });
});

describe("a model that just appeared at an upstream", () => {
  it("answers five chats that ask for it at once", async () => {
    const { link, upstream, running } = await setLink("5s");
    upstream.models.push("new:latest");
    running.daemon.registry.expire();
    link.hold("/api/tags");
    const asking = Array.from({ length: 5 }, () => ask(running.url + path, bodyFor(path, true, "new")));
    await eventually(
      () => running.daemon.exchanges.size === 5 && link.held > 0,
      "all five wait for the list",
    );

    link.mend();
    link.release();

    const answers = await Promise.all(asking);
    expect(answers.map((one) => one.status)).toEqual([200, 200, 200, 200, 200]);
  });
});

describe("a model that was deleted", () => {
  it("is not listed again by a look that had begun before", async () => {
    const { link, running } = await setLink("10s", ["tiny:latest", "other:latest"]);
    link.hold("/api/tags");
    const older = running.daemon.registry.freshen(0, 10_000);
    await eventually(() => link.held === 1, "an old list is on its way");
    link.mend();

    const deleted = await ask(`${running.url}/api/delete`, { model: "tiny" }, { method: "DELETE" });
    const before = await namesAt(running);
    link.release();
    await older;
    const after = await namesAt(running);

    expect(deleted.status).toBe(200);
    expect(before).toEqual(["other:latest", "auto"]);
    expect(after).toEqual(["other:latest", "auto"]);
  });

  it("is gone from the list right after, without any other look", async () => {
    const stage = await setStage({ models: [["tiny:latest", "other:latest"], ["tiny:latest"]] });

    await ask(stage.url("/api/delete"), { model: "tiny" }, { method: "DELETE" });

    expect(await namesAt(stage.daemon)).toEqual(["other:latest", "auto"]);
    expect(stage.upstreams.map((one) => one.models)).toEqual([["other:latest"], []]);
  });
});

describe("a model that is created", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  const files = { "model.gguf": digest };
  const success = {
    status: 200,
    headers: { "content-type": "application/x-ndjson" },
    body: '{"status":"success"}\n',
  };

  async function setShops(prepare?: (upstreams: readonly FakeUpstream[]) => Promise<void>) {
    return setStage({
      models: [["a:latest"], ["base:latest", "new:latest"]],
      yaml: noBreaker,
      prepare: async (upstreams) => {
        for (const upstream of upstreams) {
          upstream.respond = (seen) => {
            if (seen.path === "/api/create") return success;
            return seen.path.startsWith("/api/blobs/") ? { status: 201, body: "" } : undefined;
          };
        }
        await prepare?.(upstreams);
      },
    });
  }

  const pathsAt = (upstream: FakeUpstream): string[] => upstream.calls().map((one) => one.path);

  it.each([
    ["files alone", { model: "new", files }],
    ["files and a base that is elsewhere", { model: "new", files, from: "base" }],
    ["adapters and a base that is elsewhere", { model: "new", adapters: files, from: "base" }],
  ])("from %s goes where its blobs went", async (_, body) => {
    const stage = await setShops();

    const uploaded = await ask(stage.url(`/api/blobs/${digest}`), "content");
    const created = await ask(stage.url("/api/create"), body);

    expect([uploaded.status, created.status]).toEqual([201, 200]);
    expect(pathsAt(stage.one)).toEqual([`/api/blobs/${digest}`, "/api/create"]);
    expect(pathsAt(stage.two)).toEqual([]);
  });

  it("from files goes to the next server when the first is down, as its blobs do", async () => {
    const stage = await setShops(async ([one]) => one?.refuse());

    await ask(stage.url(`/api/blobs/${digest}`), "content");
    const created = await ask(stage.url("/api/create"), { model: "new", files });

    expect(created.status).toBe(200);
    expect(pathsAt(stage.two)).toEqual([`/api/blobs/${digest}`, "/api/create"]);
    await stage.one.accept();
  });

  it.each(["base", "base:latest", "BASE"])(
    "from another model goes to the server that has it: %s",
    async (from) => {
      const stage = await setShops();

      const created = await ask(stage.url("/api/create"), { model: "fresh", from, system: "be brief" });

      expect(created.status).toBe(200);
      expect(pathsAt(stage.two)).toEqual(["/api/create"]);
      expect(pathsAt(stage.one)).toEqual([]);
    },
  );
});
