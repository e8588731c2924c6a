import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import type { Loaded } from "../../src/config/load.ts";
import { ask, open } from "../support/ask.ts";
import { load } from "../support/configuration.ts";
import { eventually } from "../support/daemon.ts";
import { openSocket } from "../support/raw-client.ts";
import { quiet, stages, upstreamStats, type Stage } from "../support/stage.ts";
import { bodyFor, chatPaths, goodFrames, goodWhole } from "../support/wires.ts";

const setStage = stages();
const path = "/api/chat";
const both = [["tiny:latest"], ["tiny:latest"]];

/** Idle connections stay and nobody looks at an upstream by himself, so that only a closing closes them. */
const still = "upstream_limits: { in_flight: 8, keep_alive: 1h }\ncatalog: { refresh: 1h }\n";

/** The configuration of a stage with only some of its upstreams, and with more in it. */
function changed(stage: Stage, names: readonly ("one" | "two")[], more = still): Loaded {
  const entries = names.map((name) => `  - { name: ${name}, url: "${stage[name].url}" }`);
  return load({ yaml: `demo: off\nupstreams:\n${entries.join("\n")}\n${more}` });
}

/** A configuration that cannot be built, however it was read. */
function unusable(loaded: Loaded): Loaded {
  const upstreams = loaded.config.upstreams.map((one) => ({ ...one, url: "no address" }));
  return { ...loaded, config: { ...loaded.config, upstreams } };
}

interface HalfSent {
  finish(): void;
  /** Everything that came back, once the connection is over. */
  readonly answer: Promise<string>;
}

/** A request whose body is half there. */
async function sendHalf(stage: Stage, at: string): Promise<HalfSent> {
  const socket: Socket = await openSocket(stage.daemon.port);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  const answer = new Promise<string>((resolve) => {
    socket.on("close", () => resolve(Buffer.concat(chunks).toString()));
  });
  const body = JSON.stringify(bodyFor(at, false));
  const begun = stage.daemon.daemon.exchanges.size;
  socket.write(
    `POST ${at} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
  );
  await eventually(() => stage.daemon.daemon.exchanges.size > begun, "the request was begun");
  return { finish: () => void socket.write(body.slice(9)), answer };
}

describe("a request whose body is half sent when the configuration is read anew", () => {
  it.for(chatPaths)("is answered although its upstream's limits changed, on %s", async (at) => {
    const stage = await setStage({ yaml: still });
    const half = await sendHalf(stage, at);

    await stage.daemon.daemon.reload(changed(stage, ["one"], still.replace("in_flight: 8", "in_flight: 9")));
    half.finish();
    const answer = await half.answer;

    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain(goodWhole(at).trim());
    const stats = JSON.parse((await ask(stage.url("/api/stats"))).text) as { upstreams: unknown };
    expect(stats.upstreams).toMatchObject([{ name: "one", in_flight_max: 9 }]);
    await quiet(stage);
  });

  it("is answered by an upstream that is no longer configured, which is closed after it", async () => {
    const stage = await setStage({ models: both, yaml: still });
    const half = await sendHalf(stage, path);
    expect(stage.one.openConnections()).toBeGreaterThan(0);

    await stage.daemon.daemon.reload(changed(stage, ["two"]));
    half.finish();
    const answer = await half.answer;
    const next = await ask(stage.url(path), bodyFor(path, true));

    expect(next.headers["x-chasqui-upstream"]).toBe("two");
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer.toLowerCase()).toContain("x-chasqui-upstream: one\r\n");
    await eventually(() => stage.one.openConnections() === 0, "its connections are closed");
    expect(stage.two.openConnections()).toBeGreaterThan(0);
  });
});

describe("an answer under way when the configuration is read anew", () => {
  it("comes to its end from an upstream that is no longer configured", async () => {
    const stage = await setStage({ models: both, yaml: still });
    stage.one.fault = "hang-mid-stream";
    const asking = open(stage.url(path), bodyFor(path, true));
    await asking.firstByte;

    await stage.daemon.daemon.reload(changed(stage, ["two"]));
    stage.one.release();
    const answer = await asking.answer;

    expect(answer.complete).toBe(true);
    expect(answer.text).toBe(goodFrames(path).join(""));
    await eventually(() => stage.one.openConnections() === 0, "its connections are closed");
  });

  it("does not keep an upstream open for requests that came after", async () => {
    const stage = await setStage({ models: both, yaml: still });
    await stage.daemon.daemon.reload(changed(stage, ["two"]));
    stage.two.fault = "hang-mid-stream";
    const asking = open(stage.url(path), bodyFor(path, true));
    await asking.firstByte;

    await eventually(() => stage.one.openConnections() === 0, "its connections are closed");

    stage.two.release();
    expect((await asking.answer).complete).toBe(true);
  });
});

describe("an upstream that stays the same", () => {
  it("keeps what is known of it and its connections", async () => {
    const stage = await setStage({ models: both, yaml: still });
    await ask(stage.url(path), bodyFor(path, true));
    const looks = stage.one.to("/api/version").length;
    const connections = stage.one.openConnections();

    await stage.daemon.daemon.reload(changed(stage, ["one"]));
    await ask(stage.url(path), bodyFor(path, true));

    expect(stage.one.to("/api/version")).toHaveLength(looks);
    expect(stage.one.openConnections()).toBe(connections);
    expect(Object.keys(await upstreamStats(stage))).toEqual(["one"]);
  });
});

describe("a configuration that cannot be built", () => {
  it("leaves the one before at work, and the next one is taken", async () => {
    const stage = await setStage({ models: both, yaml: still });
    const good = changed(stage, ["two"]);

    const failed = await stage.daemon.daemon.reload(unusable(good)).then(
      () => "taken",
      () => "thrown",
    );
    const between = await ask(stage.url(path), bodyFor(path, true));
    await stage.daemon.daemon.reload(good);
    const after = await ask(stage.url(path), bodyFor(path, true));

    expect(failed).toBe("thrown");
    expect(between.headers["x-chasqui-upstream"]).toBe("one");
    expect(after.headers["x-chasqui-upstream"]).toBe("two");
  });

  it("does not keep back another one that was asked for at the same time", async () => {
    const stage = await setStage({ models: both, yaml: still });
    const good = changed(stage, ["two"]);

    const [failed, taken] = await Promise.allSettled([
      stage.daemon.daemon.reload(unusable(good)),
      stage.daemon.daemon.reload(good),
    ]);

    expect([failed.status, taken.status]).toEqual(["rejected", "fulfilled"]);
    expect(Object.keys(await upstreamStats(stage))).toEqual(["two"]);
  });

  it("is overtaken by none: of two asked for at once the later one stays", async () => {
    const stage = await setStage({ models: both, yaml: still });

    await Promise.all([
      stage.daemon.daemon.reload(changed(stage, ["two"])),
      stage.daemon.daemon.reload(changed(stage, ["one"])),
    ]);

    expect(Object.keys(await upstreamStats(stage))).toEqual(["one"]);
  });
});
