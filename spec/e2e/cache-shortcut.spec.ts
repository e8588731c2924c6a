import { describe, expect, it } from "vitest";
import { hexId } from "../../src/dialect/replay.ts";
import { templateOf } from "../../src/pipeline/template.ts";
import { ask, type Answer, open } from "../support/ask.ts";
import { cachedStages, cacheOf, question } from "../support/cached-stage.ts";
import { eventually } from "../support/daemon.ts";
import { requestLines, type Stage } from "../support/stage.ts";
import { bodyFor, chatPaths } from "../support/wires.ts";

const cachedStage = cachedStages();
const paths = [...chatPaths, "/api/generate"];

/** An answer without what differs from one to the next. */
function lasting({ status, headers, text }: Answer): unknown {
  const id = String(headers["x-chasqui-request-id"]);
  const same = { ...headers, "x-chasqui-request-id": "", date: "", age: "", "content-length": "" };
  const plain = text
    .replaceAll(id, "ID")
    .replaceAll(hexId(id), "HEX")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replaceAll(/"created":\d+/g, "CREATED");
  return { status, same, plain };
}

const idOf = ({ headers }: Answer): string => String(headers["x-chasqui-request-id"]);

/** Asks until the next one who asks the same goes the short way: a miss, a hit that is remembered. */
async function prepare(made: Stage, path: string, asked: object, headers = {}): Promise<Answer> {
  expect(cacheOf(await ask(made.url(path), asked, { headers }))).toBe("miss");
  const hit = await ask(made.url(path), asked, { headers });
  expect(cacheOf(hit)).toBe("hit");
  return hit;
}

describe.each(paths)("the same bytes asked again on %s", (path) => {
  it.each([true, false])("are answered just as the first time, as a stream: %s", async (streams) => {
    const made = await cachedStage();
    const asked = question(path, streams);
    const long = await prepare(made, path, asked);

    const short = await ask(made.url(path), asked);
    const again = await ask(made.url(path), asked);

    expect(lasting(short)).toEqual(lasting(long));
    expect(lasting(again)).toEqual(lasting(long));
    expect(idOf(again)).not.toBe(idOf(short));
    if (path === "/v1/chat/completions") expect(short.text).toContain(idOf(short));
    if (path === "/v1/messages") expect(short.text).toContain(hexId(idOf(short)));
    expect(Number(short.headers["content-length"])).toBe(short.body.length);
    expect(short.text).toContain("wörld");
    expect(made.one.calls()).toHaveLength(1);
  });

  it("are counted, logged and open to complaint like every hit", async () => {
    const made = await cachedStage();
    const asked = question(path, false);
    await prepare(made, path, asked);
    const short = await ask(made.url(path), asked);
    await eventually(() => requestLines(made, idOf(short)).length === 1, "it is logged");

    const { text } = await ask(made.url("/api/stats"));
    const { cache, requests } = JSON.parse(text) as {
      cache: { results: unknown; tiers: { memory: object } };
      requests: { by_endpoint: Record<string, number> };
    };
    expect(cache.results).toEqual({ miss: 1, hit: 2 });
    expect(cache.tiers.memory).toMatchObject({ hits: 2, lookups: 3 });
    expect(requests.by_endpoint[path]).toBe(3);
    expect(requestLines(made, idOf(short))[0]).toMatchObject({
      route: path,
      status: 200,
      lane: "cache",
      cache: "hit",
      model: "tiny",
      bytes_in: JSON.stringify(asked).length,
      bytes_out: short.body.length,
    });
    expect((await ask(made.url("/api/cache/feedback"), { id: idOf(short) })).status).toBe(200);
    expect(cacheOf(await ask(made.url(path), asked))).toBe("miss");
  });
});

