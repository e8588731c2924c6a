import { describe, expect, it } from "vitest";
import { ask, open } from "../support/ask.ts";
import { eventually } from "../support/daemon.ts";
import { noBreaker, quiet, stages, upstreamStats, type Stage } from "../support/stage.ts";
import { bodyFor, chatPaths, errorTextOf } from "../support/wires.ts";

const setStage = stages();
const busyText = "server busy, please try again.  maximum pending requests exceeded";
const places = (inFlight: number, queue: number, wait = "1h"): string =>
  `${noBreaker}\nupstream_limits: { in_flight: ${inFlight}, queue: ${queue}, queue_timeout: ${wait} }`;

const start = (stage: Stage, path = "/api/chat") => open(stage.url(path), bodyFor(path, true));

async function standing(stage: Stage, inFlight: number, queued: number): Promise<void> {
  await eventually(async () => {
    const { one } = await upstreamStats(stage);
    return one?.in_flight === inFlight && one.queued === queued;
  }, `${inFlight} calls run and ${queued} wait`);
}

describe("the queue of an upstream", () => {
  it("lets only so many calls through at once, and the waiting ones in their order", async () => {
    const stage = await setStage({ yaml: places(2, 10) });
    stage.one.fault = "hang-before-headers";
    const asking = Array.from({ length: 5 }, () => start(stage));
    await standing(stage, 2, 3);
    await eventually(() => stage.one.calls().length === 2, "two calls arrived");

    stage.one.fault = "none";
    stage.one.release();
    const answers = await Promise.all(asking.map((one) => one.answer));

    expect(answers.map((one) => one.status)).toEqual([200, 200, 200, 200, 200]);
    expect(stage.one.calls()).toHaveLength(5);
    await quiet(stage);
  });

  it.for(chatPaths)("refuses the call that no longer fits, in Ollama's own words, on %s", async (path) => {
    const stage = await setStage({ yaml: places(1, 1) });
    stage.one.fault = "hang-before-headers";
    const asking = [start(stage), start(stage)];
    await standing(stage, 1, 1);

    const refused = await ask(stage.url(path), bodyFor(path, true));

    expect(refused.status).toBe(503);
    expect(errorTextOf(path, refused.text)).toBe(busyText);
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    stage.one.fault = "none";
    stage.one.release();
    expect((await Promise.all(asking.map((one) => one.answer))).every((one) => one.complete)).toBe(true);
    expect(stage.one.calls()).toHaveLength(2);
    await quiet(stage);
  });

  it("gives a call up that waited too long, without sending it", async () => {
    const stage = await setStage({ yaml: places(1, 5, "30ms") });
    stage.one.fault = "hang-before-headers";
    const first = start(stage);
    await standing(stage, 1, 0);

    const refused = await start(stage).answer;

    expect(refused.status).toBe(503);
    expect(refused.headers["retry-after"]).toBeDefined();
    expect(errorTextOf("/api/chat", refused.text)).toBe("upstream one had no free place in time");
    stage.one.release();
    expect((await first.answer).complete).toBe(true);
    expect(stage.one.calls()).toHaveLength(1);
    await quiet(stage);
  });

  it("forgets a client that left while it waited: its call never reaches the upstream", async () => {
    const stage = await setStage({ yaml: places(1, 5) });
    stage.one.fault = "hang-before-headers";
    const first = start(stage);
    await standing(stage, 1, 0);
    const second = start(stage);
    await standing(stage, 1, 1);

    second.leave();
    await standing(stage, 1, 0);

    stage.one.fault = "none";
    stage.one.release();
    await first.answer;
    await quiet(stage);
    expect(stage.one.calls()).toHaveLength(1);
  });

  it("does not hold up lists and the like", async () => {
    const stage = await setStage({ yaml: places(1, 0) });
    stage.one.fault = "hang-before-headers";
    const first = start(stage);
    await standing(stage, 1, 0);
    stage.one.respond = ({ path }) => (path === "/api/show" ? { status: 200, body: "{}" } : undefined);

    const shown = await ask(stage.url("/api/show"), { model: "tiny" });

    expect(shown.text).toBe("{}");
    stage.one.release();
    await first.answer;
  });

  it("spills to another upstream whose queue has room", async () => {
    const stage = await setStage({
      models: [["tiny:latest"], ["tiny:latest"]],
      prepare: ([one]) => void one?.loaded.push("tiny:latest"),
      yaml: places(1, 1),
    });
    for (const upstream of stage.upstreams) upstream.fault = "hang-before-headers";
    const asking = [start(stage)];
    await eventually(() => stage.one.calls().length === 1, "the first one is busy");
    asking.push(start(stage));
    await eventually(() => stage.two.calls().length === 1, "the second one is busy");
    asking.push(start(stage));
    await standing(stage, 1, 1);

    asking.push(start(stage));
    await eventually(async () => {
      const { two } = await upstreamStats(stage);
      return two?.queued === 1;
    }, "the fourth call waits at the second upstream");

    for (const upstream of stage.upstreams) upstream.fault = "none";
    for (const upstream of stage.upstreams) upstream.release();
    const answers = await Promise.all(asking.map((one) => one.answer));
    expect(answers.map((one) => one.status)).toEqual([200, 200, 200, 200]);
  });
});
