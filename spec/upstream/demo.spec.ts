import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { embedText } from "../../src/upstream/demo-embedding.ts";
import { loadTokenizer } from "../../src/lib/tokens.ts";
import { ask, open, type Answer } from "../support/ask.ts";
import { eventually, startDaemon, type RunningDaemon } from "../support/daemon.ts";
import { startFakeUpstream } from "../support/fake-upstream.ts";
import { claimsEnd, framesOf } from "../support/wires.ts";

/** A port where nobody listens, so that the demo model is alone. */
const alone = 'upstreams: [{ name: gone, url: "http://127.0.0.1:9" }]\ncatalog: { refresh: 1h }\n';

let daemon: RunningDaemon;
beforeAll(async () => {
  daemon = await startDaemon(alone);
});
afterAll(() => daemon.stop());

const post = (path: string, body: object): Promise<Answer> => ask(daemon.url + path, body);
const json = async (path: string, body: object): Promise<Record<string, unknown>> =>
  JSON.parse((await post(path, body)).text) as Record<string, unknown>;

const messages = [{ role: "user", content: "Why is the sky blue?" }];

describe("the demo model", () => {
  it("tells what it received and what it is", async () => {
    const { message } = await json("/api/chat", {
      model: "demo",
      messages,
      stream: false,
      options: { seed: 7 },
    });

    expect(message).toMatchObject({
      role: "assistant",
      content: expect.stringContaining("not a language model") as string,
    });
    expect(JSON.stringify(message)).toContain("Why is the sky blue?");
    expect(JSON.stringify(message)).toContain("seed 7");
  });

  it.each([1, 2, 5, 17])("says exactly %s tokens when told to", async (limit) => {
    const answer = await json("/api/chat", {
      model: "demo",
      messages,
      stream: false,
      options: { num_predict: limit },
    });

    const { content } = answer.message as { content: string };
    expect(answer).toMatchObject({ done: true, done_reason: "length", eval_count: limit });
    expect((await loadTokenizer()).pieces(content).length).toBe(limit);
  });

  it("says all it has when the limit is larger", async () => {
    const answer = await json("/api/chat", {
      model: "demo",
      messages,
      stream: false,
      options: { num_predict: 9_999 },
    });

    const { content } = answer.message as { content: string };
    expect(answer.done_reason).toBe("stop");
    expect(answer.eval_count).toBe((await loadTokenizer()).count(content));
  });

  it("stops before a stop sequence", async () => {
    const answer = await json("/api/chat", {
      model: "demo",
      messages,
      stream: false,
      options: { stop: ["demo", "language"] },
    });

    expect(answer.message).toMatchObject({ content: "I am Chasqui's " });
    expect(answer.done_reason).toBe("stop");
  });

  it("counts the tokens it received", async () => {
    const answer = await json("/api/chat", { model: "demo", messages, stream: false });

    expect(answer.prompt_eval_count).toBe((await loadTokenizer()).count("Why is the sky blue?"));
  });

  it.each([
    ["/api/chat", { model: "demo", messages }],
    ["/api/generate", { model: "demo", prompt: "hi" }],
    ["/v1/chat/completions", { model: "demo", messages, stream: true }],
    ["/v1/completions", { model: "demo", prompt: "hi", stream: true }],
    ["/v1/messages", { model: "demo", messages, max_tokens: 500, stream: true }],
  ])("streams a whole answer on %s", async (path, body) => {
    const answer = await post(path, body);

    expect(answer.status).toBe(200);
    expect(answer.complete).toBe(true);
    expect(claimsEnd(path, answer.text)).toBe(true);
    expect(framesOf(path, answer.text).length).toBeGreaterThan(5);
  });

  it("says in one piece what it says as a stream", async () => {
    const body = { model: "demo", messages, options: { num_predict: 20 } };
    const streamed = framesOf("/api/chat", (await post("/api/chat", body)).text)
      .map((line) => (JSON.parse(line) as { message: { content: string } }).message.content)
      .join("");

    const whole = await json("/api/chat", { ...body, stream: false });

    expect((whole.message as { content: string }).content).toBe(streamed);
  });

  it.each([
    ["/v1/chat/completions", { max_tokens: 5 }, "length", "completion_tokens"],
    ["/v1/completions", { max_tokens: 5, prompt: "hi" }, "length", "completion_tokens"],
    ["/v1/messages", { max_tokens: 5 }, "max_tokens", "output_tokens"],
  ])("obeys the limit of %s", async (path, more, reason, counter) => {
    const answer = await post(path, { model: "demo", messages, ...more });

    expect(answer.text).toMatch(new RegExp(`"(?:finish|stop)_reason":"${reason}"`));
    expect(answer.text).toContain(`"${counter}":5`);
  });

  it("loads and unloads without a word", async () => {
    const loaded = await json("/api/generate", { model: "demo" });
    const unloaded = await json("/api/generate", { model: "demo", keep_alive: 0 });

    expect(loaded).toMatchObject({ response: "", done: true, done_reason: "load" });
    expect(unloaded).toMatchObject({ response: "", done: true, done_reason: "unload" });
  });

  it.each([
    ["tools", "/api/chat", { messages, tools: [{ type: "function", function: { name: "f" } }] }],
    ["thinking", "/api/chat", { messages, think: true }],
    ["images", "/api/chat", { messages: [{ role: "user", content: "x", images: ["aGk="] }] }],
    ["format", "/api/chat", { messages, format: "json" }],
    ["images", "/api/generate", { prompt: "x", images: ["aGk="] }],
    ["insert", "/api/generate", { prompt: "x", suffix: "y" }],
    ["tools", "/v1/chat/completions", { messages, tools: [{ type: "function", function: { name: "f" } }] }],
    ["format", "/v1/chat/completions", { messages, response_format: { type: "json_object" } }],
    ["tools", "/v1/messages", { messages, max_tokens: 9, tools: [{ name: "f", input_schema: {} }] }],
  ])("refuses %s instead of pretending, on %s", async (need, path, body) => {
    const answer = await post(path, { model: "demo", ...body });

    expect(answer.status).toBe(400);
    expect(answer.text).toContain(`does not support ${need}`);
  });

  it("takes what asks for nothing: think false, no tools", async () => {
    const answer = await post("/api/chat", {
      model: "demo",
      messages,
      think: false,
      tools: [],
      stream: false,
    });

    expect(answer.status).toBe(200);
  });

  it.each(["tiny", "demo:other", "someone/demo"])("never answers for another name: %s", async (model) => {
    const answer = await post("/api/chat", { model, messages });

    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.text).not.toContain("demo model");
  });

  it.each(["demo", "demo:latest", "DEMO"])("calls itself what it was called: %s", async (model) => {
    const answer = await json("/api/chat", { model, messages, stream: false, options: { num_predict: 1 } });

    expect(answer.model).toBe(model);
  });

  it("stops speaking when the client leaves", async () => {
    const asking = open(`${daemon.url}/api/chat`, { model: "demo", messages });
    await asking.firstByte;

    asking.leave();

    await eventually(() => daemon.daemon.exchanges.size === 0, "the exchange is over");
    const stats = JSON.parse((await ask(`${daemon.url}/api/stats`)).text) as {
      upstreams: { name: string; in_flight: number }[];
    };
    expect(stats.upstreams.find((one) => one.name === "demo")?.in_flight).toBe(0);
  });
});

