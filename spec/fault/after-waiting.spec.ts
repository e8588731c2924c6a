import { describe, expect, it } from "vitest";
import { ask, open, type Asking } from "../support/ask.ts";
import { eventually } from "../support/daemon.ts";
import { noBreaker, quiet, stages, upstreamStats, type Stage } from "../support/stage.ts";
import { bodyFor, chatPaths, errorTextOf, goodFrames } from "../support/wires.ts";

const setStage = stages();
const path = "/api/chat";
const both = [["tiny:latest"], ["tiny:latest"]];

const start = (stage: Stage, at: string = path): Asking => open(stage.url(at), bodyFor(at, true));

const queued = (stage: Stage, upstream: string, count: number): Promise<void> =>
  eventually(async () => (await upstreamStats(stage))[upstream]?.queued === count, `${count} calls wait`);

describe("calls that wait while the breaker opens", () => {
  it.for(chatPaths)("are refused and not sent, on %s", async (at) => {
    const stage = await setStage({
      yaml: "breaker: { failures: 3, refusals: 3, cooldown: 1h, cooldown_max: 1h }\nupstream_limits: { in_flight: 1 }\ncatalog: { refresh: 1h }",
    });
    stage.one.fault = "hang-before-headers";
    const asking = Array.from({ length: 30 }, () => start(stage, at));
    await queued(stage, "one", 29);
    await eventually(() => stage.one.calls().length === 1, "the first call is there");

    stage.one.fault = "html-500";
    stage.one.release();
    const answers = await Promise.all(asking.map((one) => one.answer));

    const refused = answers.filter((one) => one.status === 503);
    expect(answers.filter((one) => one.status === 200)).toHaveLength(1);
    expect(answers.filter((one) => one.status === 502)).toHaveLength(3);
    expect(refused).toHaveLength(26);
    expect(stage.one.calls()).toHaveLength(4);
    for (const one of refused) {
      expect(Number(one.headers["retry-after"])).toBeGreaterThan(0);
      expect(errorTextOf(at, one.text)).toBe("upstream one is down");
    }
    await quiet(stage);
  });

  it("are answered by another upstream that is up, without the first being asked again", async () => {
    const stage = await setStage({
      models: both,
      prepare: ([one]) => void one?.loaded.push("tiny:latest"),
      yaml: "breaker: { failures: 1, refusals: 1, cooldown: 1h, cooldown_max: 1h }\nupstream_limits: { in_flight: 1 }\ncatalog: { refresh: 1h }\nretry: { share: 1 }",
    });
    for (const upstream of stage.upstreams) upstream.fault = "hang-before-headers";
    const first = start(stage);
    await eventually(() => stage.one.calls().length === 1, "the first upstream is busy");
    const second = start(stage);
    await eventually(() => stage.two.calls().length === 1, "the second upstream is busy");
    const waiting = [start(stage), start(stage), start(stage)];
    await queued(stage, "one", 3);

    stage.two.fault = "none";
    stage.two.release();
    await second.answer;
    stage.one.fault = "html-500";
    stage.one.release();
    const answers = await Promise.all([first, ...waiting].map((one) => one.answer));

    expect(answers.map((one) => one.status)).toEqual([200, 200, 200, 200]);
    expect(stage.one.calls()).toHaveLength(2);
    expect(answers.slice(1).map((one) => one.headers["x-chasqui-upstream"])).toEqual(["two", "two", "two"]);
    await quiet(stage);
  });
});

describe("a call that waited too long", () => {
  it("is answered by another upstream that has a free place by then", async () => {
    const stage = await setStage({
      models: both,
      prepare: ([one]) => void one?.loaded.push("tiny:latest"),
      yaml: `${noBreaker}\nupstream_limits: { in_flight: 1, queue: 10, queue_timeout: 700ms }`,
    });
    for (const upstream of stage.upstreams) upstream.fault = "hang-before-headers";
    const first = start(stage);
    await eventually(() => stage.one.calls().length === 1, "the first upstream is busy");
    const second = start(stage);
    await eventually(() => stage.two.calls().length === 1, "the second upstream is busy");
    const third = start(stage);
    await queued(stage, "one", 1);

    stage.two.fault = "none";
    stage.two.release();
    await second.answer;
    const answer = await third.answer;

    expect(answer.status).toBe(200);
    expect(answer.text).toBe(goodFrames(path).join(""));
    expect(answer.headers["x-chasqui-upstream"]).toBe("two");
    expect(answer.headers["x-chasqui-hops"]).toBe("one=overloaded");
    expect(stage.one.calls()).toHaveLength(1);
    stage.one.release();
    await first.answer;
    await quiet(stage);
  });

  it("is refused when no other upstream has a free place, without a second wait", async () => {
    const stage = await setStage({
      models: both,
      yaml: `${noBreaker}\nupstream_limits: { in_flight: 1, queue: 10, queue_timeout: 30ms }`,
    });
    for (const upstream of stage.upstreams) upstream.fault = "hang-before-headers";
    const running = [start(stage), start(stage)];
    await eventually(() => stage.upstreams.every((one) => one.calls().length === 1), "both are busy");

    const answer = await start(stage).answer;

    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toBeDefined();
    expect(errorTextOf(path, answer.text)).toMatch(/^upstream (?:one|two) had no free place in time$/);
    expect(answer.headers["x-chasqui-hops"]).toBeUndefined();
    for (const upstream of stage.upstreams) upstream.release();
    await Promise.all(running.map((one) => one.answer));
  });
});

describe("retries", () => {
  it("are none at all with a share of 0", async () => {
    const stage = await setStage({ models: both, yaml: `${noBreaker}\nretry: { share: 0 }` });
    stage.one.fault = "html-500";

    const answers = [
      await ask(stage.url(path), bodyFor(path, true)),
      await ask(stage.url(path), bodyFor(path, true)),
    ];

    expect(answers.map((one) => one.status)).toEqual([502, 502]);
    expect(stage.one.calls()).toHaveLength(2);
    expect(stage.two.calls()).toEqual([]);
  });

  it.for(chatPaths)("are named in the error when all of them failed, on %s", async (at) => {
    const stage = await setStage({ models: [...both, ["tiny:latest"]] });
    for (const upstream of stage.upstreams) upstream.fault = "html-500";

    const answer = await ask(stage.url(at), bodyFor(at, true));

    expect(answer.status).toBe(502);
    expect(answer.headers["x-chasqui-hops"]).toMatch(/^one=upstream_\w+, two=upstream_\w+$/);
    expect(stage.upstreams.map((one) => one.calls().length)).toEqual([1, 1, 1]);
  });

  it("are not named in an error that came at once", async () => {
    const stage = await setStage();
    stage.one.fault = "html-500";

    const answer = await ask(stage.url(path), bodyFor(path, true));

    expect(answer.status).toBe(502);
    expect(answer.headers["x-chasqui-hops"]).toBeUndefined();
  });
});
