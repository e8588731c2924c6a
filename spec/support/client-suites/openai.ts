import OpenAI from "openai";
import { beforeAll, expect, it } from "vitest";
import { eventually } from "../daemon.ts";
import { question, type RunningKind, type UpstreamKind } from "../upstream-kinds.ts";
import { distance } from "./ollama.ts";
import { answerSchema, tooLongFor, weather, weatherQuestion, weatherTool } from "./questions.ts";

type Message = OpenAI.ChatCompletionMessageParam;

/** Thoughts are in no version of OpenAI's own types; this is the name Ollama gives them. */
type Thinking = { readonly reasoning?: string };

const say: Message[] = [{ role: "user", content: question }];
const askWeather: Message[] = [{ role: "user", content: weatherQuestion }];

interface Streamed {
  content: string;
  reasoning: string;
  readonly calls: { id: string; name: string; arguments: string }[];
  finish: string | null;
  usage: OpenAI.CompletionUsage | undefined;
}

/** What OpenAI's own client has to find in front of this kind of upstream. */
export function openaiClientSuite(kind: UpstreamKind, at: () => RunningKind): void {
  const { models } = kind;
  let client: OpenAI;
  beforeAll(() => {
    const url = kind.canRun ? at().daemon.url : "";
    client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "ignored", maxRetries: 0 });
  });

  /** The pieces of a stream put together as a client does. */
  const streamed = async (
    request: Omit<OpenAI.ChatCompletionCreateParamsStreaming, "stream">,
  ): Promise<Streamed> => {
    const sum: Streamed = { content: "", reasoning: "", calls: [], finish: null, usage: undefined };
    const options = { stream: true, stream_options: { include_usage: true } } as const;
    for await (const chunk of await client.chat.completions.create({ ...request, ...options })) {
      sum.usage = chunk.usage ?? sum.usage;
      const [choice] = chunk.choices;
      if (choice === undefined) continue;
      sum.finish = choice.finish_reason ?? sum.finish;
      sum.content += choice.delta.content ?? "";
      sum.reasoning += (choice.delta as Thinking).reasoning ?? "";
      for (const piece of choice.delta.tool_calls ?? []) {
        const call = (sum.calls[piece.index] ??= { id: "", name: "", arguments: "" });
        call.id += piece.id ?? "";
        call.name += piece.function?.name ?? "";
        call.arguments += piece.function?.arguments ?? "";
      }
    }
    return sum;
  };

  const expectCounted = (usage: OpenAI.CompletionUsage | undefined): void => {
    expect(usage?.prompt_tokens).toBeGreaterThan(0);
    expect(usage?.completion_tokens).toBeGreaterThan(0);
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
  };

  it("chats, whole and streamed, with the same words and with usage", async () => {
    const whole = await client.chat.completions.create({ model: models.text, messages: say });
    const stream = await streamed({ model: models.text, messages: say });

    expect(whole.choices[0]).toMatchObject({ message: { content: kind.text }, finish_reason: "stop" });
    expect(stream).toMatchObject({ content: kind.text, finish: "stop" });
    expectCounted(whole.usage);
    expectCounted(stream.usage);
  });

  it("keeps thoughts and answer apart, whole and streamed", async () => {
    const request = { model: models.think, messages: say, reasoning_effort: "high" as const };
    const whole = (await client.chat.completions.create(request)).choices[0]?.message;
    const stream = await streamed(request);

    expect((whole as Thinking | undefined)?.reasoning).toBe(kind.thought);
    expect(whole?.content).not.toBe("");
    expect(whole?.content).not.toContain(kind.thought);
    expect(stream).toMatchObject({ reasoning: kind.thought, content: whole?.content });
  });

  it("has a tool called and gives its result", async () => {
    const request = { model: models.tool, messages: askWeather, tools: [weatherTool] };
    const whole = (await client.chat.completions.create(request)).choices[0];
    const stream = await streamed(request);

    const [called] = whole?.message.tool_calls ?? [];
    if (called?.type !== "function") throw new Error("no function was called");
    expect(called.function.name).toBe("get_weather");
    expect(JSON.parse(called.function.arguments)).toEqual({ city: "Paris" });
    expect(called.id).not.toBe("");
    expect(whole?.finish_reason).toBe("tool_calls");
    expect(stream).toMatchObject({ calls: [{ name: "get_weather" }], finish: "tool_calls" });
    const [piece = { id: "", name: "", arguments: "" }] = stream.calls;
    expect(JSON.parse(piece.arguments)).toEqual({ city: "Paris" });
    expect(piece.id).not.toBe("");

    const turn = { role: "assistant" as const, content: "", tool_calls: [called] };
    const result = { role: "tool" as const, content: weather, tool_call_id: called.id };
    const answer = await client.chat.completions.create({
      ...request,
      messages: [...askWeather, turn, result],
    });

    expect(answer.choices[0]?.message.content ?? "").toBe(kind.afterTool ?? "");
  });

  it("thinks before it calls a tool, and is given its thoughts again", async () => {
    const request = {
      model: models.thinkTool,
      messages: askWeather,
      tools: [weatherTool],
      reasoning_effort: "high" as const,
    };
    const stream = await streamed(request);
    const whole = (await client.chat.completions.create(request)).choices[0]?.message;

    expect(stream).toMatchObject({ reasoning: kind.toolThought, calls: [{ name: "get_weather" }] });
    expect((whole as Thinking | undefined)?.reasoning).toBe(kind.toolThought);
    if (whole === undefined) throw new Error("there was no message");

    const call = whole.tool_calls?.[0];
    const result = { role: "tool" as const, content: weather, tool_call_id: call?.id ?? "" };
    const answer = await client.chat.completions.create({
      ...request,
      messages: [...askWeather, whole, result],
    });

    expect(answer.choices).toHaveLength(1);
    expect(at().echoedThoughts()).toBe(true);
  });

  it("answers by a schema", async () => {
    const { choices } = await client.chat.completions.create({
      model: models.json,
      messages: say,
      response_format: {
        type: "json_schema",
        json_schema: { name: "answer", strict: true, schema: answerSchema },
      },
    });

    expect(JSON.parse(choices[0]?.message.content ?? "")).toEqual({ a: true });
  });

  it("embeds the same in numbers and in base64, which it asks for by itself", async () => {
    const input = ["alpaca", "llama"];
    const packed = await client.embeddings.create({ model: models.embed, input });
    const plain = await client.embeddings.create({ model: models.embed, input, encoding_format: "float" });

    expect(packed.data.map((one) => one.index)).toEqual([0, 1]);
    for (const index of [0, 1])
      expect(distance(packed.data[index]?.embedding, plain.data[index]?.embedding)).toBeLessThan(1e-6);
    expect(packed.usage.prompt_tokens).toBeGreaterThan(0);
  });

  it("gets responses, whole and streamed", async () => {
    const whole = await client.responses.create({ model: models.text, input: question });
    let text = "";
    let completed: OpenAI.Responses.Response | undefined;
    const stream = await client.responses.create({ model: models.text, input: question, stream: true });
    for await (const event of stream) {
      if (event.type === "response.output_text.delta") text += event.delta;
      if (event.type === "response.completed") completed = event.response;
    }

    expect(whole).toMatchObject({ output_text: kind.text, status: "completed" });
    expect(whole.usage?.output_tokens).toBeGreaterThan(0);
    expect(text).toBe(kind.text);
    expect(completed?.usage?.output_tokens).toBeGreaterThan(0);
  });

  it("has a tool called in a response", async () => {
    const { name, description, parameters } = weatherTool.function;
    const response = await client.responses.create({
      model: models.tool,
      input: weatherQuestion,
      tools: [{ type: "function", name, description, parameters, strict: false }],
    });

    const call = response.output.find((item) => item.type === "function_call");
    expect(call?.name).toBe("get_weather");
    expect(JSON.parse(call?.arguments ?? "")).toEqual({ city: "Paris" });
  });

  it("has the upstream's connection closed when it aborts", async () => {
    const held = at().holdNext();
    const stream = await client.chat.completions.create({ model: models.text, messages: say, stream: true });
    let parts = 0;
    for await (const chunk of stream) {
      if ((chunk.choices[0]?.delta.content ?? "") === "") continue;
      parts += 1;
      expect(held.isLeft()).toBe(false);
      stream.controller.abort();
    }

    expect(parts).toBeGreaterThan(0);
    await eventually(() => held.isLeft(), "the upstream was left");
  });

  it("is told that a model is unknown", async () => {
    const answer = client.chat.completions.create({ model: "nope", messages: say });

    await expect(answer).rejects.toThrow(OpenAI.NotFoundError);
    await expect(answer).rejects.toMatchObject({ status: 404, type: "not_found_error" });
  });

  it("is told by how much a question is too long", async () => {
    const messages: Message[] = [{ role: "user", content: tooLongFor(kind.contextTokens) }];
    const answer = client.chat.completions.create({ model: models.text, messages });

    await expect(answer).rejects.toThrow(OpenAI.BadRequestError);
    await expect(answer).rejects.toThrow(new RegExp(`\\b${kind.contextTokens}\\b`));
  });
}
