import { afterEach, describe, expect, it } from "vitest";
import { ask, open, type Answer } from "../support/ask.ts";
import { eventually, startDaemon, type RunningDaemon } from "../support/daemon.ts";
import { type FakeOpenRouter, startFakeOpenRouter } from "../support/fake-openrouter.ts";
import { type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { plainAnswer } from "../support/plain-answers.ts";
import { bodyFor, claimsEnd, errorTextOf } from "../support/wires.ts";

/** A daemon in front of one server in the house and one that wants money. */
interface House {
  readonly daemon: RunningDaemon;
  readonly ollama: FakeUpstream;
  readonly cloud: FakeOpenRouter;
  readonly local: (stream?: boolean) => Promise<Answer>;
  readonly paid: (stream?: boolean) => Promise<Answer>;
  readonly page: (path: string) => Promise<Answer>;
}

const mini = "openai/gpt-4o-mini";
const standing: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of standing.splice(0)) await one.stop();
});

/** The time in which a failure has to be known, in milliseconds. */
const knownWithinMs = 2_500;

async function setHouse(yaml = ""): Promise<House> {
  const [ollama, cloud] = await Promise.all([startFakeUpstream(["tiny:latest"]), startFakeOpenRouter()]);
  const lines = [
    "demo: off",
    "upstreams:",
    `  - { name: ollama, url: "${ollama.url}" }`,
    `  - { type: openrouter, name: cloud, url: "${cloud.url}", api_key: "${cloud.key}" }`,
    "retry: { wait: 0s }",
    "breaker: { refusals: 2, failures: 3, cooldown: 200ms, cooldown_max: 400ms }",
    yaml,
  ];
  const daemon = await startDaemon(lines.join("\n"));
  standing.push(daemon, ollama, {
    stop() {
      cloud.release();
      return cloud.stop();
    },
  });
  const chat = (path: string, model: string, stream: boolean): Promise<Answer> =>
    ask(daemon.url + path, bodyFor(path, stream, model));
  return {
    daemon,
    ollama,
    cloud,
    local: (stream = true) => chat("/api/chat", "tiny", stream),
    paid: (stream = true) => chat("/v1/chat/completions", mini, stream),
    page: (path) => ask(daemon.url + path),
  };
}

const isUp = async ({ page }: House, name: string): Promise<boolean> => {
  const { upstreams } = JSON.parse((await page("/api/stats")).text) as {
    upstreams: { name: string; breaker: { state: string } }[];
  };
  return upstreams.find((one) => one.name === name)?.breaker.state === "up";
};

async function takeDown(house: House): Promise<void> {
  await house.ollama.refuse();
  for (let times = 0; times < 2; times++) await house.local();
  await eventually(async () => !(await isUp(house, "ollama")), "it is known to be down");
}

/** Gone for good, as far as this test goes. */
async function takeCloudDown(house: House): Promise<void> {
  house.cloud.faults = () => ({ kind: "cut-before-headers" });
  for (let times = 0; times < 4; times++) await house.paid();
  await eventually(async () => !(await isUp(house, "cloud")), "it is known to be down");
}

function checkGoodLocal(answer: Answer): void {
  expect(answer.status).toBe(200);
  expect(claimsEnd("/api/chat", answer.text)).toBe(true);
  expect(answer.headers["x-chasqui-upstream"]).toBe("ollama");
}

function checkGoodPaid(answer: Answer): void {
  expect(answer.status).toBe(200);
  expect(claimsEnd("/v1/chat/completions", answer.text)).toBe(true);
  expect(answer.headers["x-chasqui-upstream"]).toBe("cloud");
}

async function checkPages(house: House, ready: { status: number; says: object }): Promise<void> {
  const health = await house.page("/healthz");
  expect([health.status, JSON.parse(health.text)]).toEqual([200, { status: "ok" }]);
  const readiness = await house.page("/readyz");
  expect(readiness.status).toBe(ready.status);
  expect(JSON.parse(readiness.text)).toMatchObject(ready.says);
  const stats = await house.page("/api/stats");
  expect(stats.status).toBe(200);
  expect(JSON.parse(stats.text)).toHaveProperty("upstreams");
}

const namesIn = ({ text }: Answer): string[] =>
  (JSON.parse(text) as { models: { name: string }[] }).models.map(({ name }) => name);

