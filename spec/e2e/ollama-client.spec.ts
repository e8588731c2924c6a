import { Ollama } from "ollama";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, spawnDaemon, type SpawnedDaemon } from "../support/daemon.ts";
import { startFakeOllama, type FakeOllama } from "../support/fake-ollama.ts";
import { hasRecordings, startRecordings } from "../support/recordings.ts";

const greeting = "Hello, world! <b>&é";
const options = { temperature: 0, seed: 7 };
const say = [{ role: "user", content: "say hello" }];
const ask = [{ role: "user", content: "weather in Paris?" }];
const tools = [
  {
    type: "function" as const,
    function: {
      name: "get_weather",
      description: "the weather",
      parameters: { type: "object", properties: { city: { type: "string" } } },
    },
  },
];

/** The recordings where they are, the fake elsewhere. */
const startServer = (): Promise<{ url: string; stop(): Promise<void> }> =>
  hasRecordings ? startRecordings() : startFakeOllama();

describe("the official ollama client", () => {
  let server: { url: string; stop(): Promise<void> };
  let daemon: SpawnedDaemon;
  let client: Ollama;

  beforeAll(async () => {
    server = await startServer();
    daemon = await spawnDaemon(["--upstream", server.url]);
    client = new Ollama({ host: daemon.url });
  });
  afterAll(async () => {
    await daemon.stop();
    await server.stop();
  });

  it("generates a whole answer", async () => {
    const answer = await client.generate({ model: "hello", prompt: "say hello", stream: false, options });

    expect(answer).toMatchObject({ model: "hello", response: greeting, done: true, done_reason: "stop" });
  });

  it("streams a generated answer to its final part", async () => {
    const parts = [];

    for await (const part of await client.generate({
      model: "hello",
      prompt: "say hello",
      stream: true,
      raw: false,
      options,
    }))
      parts.push(part);

    expect(parts.map((part) => part.response).join("")).toBe(greeting);
    expect(parts.filter((part) => part.done)).toHaveLength(1);
  });

  it("chats, whole and streamed, with the same words", async () => {
    const whole = await client.chat({ model: "hello", messages: say, stream: false, options });
    let streamed = "";
    for await (const part of await client.chat({ model: "hello", messages: say, stream: true, options }))
      streamed += part.message.content;

    expect(whole.message.content).toBe(greeting);
    expect(streamed).toBe(greeting);
  });

  it("hears a thinking model think", async () => {
    let thinking = "";

    for await (const part of await client.chat({ model: "gthink", messages: say, stream: true, options }))
      thinking += part.message.thinking ?? "";

    expect(thinking).not.toBe("");
  });

  it.each([false, true])("gets a tool call with stream %s", async (stream) => {
    const calls = [];

    if (stream) {
      for await (const part of await client.chat({ model: "gtool", messages: ask, tools, stream, options }))
        calls.push(...(part.message.tool_calls ?? []));
    } else {
      const { message } = await client.chat({ model: "gtool", messages: ask, tools, stream: false, options });
      calls.push(...(message.tool_calls ?? []));
    }

    expect(calls).toMatchObject([{ function: { name: "get_weather" } }]);
  });

  it("embeds several texts in order", async () => {
    const { embeddings } = await client.embed({ model: "embed", input: ["a", "b", "c"] });

    expect(embeddings).toHaveLength(3);
    expect(embeddings[0]?.length).toBeGreaterThan(0);
  });

  it("lists, shows and tells what is loaded", async () => {
    const { models } = await client.list();
    const shown = await client.show({ model: "hello" });
    const loaded = await client.ps();

    expect(models.map((one) => one.name)).toContain("hello:latest");
    expect(shown.details.family).not.toBe("");
    expect(Array.isArray(loaded.models)).toBe(true);
  });

  it("is told in Ollama's words that a model is unknown", async () => {
    const answer = client.chat({ model: "nope", messages: say });

    await expect(answer).rejects.toMatchObject({ status_code: 404, error: "model 'nope' not found" });
  });
});

describe("the official ollama client, transfers and leaving", () => {
  let server: FakeOllama;
  let daemon: SpawnedDaemon;
  let client: Ollama;

  beforeAll(async () => {
    server = await startFakeOllama();
    daemon = await spawnDaemon(["--upstream", server.url]);
    client = new Ollama({ host: daemon.url });
  });
  afterAll(async () => {
    await daemon.stop();
    await server.stop();
  });

  it("pulls with progress and without", async () => {
    const states = [];
    for await (const part of await client.pull({ model: "new", stream: true })) states.push(part.status);
    const whole = await client.pull({ model: "new", stream: false });

    expect(states).toEqual(["pulling manifest", "pulling abc", "success"]);
    expect(whole.status).toBe("success");
  });

  it("has the upstream's connection closed when it aborts", async () => {
    const stream = await client.chat({ model: "endless", messages: say, stream: true });
    let parts = 0;
    const leave = async (): Promise<void> => {
      for await (const part of stream) if (part.done || ++parts === 3) client.abort();
    };

    await expect(leave()).rejects.toThrow(/abort/i);

    await server.calls.findLast((call) => call.path === "/api/chat")?.ended;
    await eventually(
      async () => (await inFlight(daemon.url)) === 1,
      "only the request for statistics is left",
    );
  });
});