const similarity = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

describe("the demo model's embeddings", () => {
  it("have 384 numbers and length 1, on every endpoint", async () => {
    const embed = (await json("/api/embed", { model: "demo", input: ["one", "two"] })) as {
      embeddings: number[][];
    };
    const single = (await json("/api/embeddings", { model: "demo", prompt: "one" })) as {
      embedding: number[];
    };
    const v1 = (await json("/v1/embeddings", { model: "demo", input: "one" })) as {
      data: { embedding: number[] }[];
    };

    const vectors = [...embed.embeddings, single.embedding, v1.data[0]?.embedding ?? []];
    for (const vector of vectors) {
      expect(vector).toHaveLength(384);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    }
    expect(embed.embeddings[0]).toEqual(single.embedding);
    expect(embed.embeddings[0]).toEqual(v1.data[0]?.embedding);
  });

  it.each([
    ["How do I bake bread?", "how can I bake a bread", "The stock market fell on Tuesday"],
    ["restart the server", "restarting servers", "a poem about the sea"],
    ["Wie spät ist es?", "wie spät ist es jetzt", "database migration"],
  ])("bring %s nearer to %s than to %s", (text, near, far) => {
    const [a, b, c] = [text, near, far].map((one) => embedText(one)) as [number[], number[], number[]];

    expect(similarity(a, b)).toBeGreaterThan(similarity(a, c));
    expect(similarity(a, b)).toBeGreaterThan(0.4);
  });

  it.each(["", " ", "!!!", "日本語", "a"])("have length 1 for odd texts too: %s", (text) => {
    expect(Math.hypot(...embedText(text))).toBeCloseTo(1, 5);
  });

  it("are cut to the dimensions asked for, and of length 1 still", async () => {
    const { embeddings } = (await json("/api/embed", { model: "demo", input: "x", dimensions: 16 })) as {
      embeddings: number[][];
    };

    expect(embeddings[0]).toHaveLength(16);
    expect(Math.hypot(...(embeddings[0] ?? []))).toBeCloseTo(1, 5);
  });

  it("come as base64 when asked for", async () => {
    const asked = { model: "demo", input: "one" };
    const plain = (await json("/v1/embeddings", asked)) as { data: { embedding: number[] }[] };
    const coded = (await json("/v1/embeddings", { ...asked, encoding_format: "base64" })) as {
      data: { embedding: string }[];
    };

    const bytes = Buffer.from(coded.data[0]?.embedding ?? "", "base64");
    const floats = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
    expect(floats).toEqual(plain.data[0]?.embedding);
  });
});

describe("the demo model among others", () => {
  const listed = async (one: RunningDaemon): Promise<boolean> =>
    (await ask(`${one.url}/api/tags`)).text.includes("demo:latest");

  it("steps back when a real server comes up", async () => {
    const server = await startFakeUpstream();
    await server.refuse();
    const one = await startDaemon(
      `upstreams: [{ name: one, url: "${server.url}" }]\nbreaker: { cooldown: 20ms, cooldown_max: 20ms }\n`,
    );
    const before = await listed(one);

    await server.accept();
    await eventually(async () => !(await listed(one)), "the demo model is gone");

    expect(before).toBe(true);
    expect((await ask(`${one.url}/api/chat`, { model: "demo", messages })).status).toBe(404);
    await one.stop();
    await server.stop();
  });

  it("is never there when it is switched off", async () => {
    const one = await startDaemon(`${alone}demo: off\n`);

    const there = await listed(one);
    const answer = await ask(`${one.url}/api/chat`, { model: "demo", messages });

    expect(there).toBe(false);
    expect(answer.status).toBe(503);
    await one.stop();
  });

  it("stays beside others when it is switched on", async () => {
    const server = await startFakeUpstream();
    const one = await startDaemon(`upstreams: [{ name: one, url: "${server.url}" }]\ndemo: on\n`);

    const there = await listed(one);
    const answer = await ask(`${one.url}/api/chat`, { model: "demo", messages, stream: false });

    expect(there).toBe(true);
    expect(answer.headers["x-chasqui-upstream"]).toBe("demo");
    await one.stop();
    await server.stop();
  });
});