describe("with Ollama down and OpenRouter up", () => {
  it.each([true, false])("/api/chat is an error within its time, stream %s", async (stream) => {
    const house = await setHouse();
    await house.ollama.refuse();
    const beganMs = performance.now();

    const first = await house.local(stream);

    expect(performance.now() - beganMs).toBeLessThan(knownWithinMs);
    expect(first.status).toBe(502);
    await takeDownAgain(house);
    const later = await house.local(stream);
    expect(later.status).toBe(503);
    expect(later.headers["retry-after"]).toMatch(/^\d+$/);
    expect(errorTextOf("/api/chat", later.text)).toBe("upstream ollama is down");
    await house.ollama.accept();
  });

  it.each([true, false])("/api/chat is answered by what stands in, stream %s", async (stream) => {
    const house = await setHouse(`fallbacks: [{ match: tiny, to: ["${mini}"] }]`);
    await house.ollama.refuse();

    const first = await house.local(stream);
    await takeDownAgain(house);
    const later = await house.local(stream);

    expect(first.headers["x-chasqui-hops"]).toBe("ollama=upstream_unreachable");
    expect(later.headers).not.toHaveProperty("x-chasqui-hops");
    for (const answer of [first, later]) {
      expect(answer.status).toBe(200);
      expect(answer.headers).toMatchObject({ "x-chasqui-upstream": "cloud", "x-chasqui-model": mini });
      expect(claimsEnd("/api/chat", answer.text)).toBe(true);
    }
    await house.ollama.accept();
  });

  it("/v1/chat/completions is as ever, and so are the lists; the daemon is ready, but degraded", async () => {
    const house = await setHouse();
    await takeDown(house);

    checkGoodPaid(await house.paid());
    const tags = await house.page("/api/tags");
    expect(tags.status).toBe(200);
    expect(namesIn(tags)).toEqual(expect.arrayContaining(["tiny:latest", `${mini}:latest`]));
    expect(tags.headers["x-chasqui-stale"]).toBe("ollama");
    await checkPages(house, { status: 200, says: { status: "degraded", down: ["ollama"] } });
    await house.ollama.accept();
  });

  it("ends when Ollama is back", async () => {
    const house = await setHouse();
    await takeDown(house);
    await house.ollama.accept();

    await eventually(() => isUp(house, "ollama"), "it is up again");

    checkGoodLocal(await house.local());
    expect((await house.page("/api/tags")).headers).not.toHaveProperty("x-chasqui-stale");
    await checkPages(house, { status: 200, says: { status: "ready" } });
  });
});

/** After a first call that failed: until it is known that the next one would, too. */
async function takeDownAgain(house: House): Promise<void> {
  await house.local();
  await eventually(async () => !(await isUp(house, "ollama")), "it is known to be down");
}

describe("with OpenRouter down", () => {
  it.each([true, false])(
    "/v1/chat/completions is an error, stream %s, and /api/chat as ever",
    async (stream) => {
      const house = await setHouse();
      house.cloud.faults = () => ({ kind: "cut-before-headers" });
      const beganMs = performance.now();

      const answer = await house.paid(stream);

      expect(performance.now() - beganMs).toBeLessThan(knownWithinMs);
      expect(answer.status).toBe(502);
      expect(errorTextOf("/v1/chat/completions", answer.text)).toMatch(/upstream cloud/);
      checkGoodLocal(await house.local());
    },
  );

  it("/v1/chat/completions is answered by what stands in", async () => {
    const house = await setHouse(`fallbacks: [{ match: "openai/*", to: ["tiny"] }]`);
    house.cloud.faults = () => ({ kind: "cut-before-headers" });

    const answer = await house.paid();

    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ "x-chasqui-upstream": "ollama", "x-chasqui-model": "tiny" });
    expect(claimsEnd("/v1/chat/completions", answer.text)).toBe(true);
  });

  it("the lists are as ever, and the daemon is ready, but degraded", async () => {
    const house = await setHouse();
    await takeCloudDown(house);

    const tags = await house.page("/api/tags");

    expect(namesIn(tags)).toEqual(expect.arrayContaining(["tiny:latest", `${mini}:latest`]));
    checkGoodLocal(await house.local());
    await checkPages(house, { status: 200, says: { status: "degraded", down: ["cloud"] } });
  });
});

