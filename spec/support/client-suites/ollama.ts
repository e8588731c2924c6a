import { type ChatRequest, type ChatResponse, type Message, Ollama } from "ollama";
import { beforeAll, expect, it } from "vitest";
import { eventually } from "../daemon.ts";
import { question, type RunningKind, type UpstreamKind } from "../upstream-kinds.ts";
import { answerSchema, tooLongFor, weather, weatherQuestion, weatherTool } from "./questions.ts";

const say: Message[] = [{ role: "user", content: question }];
const askWeather: Message[] = [{ role: "user", content: weatherQuestion }];

/** What Ollama's own client has to find in front of this kind of upstream. */
export function ollamaClientSuite(kind: UpstreamKind, at: () => RunningKind): void {
  const { models } = kind;
  let client: Ollama;
  beforeAll(() => void (client = new Ollama({ host: kind.canRun ? at().daemon.url : "" })));

  /** The pieces of a stream put together as a client does. */
  const streamed = async (request: ChatRequest): Promise<{ message: Message; last: ChatResponse }> => {
    const message: Message = { role: "assistant", content: "", thinking: "", tool_calls: [] };
    let last: ChatResponse | undefined;
    for await (const part of await client.chat({ ...request, stream: true })) {
      message.content += part.message.content;
      message.thinking += part.message.thinking ?? "";
      message.tool_calls?.push(...(part.message.tool_calls ?? []));
      last = part;
    }
    if (last === undefined) throw new Error("the stream was empty");
    return { message, last };
  };

  const expectMeasured = (answer: Omit<ChatResponse, "message">): void => {
    expect(answer).toMatchObject({ done: true, done_reason: "stop" });
    for (const name of ["total_duration", "eval_count", "eval_duration", "prompt_eval_count"] as const)
      expect(answer[name], name).toBeGreaterThan(0);
    expect(new Date(answer.created_at).getTime()).toBeGreaterThan(Date.UTC(2020));
  };

  it("chats, whole and streamed, with the same words and with counts", async () => {
    const whole = await client.chat({ model: models.text, messages: say });
    const { message, last } = await streamed({ model: models.text, messages: say });

    expect(whole.message.content).toBe(kind.text);
    expect(message.content).toBe(kind.text);
    expect(whole.model).toBe(models.text);
    expectMeasured(whole);
    expectMeasured(last);
  });

  it("generates, whole and streamed", async () => {
    const whole = await client.generate({ model: models.text, prompt: question });
    let text = "";
    for await (const part of await client.generate({ model: models.text, prompt: question, stream: true }))
      text += part.response;

    expect(whole.response).toBe(kind.text);
    expect(text).toBe(kind.text);
    expectMeasured(whole);
  });

  it("keeps thoughts and answer apart, whole and streamed", async () => {
    const request = { model: models.think, messages: say, think: true };
    const whole = await client.chat(request);
    const { message } = await streamed(request);

    expect(whole.message.thinking).toBe(kind.thought);
    expect(whole.message.content).not.toBe("");
    expect(whole.message.content).not.toContain(kind.thought);
    expect(message).toMatchObject({ thinking: kind.thought, content: whole.message.content });
  });

  it.each([false, true])("has a tool called and gives its result, stream %s", async (stream) => {
    const request = { model: models.tool, messages: askWeather, tools: [weatherTool] };
    const first = stream ? (await streamed(request)).message : (await client.chat(request)).message;
    const call = { name: "get_weather", arguments: { city: "Paris" } };

    expect(first.tool_calls).toMatchObject([{ function: call }]);

    // As clients do that know nothing of ids.
    const turn = { role: "assistant", content: "", tool_calls: [{ function: call }] };
    const result = { role: "tool", content: weather, tool_name: "get_weather" };
    const second = { ...request, messages: [...askWeather, turn, result] };
    const { message, done } = stream
      ? { ...(await streamed(second)), done: true }
      : await client.chat(second);

    expect(done).toBe(true);
    expect(message.content).toBe(kind.afterTool ?? "");
  });

  it("thinks before it calls a tool, and is given its thoughts again", async () => {
    const request = { model: models.thinkTool, messages: askWeather, tools: [weatherTool], think: true };
    const { message } = await streamed(request);

    expect(message.thinking).toBe(kind.toolThought);
    expect(message.tool_calls).toMatchObject([
      { function: { name: "get_weather", arguments: { city: "Paris" } } },
    ]);

    const result = { role: "tool", content: weather, tool_name: "get_weather" };
    const answer = await client.chat({ ...request, messages: [...askWeather, message, result] });

    expect(answer.done).toBe(true);
    expect(at().echoedThoughts()).toBe(true);
  });

  it("answers by a schema", async () => {
    const { message } = await client.chat({ model: models.json, messages: say, format: answerSchema });

    expect(JSON.parse(message.content)).toEqual({ a: true });
  });

  it("embeds one text and many, in order", async () => {
    const one = await client.embed({ model: models.embed, input: "llama" });
    const many = await client.embed({ model: models.embed, input: ["alpaca", "llama"] });

    expect(one.embeddings).toHaveLength(1);
    expect(many.embeddings).toHaveLength(2);
    expect(distance(many.embeddings[1], one.embeddings[0])).toBeLessThan(0.001);
    expect(distance(many.embeddings[0], one.embeddings[0])).toBeGreaterThan(0.001);
    expect(one.prompt_eval_count).toBeGreaterThan(0);
  });

  it("lists and shows every model", async () => {
    const names = (await client.list()).models.map((one) => one.name.replace(/:latest$/, ""));

    expect(names).toEqual(expect.arrayContaining(Object.values(models)));
    for (const model of Object.values(models)) {
      const { capabilities } = await client.show({ model });
      expect(capabilities, model).toContain(model === models.embed ? "embedding" : "completion");
    }
  });

  it("has the upstream's connection closed when it aborts", async () => {
    const held = at().holdNext();
    const stream = await client.chat({ model: models.text, messages: say, stream: true });
    const leave = async (): Promise<void> => {
      for await (const part of stream) {
        expect(part.message.content).not.toBe("");
        expect(held.isLeft()).toBe(false);
        stream.abort();
      }
    };

    await expect(leave()).rejects.toThrow(/abort/i);
    await eventually(() => held.isLeft(), "the upstream was left");
  });

  it("is told that a model is unknown", async () => {
    await expect(client.chat({ model: "nope", messages: say })).rejects.toMatchObject({
      name: "ResponseError",
      status_code: 404,
      error: "model 'nope' not found",
    });
  });

  it("is told by how much a question is too long", async () => {
    const messages = [{ role: "user", content: tooLongFor(kind.contextTokens) }];

    await expect(client.chat({ model: models.text, messages })).rejects.toMatchObject({
      status_code: 400,
      error: expect.stringMatching(new RegExp(`\\b${kind.contextTokens}\\b`)) as string,
    });
  });
}

/** The largest difference between two vectors, number by number. */
export function distance(one: readonly number[] = [], other: readonly number[] = []): number {
  if (one.length === 0 || one.length !== other.length) return Number.POSITIVE_INFINITY;
  return Math.max(...one.map((value, index) => Math.abs(value - (other[index] ?? Number.NaN))));
}