describe("the short way", () => {
  const path = "/api/chat";
  const asked = question(path, false);

  it.each<[string, (made: Stage) => Promise<Answer>, string]>([
    ["other bytes", (made) => ask(made.url(path), question(path, false, { x: 1 })), "miss"],
    ["another path", (made) => ask(made.url("/api/generate"), question("/api/generate", false)), "miss"],
    [
      "Cache-Control",
      (made) => ask(made.url(path), asked, { headers: { "cache-control": "no-cache" } }),
      "miss",
    ],
    ["a wish in the body", (made) => ask(made.url(path), { ...asked, cache: { "no-cache": true } }), "miss"],
    [
      "a purge",
      async (made) => {
        await ask(made.url("/api/cache"), undefined, { method: "DELETE" });
        return ask(made.url(path), asked);
      },
      "miss",
    ],
    [
      "an upstream by name",
      (made) => ask(made.url(path), asked, { headers: { "x-chasqui-upstream": "one" } }),
      "hit",
    ],
  ])("does not mislead a request with %s", async (_what, act, expected) => {
    const made = await cachedStage();
    await prepare(made, path, asked);
    expect(cacheOf(await ask(made.url(path), asked))).toBe("hit");

    expect(cacheOf(await act(made))).toBe(expected);
  });

  it("tells versions of the Anthropic API apart", async () => {
    const made = await cachedStage();
    const messages = question("/v1/messages", false);
    await prepare(made, "/v1/messages", messages, { "anthropic-version": "2023-06-01" });
    await prepare(made, "/v1/messages", messages, { "anthropic-version": "2024-01-01" });
  });

  it("is no way around API keys, nor from one to another's answers", async () => {
    const keys = "api_keys: [{ name: a, key: chq-aaaaaaaaaaaaaaaa }, { name: b, key: chq-bbbbbbbbbbbbbbbb }]";
    const made = await cachedStage(`{}\n${keys}`);
    const as = (one: string): Record<string, string> => ({ authorization: `Bearer chq-${one.repeat(16)}` });
    await prepare(made, path, asked, as("a"));

    expect((await ask(made.url(path), asked)).status).toBe(401);
    expect((await ask(made.url(path), asked, { headers: as("c") })).status).toBe(401);
    expect(cacheOf(await ask(made.url(path), asked, { headers: as("b") }))).toBe("miss");
    expect(cacheOf(await ask(made.url(path), asked, { headers: as("a") }))).toBe("hit");
  });

  it("ends where an answer is stale", async () => {
    const made = await cachedStage("{ ttl: 600ms }");
    await prepare(made, path, asked);
    expect(cacheOf(await ask(made.url(path), asked))).toBe("hit");

    await eventually(async () => cacheOf(await ask(made.url(path), asked)) === "miss", "it is stale");
  });

  it("is not taken by answers that are drawn at random, nor by requests that let a model go", async () => {
    const made = await cachedStage("{}", { prepare: ([one]) => void one?.loaded.push("tiny:latest") });
    const random = bodyFor(path, false);
    const said: unknown[] = [];
    for (let turn = 0; turn < 6; turn++) said.push(cacheOf(await ask(made.url(path), random)));
    expect(said).toEqual(["miss", "hit", "miss", "hit", "miss", "hit"]);
    const leaving = { ...asked, keep_alive: 0 };
    await prepare(made, path, leaving);
    await ask(made.url(path), leaving);
    await eventually(() => made.one.to("/api/generate").length === 2, "both hits have told it to go");
  });

  it("answers requests that come in pieces and one behind the other, and tells of bodies that are too large", async () => {
    const made = await cachedStage();
    await prepare(made, path, asked);

    const many = await Promise.all(Array.from({ length: 50 }, () => open(made.url(path), asked).answer));
    expect(new Set(many.map(cacheOf))).toEqual(new Set(["hit"]));
    expect(new Set(many.map(idOf)).size).toBe(50);
    const broken = await ask(made.url(path), "{ this is no JSON");
    expect([broken.status, broken.text]).toEqual([400, expect.stringContaining("error")]);
  });
});

describe("a template", () => {
  it("puts id and time where the renderer does", () => {
    const render = templateOf(
      ({ id, createdMs }) => `ö ${id} at ${new Date(createdMs).toISOString()}, ${id}`,
    );

    expect(render?.({ id: "x", createdMs: 0 })).toBe(
      Buffer.from("ö x at 1970-01-01T00:00:00.000Z, x").toString("latin1"),
    );
  });

  it.each([
    ["nothing", () => undefined],
    ["an id that is worked on", ({ id }: { id: string }) => id.toUpperCase()],
    ["a time in other words", ({ createdMs }: { createdMs: number }) => String(createdMs / 7)],
  ])("cannot be had of %s", (_what, render) => {
    expect(templateOf(render)).toBeUndefined();
  });
});
