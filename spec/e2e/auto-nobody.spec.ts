import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { ask } from "../support/ask.ts";
import { chat, easy, type House, leave, setUp } from "../support/auto-house.ts";
import { noBreaker } from "../support/stage.ts";
import { eventually, startDaemon } from "../support/daemon.ts";

afterEach(leave);

const breaker = "breaker: { refusals: 1, failures: 1, cooldown: 30s }";
const secret = "my key is sk-proj-abcdEFGH1234567890abcdEFGH1234567890abcdEFGH12345678, is it safe?";

/** A house whose local server is known and gone, its breaker open. */
async function withoutLocal(): Promise<House> {
  const house = await setUp({ yaml: breaker });
  await house.local.refuse();
  await house.ask("/api/chat", chat(easy, { model: "tiny" }));
  return house;
}

describe("a local outage", () => {
  it.each([
    ["auto:local", easy, {}],
    ["auto", secret, {}],
    ["auto", easy, { "x-chasqui-local-only": "true" }],
    ["auto", easy, { "x-chasqui-max-cost": "0" }],
    ["auto", easy, { "x-chasqui-upstream": "local" }],
    ["tiny", easy, {}],
  ])("is worth another try: %s, %s, %j", async (model, content, headers) => {
    const house = await withoutLocal();

    const answer = await house.ask("/v1/chat/completions", chat(content, { model }), headers);

    expect(answer.status).toBe(503);
    expect(Number(answer.headers["retry-after"])).toBeGreaterThan(10);
    expect(answer.text).toContain("upstream local is down");
    expect(house.cloud.to("/chat/completions")).toHaveLength(0);
  });

  it("is named where the local server was never seen", async () => {
    const daemon = await startDaemon("demo: off\nupstreams: [{ name: mine, url: 127.0.0.1:1 }]");
    onTestFinished(() => daemon.stop());

    const { status, headers, text } = await ask(`${daemon.url}/api/chat`, chat(easy));

    expect([status, JSON.parse(text)]).toEqual([
      503,
      { error: "auto has no model to choose from: upstream mine is down" },
    ]);
    expect(headers["retry-after"]).toMatch(/^[1-9]\d*$/);
  });
});

/** A house whose model has room for so many tokens. */
async function withRoom(contextTokens: number, yaml = ""): Promise<House> {
  const house = await setUp({ yaml });
  const entry = { name: "tiny:latest", model: "tiny:latest", details: { context_length: contextTokens } };
  house.local.respond = ({ path }) =>
    path === "/api/tags" ? { status: 200, body: JSON.stringify({ models: [entry] }) } : undefined;
  const { registry } = house.daemon.daemon;
  await eventually(async () => {
    registry.expire();
    await registry.freshen(0, 500);
    const [local] = registry.upstreams;
    return JSON.stringify([...(local?.models.byKey.values() ?? [])]).includes(String(contextTokens));
  }, "the list tells the length of the context");
  return house;
}

const turns = Array.from({ length: 41 }, (_, nth) => ({
  role: nth % 2 === 0 ? "user" : "assistant",
  content: `${nth}: ${"llamas and alpacas ".repeat(60)}`,
}));

describe("a prompt too long for every model in the house", () => {
  it("is the client's to shorten, whoever is outside", async () => {
    const house = await withRoom(600, "context: { policy: refuse }");

    const long = chat("llamas and alpacas ".repeat(2_000), { model: "auto:local" });
    const { status } = await house.ask("/v1/chat/completions", long);

    expect(status).toBe(400);
  });

  it("loses its oldest turns where it is said how many fit, and is told so", async () => {
    const house = await withRoom(1_500);

    const { status, headers } = await house.ask("/api/chat", {
      model: "auto:local",
      stream: false,
      messages: turns,
    });

    expect([status, headers["x-chasqui-context"]]).toEqual([
      200,
      expect.stringMatching(/^trimmed messages=/),
    ]);
    expect(headers["x-chasqui-reasons"]).toContain("its oldest turns are left out");
  });

  it.each([
    ["/v1/chat/completions", { messages: turns }],
    ["/v1/messages", { messages: turns, max_tokens: 50 }],
    ["/v1/completions", { prompt: "llamas and alpacas ".repeat(2_000) }],
    ["/api/generate", { prompt: "llamas and alpacas ".repeat(2_000) }],
  ])("is refused where nothing can be left out, or nobody knows how much: %s", async (path, more) => {
    const house = await withRoom(1_500);

    const { status, text } = await house.ask(path, { model: "auto:local", stream: false, ...more });

    expect([status, house.local.calls()]).toEqual([400, []]);
    expect(text).toContain("too_long");
  });
});

describe("a rejected key", () => {
  it("is told of by auto with the real wait, as it is by the model's own name", async () => {
    const house = await setUp({ hasLocal: false });
    house.cloud.faults = [{ kind: "http", status: 401 }];
    const named = chat(easy, { model: "openai/gpt-4o-mini" });
    await house.ask("/api/chat", named);

    for (const body of [named, chat(easy)]) {
      const { status, headers, text } = await house.ask("/api/chat", body);

      expect(status).toBe(503);
      expect(text).toContain("upstream cloud rejects the API key");
      expect(text).not.toContain(house.cloud.key);
      expect(Number(headers["retry-after"])).toBeGreaterThan(200);
    }
  });
});

describe("an error of auto", () => {
  it("tells how it was routed, and names no model that there is not", async () => {
    const house = await withoutLocal();

    const { status, headers } = await house.ask("/api/chat", chat(easy, { model: "auto:local" }));

    expect(status).toBe(503);
    expect(headers).toMatchObject({
      "x-chasqui-tier": "low",
      "x-chasqui-searched": "no",
      "x-chasqui-confidence": expect.stringMatching(/^[01]\.\d\d$/) as unknown,
      "x-chasqui-reasons": expect.stringContaining("nobody may answer") as unknown,
    });
    expect(headers).not.toHaveProperty("x-chasqui-model");
  });

  it("tells it where everybody failed, too, and who did; a named model's error says nothing of it", async () => {
    const house = await setUp({ yaml: noBreaker });
    house.local.fault = "html-500";
    house.cloud.faults = () => ({ kind: "http", status: 500 });

    const failed = await house.ask("/v1/chat/completions", chat(easy));
    const named = await house.ask("/v1/chat/completions", chat(easy, { model: "tiny" }));

    expect([failed.status, named.status]).toEqual([502, 502]);
    expect(failed.headers).toMatchObject({ "x-chasqui-tier": "low", "x-chasqui-upstream": "cloud" });
    expect(failed.headers).not.toHaveProperty("x-chasqui-model");
    expect(named.headers).toMatchObject({ "x-chasqui-model": "tiny", "x-chasqui-upstream": "local" });
    expect(named.headers).not.toHaveProperty("x-chasqui-tier");
  });
});