describe("in a storm of 429", () => {
  it.each([true, false])(
    "/v1/chat/completions says when to come back, stream %s, and /api/chat is as ever",
    async (stream) => {
      const house = await setHouse();
      house.cloud.faults = () => ({ kind: "http", status: 429, retryAfterS: 20 });

      for (let times = 0; times < 10; times++) {
        const answer = await house.paid(stream);
        expect(answer.status).toBe(429);
        expect(answer.headers["retry-after"]).toBe("20");
        checkGoodLocal(await house.local());
      }

      // A server that is busy is not down.
      expect(await isUp(house, "cloud")).toBe(true);
      await checkPages(house, { status: 200, says: { status: "ready" } });
      house.cloud.faults = [];
      checkGoodPaid(await house.paid());
    },
  );

  it("/v1/chat/completions is answered by what stands in", async () => {
    const house = await setHouse(`fallbacks: [{ match: "*", to: ["tiny"] }]`);
    house.cloud.faults = () => ({ kind: "http", status: 429, retryAfterS: 20 });

    const answer = await house.paid();

    expect(answer.headers).toMatchObject({
      "x-chasqui-upstream": "ollama",
      "x-chasqui-hops": "cloud=upstream_busy",
    });
  });
});

describe("with all down", () => {
  it("what is in the cache is served, and the rest is an error at once", async () => {
    const house = await setHouse("cache: { enabled: true }");
    house.ollama.respond = (seen) => plainAnswer(seen);
    const asked = (path: string, model: string, text: string): Promise<Answer> => {
      const body = { ...bodyFor(path, true, model), messages: [{ role: "user", content: text }] };
      const cold = path === "/api/chat" ? { options: { temperature: 0 } } : { temperature: 0 };
      return ask(house.daemon.url + path, { ...body, ...cold });
    };
    const both = (text: string): Promise<Answer[]> =>
      Promise.all([asked("/api/chat", "tiny", text), asked("/v1/chat/completions", mini, text)]);
    const results = async (text: string): Promise<unknown[]> =>
      (await both(text)).map(({ status, headers }) => [status, headers["x-chasqui-cache"]]);
    expect(await results("known")).toEqual([
      [200, "miss"],
      [200, "miss"],
    ]);
    await house.ollama.refuse();
    await house.cloud.stop();
    for (let times = 0; times < 4; times++) await both(`new ${times}`);
    await eventually(async () => (await house.page("/readyz")).status === 503, "all are known to be down");

    expect(await results("known")).toEqual([
      [200, "hit"],
      [200, "hit"],
    ]);
    const beganMs = performance.now();
    for (const { status } of await both("new")) expect(status).toBe(503);
    expect(performance.now() - beganMs).toBeLessThan(knownWithinMs);
    await house.ollama.accept();
  });

  it("the last good lists are shown, marked; the daemon is alive, but not ready", async () => {
    const house = await setHouse();
    await takeDown(house);
    // Its port is closed, so that not even a probe is answered.
    await house.cloud.stop();
    for (let times = 0; times < 4; times++) await house.paid();
    await eventually(async () => (await house.page("/readyz")).status === 503, "all are known to be down");

    const tags = await house.page("/api/tags");

    expect(namesIn(tags)).toEqual(expect.arrayContaining(["tiny:latest", `${mini}:latest`]));
    expect(tags.headers["x-chasqui-stale"]).toBe("ollama, cloud");
    await checkPages(house, { status: 503, says: { status: "no upstream" } });
    for (const answer of [await house.local(), await house.paid()]) {
      expect(answer.status).toBe(503);
      expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
    }
    await house.ollama.accept();
  });
});

describe("while the daemon drains", () => {
  it("what is under way ends, and what comes is answered; it is alive, but not ready", async () => {
    const house = await setHouse();
    house.ollama.fault = "hang-mid-stream";
    house.cloud.faults = [{ kind: "hold", afterDeltas: 1 }];
    const local = open(`${house.daemon.url}/api/chat`, bodyFor("/api/chat", true, "tiny"));
    const path = "/v1/chat/completions";
    const paid = open(house.daemon.url + path, bodyFor(path, true, mini));
    await Promise.all([local.firstByte, paid.firstByte]);

    house.daemon.daemon.beginDrain();

    await checkPages(house, { status: 503, says: { status: "draining" } });
    expect((await house.page("/api/tags")).status).toBe(200);
    house.ollama.fault = "none";
    checkGoodLocal(await house.local());
    house.ollama.release();
    house.cloud.release();
    checkGoodLocal(await local.answer);
    checkGoodPaid(await paid.answer);
  });
});