const inFlight = async (url: string): Promise<number> => {
  const { requests } = (await (await fetch(`${url}/api/stats`)).json()) as {
    requests: { in_flight: number };
  };
  return requests.in_flight;
};

describe("the official openai client", () => {
  let server: { url: string; stop(): Promise<void> };
  let daemon: SpawnedDaemon;
  let client: OpenAI;

  beforeAll(async () => {
    server = await startServer();
    daemon = await spawnDaemon(["--upstream", server.url]);
    client = new OpenAI({ baseURL: `${daemon.url}/v1`, apiKey: "ignored", maxRetries: 0 });
  });
  afterAll(async () => {
    await daemon.stop();
    await server.stop();
  });

  const request = {
    model: "hello",
    messages: [{ role: "user" as const, content: "say hello" }],
    temperature: 0,
    seed: 7,
  };

  it("chats", async () => {
    const answer = await client.chat.completions.create(request);

    expect(answer.choices[0]).toMatchObject({ message: { content: greeting }, finish_reason: "stop" });
    expect(answer.usage?.completion_tokens).toBeGreaterThan(0);
  });

  it("streams a chat", async () => {
    let text = "";
    let reason: string | null = null;

    for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? "";
      reason = chunk.choices[0]?.finish_reason ?? reason;
    }

    expect({ text, reason }).toEqual({ text: greeting, reason: "stop" });
  });

  it("embeds", async () => {
    const { data } = await client.embeddings.create({ model: "embed", input: ["a", "b"] });

    expect(data.map((one) => one.index)).toEqual([0, 1]);
    expect(data[0]?.embedding.every((value) => Number.isFinite(value))).toBe(true);
  });

  it("lists models", async () => {
    const names = [];

    for await (const model of client.models.list()) names.push(model.id);

    expect(names).toContain("hello:latest");
  });

  it("is told that a model is unknown", async () => {
    await expect(client.chat.completions.create({ ...request, model: "nope" })).rejects.toMatchObject({
      status: 404,
      type: "not_found_error",
    });
  });
});

describe("the official clients on a machine without a server", () => {
  let daemon: SpawnedDaemon;
  let native: Ollama;
  let openai: OpenAI;

  beforeAll(async () => {
    daemon = await spawnDaemon(["--listen", "127.0.0.1:0"], {
      CHASQUI_DEMO: "on",
      OLLAMA_HOST: "127.0.0.1:1",
    });
    native = new Ollama({ host: daemon.url });
    openai = new OpenAI({ baseURL: `${daemon.url}/v1`, apiKey: "ignored", maxRetries: 0 });
  });
  afterAll(() => daemon.stop());

  it("find the demo model in every list", async () => {
    const names = [];
    for await (const model of openai.models.list()) names.push(model.id);

    expect((await native.list()).models.map((one) => one.name)).toEqual(["demo:latest"]);
    expect(names).toEqual(["demo:latest"]);
    expect((await native.show({ model: "demo" })).capabilities).toContain("completion");
  });

  it("hear it repeat what it was asked", async () => {
    const question = "where do the llamas sleep?";
    let streamed = "";
    for await (const part of await native.chat({
      model: "demo",
      messages: [{ role: "user", content: question }],
      stream: true,
    }))
      streamed += part.message.content;
    const whole = await openai.chat.completions.create({
      model: "demo",
      messages: [{ role: "user", content: question }],
    });

    expect(streamed).toContain(question);
    expect(whole.choices[0]?.message.content).toContain(question);
  });

  it("get embeddings of unit length from it", async () => {
    const { embeddings } = await native.embed({ model: "demo", input: "llama" });
    const { data } = await openai.embeddings.create({ model: "demo", input: "llama" });

    expect(Math.hypot(...(embeddings[0] ?? []))).toBeCloseTo(1);
    expect(Math.hypot(...(data[0]?.embedding ?? []))).toBeCloseTo(1, 5);
  });

  it("are told that a pull needs a server", async () => {
    await expect(native.pull({ model: "llama3.2", stream: false })).rejects.toMatchObject({
      status_code: 503,
    });
  });
});
