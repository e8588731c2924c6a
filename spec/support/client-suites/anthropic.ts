import Anthropic from "@anthropic-ai/sdk";
import { beforeAll, expect, it } from "vitest";
import { eventually } from "../daemon.ts";
import { question, type RunningKind, type UpstreamKind } from "../upstream-kinds.ts";
import { tooLongFor, weather, weatherQuestion, weatherTool } from "./questions.ts";

const say: Anthropic.MessageParam[] = [{ role: "user", content: question }];
const askWeather: Anthropic.MessageParam[] = [{ role: "user", content: weatherQuestion }];
const limit = { max_tokens: 2_048 };
const thinking = { type: "enabled", budget_tokens: 1_024 } as const;

const tools: Anthropic.Tool[] = [
  {
    name: weatherTool.function.name,
    description: weatherTool.function.description,
    input_schema: { ...weatherTool.function.parameters, type: "object" },
  },
];

const textOf = ({ content }: Anthropic.Message): string =>
  content.map((block) => (block.type === "text" ? block.text : "")).join("");

const thoughtOf = ({ content }: Anthropic.Message): string =>
  content.map((block) => (block.type === "thinking" ? block.thinking : "")).join("");

/** What Anthropic's own client has to find in front of this kind of upstream. */
export function anthropicClientSuite(kind: UpstreamKind, at: () => RunningKind): void {
  const { models } = kind;
  let client: Anthropic;
  beforeAll(() => {
    client = new Anthropic({
      baseURL: kind.canRun ? at().daemon.url : "",
      apiKey: "ignored",
      maxRetries: 0,
    });
  });

  type Request = Omit<Anthropic.MessageCreateParamsNonStreaming, "stream">;
  const whole = (request: Request): Promise<Anthropic.Message> => client.messages.create(request);
  const streamed = (request: Request): Promise<Anthropic.Message> =>
    client.messages.stream(request).finalMessage();

  it("talks, whole and streamed, with the same words and with usage", async () => {
    const request = { model: models.text, messages: say, ...limit };

    for (const answer of [await whole(request), await streamed(request)]) {
      expect(textOf(answer)).toBe(kind.text);
      expect(answer).toMatchObject({ model: models.text, role: "assistant", stop_reason: "end_turn" });
      expect(answer.usage.input_tokens).toBeGreaterThan(0);
      expect(answer.usage.output_tokens).toBeGreaterThan(0);
    }
  });

  it("keeps thoughts and answer apart, whole and streamed", async () => {
    const request = { model: models.think, messages: say, thinking, ...limit };

    for (const answer of [await whole(request), await streamed(request)]) {
      expect(answer.content.map((block) => block.type)).toEqual(["thinking", "text"]);
      expect(thoughtOf(answer)).toBe(kind.thought);
      expect(textOf(answer)).not.toBe("");
    }
  });

  it.each(["whole", "streamed"] as const)("has a tool called and gives its result, %s", async (how) => {
    const ask = how === "whole" ? whole : streamed;
    const request = { model: models.tool, messages: askWeather, tools, ...limit };
    const first = await ask(request);

    expect(first.stop_reason).toBe("tool_use");
    const call = first.content.find((block) => block.type === "tool_use");
    expect(call).toMatchObject({ name: "get_weather", input: { city: "Paris" } });

    const second = await ask({ ...request, messages: conversation(first) });

    expect(textOf(second)).toBe(kind.afterTool ?? "");
  });

  it("thinks before it calls a tool, and is given its thoughts again", async () => {
    const request = { model: models.thinkTool, messages: askWeather, tools, thinking, ...limit };
    const first = await streamed(request);

    expect(first.content.map((block) => block.type)).toEqual(["thinking", "tool_use"]);
    expect(thoughtOf(first)).toBe(kind.toolThought);

    const second = await whole({ ...request, messages: conversation(first) });

    expect(second.type).toBe("message");
    expect(at().echoedThoughts()).toBe(true);
  });

  it("has the upstream's connection closed when it aborts", async () => {
    const held = at().holdNext();
    const stream = await client.messages.create({
      model: models.text,
      messages: say,
      stream: true,
      ...limit,
    });
    let parts = 0;
    for await (const event of stream) {
      if (event.type !== "content_block_delta") continue;
      parts += 1;
      expect(held.isLeft()).toBe(false);
      stream.controller.abort();
    }

    expect(parts).toBeGreaterThan(0);
    await eventually(() => held.isLeft(), "the upstream was left");
  });

  it("is told that a model is unknown", async () => {
    const answer = whole({ model: "nope", messages: say, ...limit });

    await expect(answer).rejects.toThrow(Anthropic.NotFoundError);
    await expect(answer).rejects.toMatchObject({
      status: 404,
      error: { type: "error", error: { type: "not_found_error" } },
    });
  });

  it("is told by how much a question is too long", async () => {
    const messages = [{ role: "user" as const, content: tooLongFor(kind.contextTokens) }];
    const answer = whole({ model: models.text, messages, ...limit });

    await expect(answer).rejects.toThrow(Anthropic.BadRequestError);
    await expect(answer).rejects.toThrow(new RegExp(`\\b${kind.contextTokens}\\b`));
  });
}

/** The question, the call as it came, and what the tool said. */
function conversation(first: Anthropic.Message): Anthropic.MessageParam[] {
  const id = first.content.find((block) => block.type === "tool_use")?.id ?? "";
  const result = { type: "tool_result" as const, tool_use_id: id, content: weather };
  return [...askWeather, { role: "assistant", content: first.content }, { role: "user", content: [result] }];
}
