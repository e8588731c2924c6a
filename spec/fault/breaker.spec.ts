import { describe, expect, it } from "vitest";
import { ask, open } from "../support/ask.ts";
import { eventually } from "../support/daemon.ts";
import { stages, upstreamStats, type Stage } from "../support/stage.ts";
import { bodyFor, chatPaths } from "../support/wires.ts";

const setStage = stages();
const quick = "breaker: { failures: 3, refusals: 2, cooldown: 20ms, cooldown_max: 40ms }";
const asleep =
  "breaker: { failures: 3, refusals: 2, cooldown: 1h, cooldown_max: 1h }\ncatalog: { refresh: 1h }";

const chat = (stage: Stage, path = "/api/chat") => ask(stage.url(path), bodyFor(path, true));

const stateOf = async (stage: Stage): Promise<string | undefined> =>
  (await upstreamStats(stage)).one?.breaker.state;

const isUp = (stage: Stage): Promise<void> =>
  eventually(async () => (await stateOf(stage)) === "up", "the upstream is up again");

describe("the breaker of an upstream", () => {
  it("opens after failed answers in a row, and then spares the upstream every inference call", async () => {
    const stage = await setStage({ yaml: asleep });
    stage.one.fault = "html-500";
    stage.one.control = "html-500";
    for (let call = 0; call < 3; call++) expect((await chat(stage)).status).toBe(502);

    const refused = [await chat(stage), await chat(stage), await chat(stage)];

    expect(refused.map((one) => one.status)).toEqual([503, 503, 503]);
    expect(refused[0]?.text).toBe('{"error":"upstream one is down"}');
    expect(Number(refused[0]?.headers["retry-after"])).toBeGreaterThan(0);
    expect(stage.one.calls()).toHaveLength(3);
    expect((await upstreamStats(stage)).one?.breaker.opened).toBe(1);
  });

  it("opens sooner when connections are refused", async () => {
    const stage = await setStage({ yaml: asleep });
    await stage.one.refuse();

    const statuses = [(await chat(stage)).status, (await chat(stage)).status, (await chat(stage)).status];

    expect(statuses).toEqual([502, 502, 503]);
  });

  it("opens on answers that break in the middle", async () => {
    const stage = await setStage({ yaml: asleep });
    stage.one.fault = "cut-mid-line";
    stage.one.control = "html-500";
    for (let call = 0; call < 3; call++) await chat(stage);

    expect((await chat(stage)).status).toBe(503);
  });

  it("probes with the version and the lists, never with inference, and closes when the server is back", async () => {
    const stage = await setStage({ yaml: quick });
    stage.one.fault = "html-500";
    stage.one.control = "html-500";
    for (let call = 0; call < 3; call++) await chat(stage);
    const probesBefore = stage.one.to("/api/version").length;
    await eventually(
      () => stage.one.to("/api/version").length >= probesBefore + 3,
      "it was probed again and again",
    );
    const inferenceCalls = stage.one.calls().length;

    stage.one.fault = "none";
    stage.one.control = "good";
    await isUp(stage);

    expect(inferenceCalls).toBe(3);
    expect(stage.one.calls()).toHaveLength(3);
    expect((await chat(stage)).complete).toBe(true);
  });

  it("closes again after the server was gone altogether", async () => {
    const stage = await setStage({ yaml: quick });
    await stage.one.refuse();
    await chat(stage);
    await chat(stage);
    await eventually(async () => (await stateOf(stage)) !== "up", "the upstream is out");

    await stage.one.accept();
    await isUp(stage);

    expect((await chat(stage)).status).toBe(200);
  });

  it("says once in the log that an upstream went down, and once that it is up", async () => {
    const stage = await setStage({ yaml: quick });
    await stage.one.refuse();
    await chat(stage);
    await chat(stage);
    await eventually(async () => (await stateOf(stage)) !== "up", "the upstream is out");
    await stage.one.accept();
    await isUp(stage);

    const told = stage.daemon.lines
      .map((line) => line.message)
      .filter((text) => String(text).startsWith("upstream is"));

    expect(told).toEqual(["upstream is up", "upstream is down", "upstream is up"]);
  });

  it("leaves an upstream alone while another one answers", async () => {
    const stage = await setStage({
      models: [["tiny:latest"], ["tiny:latest"]],
      prepare: ([one]) => void one?.loaded.push("tiny:latest"),
      yaml: asleep,
    });
    stage.one.fault = "html-500";
    stage.one.control = "html-500";
    for (let call = 0; call < 3; call++) await chat(stage);

    const answers = await Promise.all(Array.from({ length: 5 }, () => chat(stage)));

    expect(answers.every((one) => one.headers["x-chasqui-upstream"] === "two" && one.complete)).toBe(true);
    expect(stage.one.calls()).toHaveLength(3);
  });

  it.for([
    { what: "a refused request", status: 400, error: "invalid format" },
    {
      what: "Ollama's 500 for a bad option",
      status: 500,
      error: 'option "temperature" must be of type float32',
    },
    { what: "an unknown model", status: 404, error: "model 'tiny' not found" },
    {
      what: "a queue that is full",
      status: 503,
      error: "server busy, please try again.  maximum pending requests exceeded",
    },
  ])("never opens for $what", async ({ status, error }) => {
    const stage = await setStage({ yaml: asleep });
    const body = JSON.stringify({ error });
    stage.one.respond = ({ path }) => (path === "/api/chat" ? { status, body } : undefined);

    const answers = [
      await chat(stage),
      await chat(stage),
      await chat(stage),
      await chat(stage),
      await chat(stage),
    ];

    expect(answers.map((one) => one.status)).toEqual([status, status, status, status, status]);
    expect(answers.at(-1)?.text).toBe(body);
    expect(await stateOf(stage)).toBe("up");
  });

  it("never opens for clients that leave", async () => {
    const stage = await setStage({ yaml: asleep });
    stage.one.fault = "hang-before-headers";
    for (let call = 1; call <= 5; call++) {
      const asking = open(stage.url("/api/chat"), bodyFor("/api/chat", true));
      await eventually(() => stage.one.calls().length === call, "the call arrived");
      asking.leave();
      await eventually(() => stage.one.calls().at(-1)?.ended === "left", "the call was given up");
    }

    expect(await stateOf(stage)).toBe("up");
  });
});

describe("an upstream that denies", () => {
  const denials = chatPaths.flatMap((path) => [401, 403].map((status) => ({ path, status })));

  it.for(denials)("its $status never reaches the client as such, on $path", async ({ path, status }) => {
    const stage = await setStage();
    stage.one.respond = (seen) =>
      seen.path === path ? { status, body: '{"error":"invalid api key sk-secret"}' } : undefined;

    const answer = await chat(stage, path);

    expect(answer.status).toBe(502);
    expect(answer.text).not.toContain("sk-secret");
    expect(await stateOf(stage)).toBe("up");
  });

  it("passes Ollama's invitation to sign in on, byte for byte", async () => {
    const stage = await setStage();
    const body = '{"error":"unauthorized","signin_url":"https://ollama.com/connect?name=a\\u0026key=b"}';
    stage.one.respond = ({ path }) => (path === "/api/chat" ? { status: 401, body } : undefined);

    const answer = await ask(stage.url("/api/chat"), bodyFor("/api/chat", true, "gpt-oss:120b-cloud"));

    expect(answer.status).toBe(401);
    expect(answer.text).toBe(body);
  });

  it("passes Ollama's switched-off cloud on", async () => {
    const stage = await setStage();
    const body = '{"error":"ollama cloud is disabled: remote model is unavailable"}';
    stage.one.respond = ({ path }) => (path === "/api/chat" ? { status: 403, body } : undefined);

    const answer = await ask(stage.url("/api/chat"), bodyFor("/api/chat", true, "gpt-oss:120b-cloud"));

    expect(answer.status).toBe(403);
    expect(answer.text).toBe(body);
  });
});
