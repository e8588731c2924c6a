import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import OpenAI from "openai";
import { afterEach, describe, expect, it } from "vitest";
import type { ChatRequest } from "../../src/core/chat.ts";
import { type ChatResult, createFold, type StreamEvent } from "../../src/core/event.ts";
import type { ReplyNames } from "../../src/dialect/dialect.ts";
import { decodeEnd, decodeWhole } from "../../src/dialect/openai/stream.ts";
import { decodeResponses } from "../../src/dialect/openai/responses/request.ts";
import { encodeResponsesResult } from "../../src/dialect/openai/responses/response.ts";
import { createResponsesEncoder } from "../../src/dialect/openai/responses/stream.ts";
import { isObject, type JsonObject } from "../../src/lib/json.ts";
import { recorded } from "../support/recorded.ts";

const reply: ReplyNames = {
  operation: "responses",
  model: "tiny",
  createdMs: 1_700_000_000_123,
  id: "abc",
  streamUsage: true,
};

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom("\n\n", "\u2028", "\u2029", "\u0085", "event: x\n", "data: [DONE]\n\n", "é🦙"),
      fc.string({ unit: "binary", maxLength: 6 }),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(""));

const logprobs = fc.array(
  fc.record({ token: text, logprob: fc.integer({ max: 0 }), bytes: fc.array(fc.nat(255), { maxLength: 3 }) }),
  { maxLength: 2 },
);
const thinking: fc.Arbitrary<StreamEvent> = text.map((one) => ({ type: "thinking-delta", text: one }));
const said: fc.Arbitrary<StreamEvent> = fc
  .tuple(text, fc.option(logprobs, { nil: undefined }))
  .map(([one, probabilities]) =>
    probabilities === undefined
      ? { type: "text-delta", text: one }
      : { type: "text-delta", text: one, logprobs: probabilities },
  );
const called: fc.Arbitrary<StreamEvent> = fc
  .record({
    id: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
    name: fc.constantFrom("add", "crm__find", "__proto__"),
    arguments: fc.jsonValue().map((value) => JSON.stringify({ value })),
  })
  .map((call) => ({ type: "tool-call", call }));
const finish: fc.Arbitrary<StreamEvent> = fc.record({
  type: fc.constant("finish"),
  reason: fc.constantFrom("stop", "length", "tools"),
  usage: fc.record({
    inputTokens: fc.nat(9_999),
    outputTokens: fc.nat(9_999),
    cachedTokens: fc.option(fc.nat(9_999), { nil: undefined }),
    cacheWriteTokens: fc.option(fc.nat(9_999), { nil: undefined }),
    reasoningTokens: fc.option(fc.nat(9_999), { nil: undefined }),
  }),
  timings: fc.record({ totalNs: fc.nat(), loadNs: fc.nat(), inputNs: fc.nat(), outputNs: fc.nat() }),
});

const few = (event: fc.Arbitrary<StreamEvent>): fc.Arbitrary<StreamEvent[]> =>
  fc.array(event, { maxLength: 4 });
/** Thoughts, then words, then calls, as models answer. */
const orderly = fc
  .tuple(few(thinking), few(said), few(called), finish)
  .map(([first, second, third, last]) => first.concat(second, third, last));
const mixed = fc
  .tuple(fc.array(fc.oneof(thinking, said, called), { maxLength: 10 }), finish)
  .map(([events, last]) => events.concat(last));

const grouped: JsonObject = {
  tools: [{ type: "namespace", name: "crm", description: "", tools: [{ type: "function", name: "find" }] }],
};

interface Frame {
  readonly event: string;
  readonly data: JsonObject;
}

const streamOf = (events: readonly StreamEvent[], request: JsonObject = {}): string => {
  const encoder = createResponsesEncoder(reply, request);
  return events.map((event) => encoder.encode(event)).join("");
};

/** Read as strictly as can be: one event line, one data line, one empty line. */
const framesOf = (stream: string): Frame[] => {
  expect(stream.endsWith("\n\n")).toBe(true);
  return stream
    .slice(0, -2)
    .split("\n\n")
    .map((frame) => {
      const lines = frame.split("\n");
      expect(lines).toHaveLength(2);
      expect(lines[0]).toMatch(/^event: /);
      expect(lines[1]).toMatch(/^data: /);
      return { event: lines[0]!.slice(7), data: JSON.parse(lines[1]!.slice(6)) as JsonObject };
    });
};

const resultOf = (events: readonly StreamEvent[]): ChatResult => {
  const fold = createFold();
  for (const event of events) fold.add(event);
  return fold.result()!;
};

const wholeOf = (events: readonly StreamEvent[], request: JsonObject = {}): JsonObject =>
  JSON.parse(Buffer.from(encodeResponsesResult(resultOf(events), reply, request)).toString()) as JsonObject;

const finalOf = (frames: readonly Frame[]): JsonObject => frames.at(-1)!.data["response"] as JsonObject;
const outputOf = (response: JsonObject): JsonObject[] => response["output"] as JsonObject[];

const ended = (reason: "stop" | "length" | "tools"): StreamEvent => ({
  type: "finish",
  reason,
  usage: { inputTokens: 11, outputTokens: 5 },
  timings: { totalNs: 2e9, loadNs: 0, inputNs: 0, outputNs: 0 },
});

const answer: readonly StreamEvent[] = [
  { type: "thinking-delta", text: "Hm" },
  { type: "thinking-delta", text: "m." },
  { type: "text-delta", text: "Let me " },
  { type: "text-delta", text: "look." },
  { type: "tool-call", call: { id: "call_1", name: "crm__find", arguments: '{"id":10000000000000000001}' } },
  ended("tools"),
];

describe("the stream of /v1/responses", () => {
  it("ends with the answer that is given without streaming", () => {
    fc.assert(
      fc.property(orderly, fc.constantFrom<JsonObject>({}, grouped), (events, request) => {
        expect(finalOf(framesOf(streamOf(events, request)))).toEqual(wholeOf(events, request));
      }),
    );
  });

  it("loses nothing of an answer in any order", () => {
    fc.assert(
      fc.property(mixed, (events) => {
        const output = outputOf(finalOf(framesOf(streamOf(events))));
        const result = resultOf(events);
        const of = (type: string): JsonObject[] => output.filter((item) => item["type"] === type);
        const textOf = (parts: unknown): string =>
          (parts as { text: string }[]).map((one) => one.text).join("");
        expect(
          of("reasoning")
            .map((item) => textOf(item["summary"]))
            .join(""),
        ).toBe(result.thinking);
        expect(
          of("message")
            .map((item) => textOf(item["content"]))
            .join(""),
        ).toBe(result.text);
        expect(of("function_call").map((item) => [item["name"], item["arguments"]])).toEqual(
          result.toolCalls.map((call) => [call.name, call.arguments]),
        );
        expect(new Set(output.map((item) => item["id"])).size).toBe(output.length);
      }),
    );
  });

  it("tells every item from its beginning to its end, numbered without gaps", () => {
    fc.assert(
      fc.property(mixed, (events) => {
        const frames = framesOf(streamOf(events));
        expect(frames.map(({ data }) => data["sequence_number"])).toEqual(frames.map((_, index) => index));
        expect(frames.map(({ data }) => data["type"])).toEqual(frames.map(({ event }) => event));
        const dataOf = (event: string): JsonObject[] =>
          frames.filter((frame) => frame.event === event).map(({ data }) => data);
        const output = outputOf(finalOf(frames));
        expect(dataOf("response.output_item.done").map(({ item }) => item)).toEqual(output);
        const places = output.map((_, index) => index);
        expect(dataOf("response.output_item.added").map((data) => data["output_index"])).toEqual(places);
        expect(dataOf("response.output_item.done").map((data) => data["output_index"])).toEqual(places);
        for (const kind of ["output_text", "reasoning_summary_text", "function_call_arguments"]) {
          const deltas = dataOf(`response.${kind}.delta`);
          for (const done of dataOf(`response.${kind}.done`)) {
            const own = deltas.filter((delta) => delta["item_id"] === done["item_id"]);
            expect(own.map(({ delta }) => delta as string).join("")).toBe(done["text"] ?? done["arguments"]);
            expect(output[Number(done["output_index"])]?.["id"]).toBe(done["item_id"]);
          }
        }
      }),
    );
  });

  it("has the order of OpenAI's", () => {
    expect(framesOf(streamOf(answer)).map(({ event }) => event.replace("response.", ""))).toEqual([
      "created",
      "in_progress",
      "output_item.added",
      "reasoning_summary_part.added",
      "reasoning_summary_text.delta",
      "reasoning_summary_text.delta",
      "reasoning_summary_text.done",
      "reasoning_summary_part.done",
      "output_item.done",
      "output_item.added",
      "content_part.added",
      "output_text.delta",
      "output_text.delta",
      "output_text.done",
      "content_part.done",
      "output_item.done",
      "output_item.added",
      "function_call_arguments.delta",
      "function_call_arguments.done",
      "output_item.done",
      "completed",
    ]);
  });

  it("is sent piece by piece, not at the end", () => {
    const encoder = createResponsesEncoder(reply, {});
    expect(encoder.encode({ type: "text-delta", text: "Hi" })).toContain('"delta":"Hi"');
    expect(encoder.encode({ type: "text-delta", text: "" })).toBe("");
  });

  it("says that it was cut", () => {
    const frames = framesOf(streamOf([{ type: "text-delta", text: "Once" }, ended("length")]));
    expect(frames.at(-1)?.event).toBe("response.incomplete");
    expect(finalOf(frames)).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "max_output_tokens" },
      completed_at: null,
      output: [{ type: "message", status: "incomplete" }],
    });
  });

  it("counts as finished for what reads how streams end, and only with its last event", () => {
    fc.assert(
      fc.property(orderly, (events) => {
        const stream = streamOf(events);
        const cut = stream.slice(0, stream.lastIndexOf("event: "));
        const { inputTokens, outputTokens } = resultOf(events).usage;
        const usage = inputTokens + outputTokens > 0 ? { inputTokens, outputTokens } : undefined;
        expect(decodeEnd(Buffer.from(stream), "responses")).toMatchObject({
          complete: true,
          error: undefined,
        });
        expect(decodeEnd(Buffer.from(stream), "responses").usage).toEqual(
          usage && expect.objectContaining(usage),
        );
        expect(decodeEnd(Buffer.from(cut), "responses").complete).toBe(false);
        expect(decodeWhole(wholeOf(events), "responses").complete).toBe(true);
      }),
    );
  });
});

describe("a whole answer of /v1/responses", () => {
  const known = recorded.filter(({ path }) => path === "/v1/responses");

  it.each(known)("is Ollama's ($id)", ({ asked, answer: theirs }) => {
    const request = JSON.parse(asked) as JsonObject;
    const expected = JSON.parse(theirs) as JsonObject;
    const [message] = outputOf(expected);
    const spoken = (message!["content"] as { text: string }[])[0]!.text;
    const createdMs = Number(expected["created_at"]) * 1_000;
    const names: ReplyNames = { ...reply, model: expected["model"] as string, createdMs };
    const result = resultOf([{ type: "text-delta", text: spoken }, ended("stop")]);
    const instant = { ...result, timings: { ...result.timings, totalNs: 0 } };
    const own = JSON.parse(
      Buffer.from(encodeResponsesResult(instant, names, request)).toString(),
    ) as JsonObject;
    expect(Object.keys(own)).toEqual(Object.keys(expected));
    expect(own).toEqual({
      ...expected,
      id: expect.stringMatching(/^resp_./) as string,
      output: [{ ...message, id: expect.stringMatching(/^msg_./) as string }],
    });
  });

  it("echoes what was asked for", () => {
    const request: JsonObject = {
      ...grouped,
      instructions: "Be brief.",
      temperature: 0.2,
      top_p: 0.9,
      max_output_tokens: 7,
      tool_choice: "required",
      parallel_tool_calls: false,
      reasoning: { effort: "low" },
      text: { verbosity: "low" },
      truncation: "auto",
      metadata: { trace: "1" },
    };
    const { text: asText, ...rest } = request;
    expect(wholeOf([ended("stop")], request)).toMatchObject(rest);
    expect(asText).toEqual({ verbosity: "low" });
    expect(wholeOf([ended("stop")], request)["text"]).toEqual({ format: { type: "text" }, verbosity: "low" });
  });

  it("calls the functions of a group as the client does", () => {
    expect(outputOf(wholeOf(answer, grouped)).at(-1)).toMatchObject({
      name: "find",
      namespace: "crm",
      status: "completed",
      call_id: "call_1",
      arguments: '{"id":10000000000000000001}',
    });
    expect(outputOf(wholeOf(answer)).at(-1)).not.toHaveProperty("namespace");
  });

  it("tells probabilities as OpenAI does, with a list of alternatives even when it is empty", () => {
    const bare = { token: "a", logprob: -1, bytes: [97] };
    const full = { ...bare, top_logprobs: [bare] };
    const events: StreamEvent[] = [{ type: "text-delta", text: "aa", logprobs: [bare, full] }, ended("stop")];
    const expected = [{ ...bare, top_logprobs: [] }, full];
    expect(outputOf(wholeOf(events))).toMatchObject([{ content: [{ logprobs: expected }] }]);
    const frames = framesOf(streamOf(events));
    expect(frames.find(({ event }) => event === "response.output_text.delta")?.data["logprobs"]).toEqual(
      expected,
    );
    expect(frames.find(({ event }) => event === "response.output_text.done")?.data["logprobs"]).toEqual(
      expected,
    );
  });

  it("ends when the generation did", () => {
    const { created_at, completed_at } = wholeOf([ended("stop")]);
    expect([created_at, completed_at]).toEqual([1_700_000_000, 1_700_000_002]);
  });

  it("has an empty message when nothing was said", () => {
    expect(outputOf(wholeOf([ended("stop")]))).toMatchObject([{ type: "message", content: [{ text: "" }] }]);
  });
});

const decodedInput = (...input: JsonObject[]): ChatRequest => decodeResponses({ model: "m", input });
const png = "iVBORw0KGgoAAAA";

/** Every field of OpenAI's request. */
const everything: JsonObject = {
  model: "m",
  input: "hi",
  instructions: "Be brief.",
  max_output_tokens: 9,
  reasoning: { effort: "xhigh", summary: "auto", mode: "pro" },
  temperature: 0.5,
  top_p: 0.25,
  text: {
    format: { type: "json_schema", name: "a", schema: { type: "object" }, strict: true },
    verbosity: "low",
  },
  tools: [
    { type: "function", name: "add", description: "adds", parameters: { type: "object" }, strict: true },
  ],
  tool_choice: { type: "function", name: "add" },
  parallel_tool_calls: false,
  top_logprobs: 2,
  include: ["reasoning.encrypted_content", "file_search_call.results"],
  stream: true,
  background: true,
  context_management: [{ type: "compaction" }],
  conversation: "conv_1",
  metadata: { a: "b" },
  moderation: { model: "omni" },
  previous_response_id: "resp_1",
  prompt: { id: "p" },
  prompt_cache_key: "k",
  prompt_cache_options: { mode: "explicit" },
  prompt_cache_retention: "24h",
  safety_identifier: "s",
  service_tier: "flex",
  store: true,
  stream_options: { include_obfuscation: false },
  truncation: "auto",
  user: "u",
};

describe("a request of /v1/responses", () => {
  it("is decoded, and what is left out is named", () => {
    const { dropped, ...decoded } = decodeResponses(everything);
    expect(decoded).toEqual({
      model: "m",
      messages: [
        { role: "system", text: "Be brief." },
        { role: "user", text: "hi" },
      ],
      stream: true,
      sampling: { outputTokensMax: 9, stop: [] },
      options: { temperature: 0.5, top_p: 0.25 },
      tools: [{ name: "add", description: "adds", parameters: { type: "object" } }],
      toolChoice: { name: "add" },
      parallelTools: false,
      format: { schema: { type: "object" } },
      think: "max",
      logprobs: 2,
      suffix: undefined,
      raw: false,
      needs: ["tools", "format", "logprobs"],
      streamUsage: true,
    });
    expect(dropped.toSorted()).toEqual([
      "background",
      "context_management",
      "conversation",
      "include",
      "metadata",
      "moderation",
      "previous_response_id",
      "prompt",
      "prompt_cache_key",
      "prompt_cache_options",
      "prompt_cache_retention",
      "reasoning.mode",
      "safety_identifier",
      "service_tier",
      "store",
      "stream_options",
      "text.format.strict",
      "text.verbosity",
      "tools[].strict",
      "truncation",
      "user",
    ]);
  });

  it("loses no field in silence: without it the decoded request is another", () => {
    const whole = JSON.stringify(decodeResponses(everything));
    for (const name of Object.keys(everything)) {
      const { [name]: _left, ...rest } = everything;
      expect(JSON.stringify(decodeResponses(rest)), name).not.toBe(whole);
    }
  });

  it("names any field that it does not know", () => {
    const strange = fc
      .string({ minLength: 1 })
      .filter((name) => !(name.toLowerCase() in everything) && name !== "__proto__");
    fc.assert(
      fc.property(strange, (name) => {
        expect(decodeResponses({ model: "m", [name]: 1 }).dropped).toEqual([name]);
      }),
    );
  });

  it("wants a temperature of 1 and nothing else when it says nothing", () => {
    expect(decodeResponses({ model: "m" })).toMatchObject({
      messages: [],
      stream: false,
      options: { temperature: 1 },
      toolChoice: undefined,
      format: undefined,
      think: undefined,
      logprobs: undefined,
      needs: [],
      dropped: [],
    });
  });

  it("makes one turn of thoughts, words and calls", () => {
    const { messages, dropped } = decodedInput(
      { role: "developer", content: "Rules." },
      {
        role: "user",
        content: [
          { type: "input_text", text: "Who is " },
          { type: "input_text", text: "7?" },
        ],
      },
      {
        type: "reasoning",
        id: "rs_1",
        summary: [{ type: "summary_text", text: "Hm." }],
        encrypted_content: "Hm.",
      },
      {
        type: "message",
        id: "msg_1",
        status: "completed",
        role: "assistant",
        content: [{ type: "output_text", text: "Let me look.", annotations: [], logprobs: [] }],
      },
      { type: "function_call", call_id: "a", name: "find", namespace: "crm", arguments: '{"id":7}' },
      { type: "function_call", call_id: "b", name: "add", arguments: "" },
      { type: "function_call_output", call_id: "a", output: "Ann" },
      { type: "function_call_output", call_id: "b", output: [{ type: "input_text", text: "12" }] },
      { type: "reasoning", id: "rs_2", summary: [], encrypted_content: "Aha." },
      { role: "assistant", content: "Ann." },
    );
    expect(messages).toEqual([
      { role: "system", text: "Rules." },
      { role: "user", text: "Who is 7?" },
      {
        role: "assistant",
        text: "Let me look.",
        thinking: "Hm.",
        toolCalls: [
          { id: "a", name: "crm__find", arguments: '{"id":7}' },
          { id: "b", name: "add", arguments: "{}" },
        ],
      },
      { role: "tool", text: "Ann", toolCallId: "a", toolName: "crm__find" },
      { role: "tool", text: "12", toolCallId: "b", toolName: "add" },
      { role: "assistant", text: "Ann.", thinking: "Aha." },
    ]);
    expect(dropped).toEqual([]);
  });

  it("takes an answer back as the turn that it was", () => {
    fc.assert(
      fc.property(orderly, fc.constantFrom<JsonObject>({}, grouped), (events, request) => {
        const result = resultOf(events);
        fc.pre(result.text !== "" || result.thinking !== "" || result.toolCalls.length > 0);
        const whole = wholeOf(events, request);
        const { messages } = decodeResponses({ model: "m", input: whole["output"] ?? null });
        expect(messages).toHaveLength(1);
        expect(messages[0]?.text).toBe(result.text);
        expect(messages[0]?.thinking ?? "").toBe(result.thinking);
        expect((messages[0]?.toolCalls ?? []).map((call) => call.name)).toEqual(
          result.toolCalls.map((call) => call.name),
        );
      }),
    );
  });

  it("leaves two answers that follow each other two turns", () => {
    const { messages } = decodedInput(
      { role: "assistant", content: "One." },
      { role: "assistant", content: "Two." },
    );
    expect(messages.map(({ text: one }) => one)).toEqual(["One.", "Two."]);
  });

  it("keeps results next to their calls when words or thoughts stand between", () => {
    const { messages } = decodedInput(
      { type: "function_call", call_id: "a", name: "f", arguments: "{}" },
      { role: "assistant", content: "Looking." },
      { type: "reasoning", summary: [{ type: "summary_text", text: "Late." }] },
      { type: "function_call_output", call_id: "a", output: "1" },
      { role: "user", content: "So?" },
    );
    expect(messages.map(({ role }) => role)).toEqual(["assistant", "tool", "assistant", "user"]);
    expect(messages[0]).toMatchObject({ text: "Looking.", toolCalls: [{ id: "a" }] });
    expect(messages[2]).toMatchObject({ text: "", thinking: "Late." });
  });

  it("shows pictures of messages and of results", () => {
    const picture = { type: "input_image", detail: "auto", image_url: `data:image/jpeg;base64,${png}` };
    const { messages, needs, dropped } = decodedInput(
      { role: "user", content: [{ type: "input_text", text: "See" }, picture] },
      { role: "assistant", content: [picture] },
      { type: "function_call_output", call_id: "a", output: [picture] },
    );
    const image = { mediaType: "image/png", base64: png };
    expect(messages.map(({ images }) => images)).toEqual([[image], [image], [image]]);
    expect({ needs, dropped }).toEqual({ needs: ["images"], dropped: [] });
  });

  it("names what items hold that has no place elsewhere", () => {
    const { dropped, messages } = decodedInput(
      {
        role: "user",
        phase: "commentary",
        content: [{ type: "input_image", detail: "high", file_id: "file_1" }],
      },
      { type: "reasoning", summary: [], encrypted_content: "gAAAAABsealed" },
      { type: "web_search_call", id: "ws_1", status: "completed" },
    );
    expect(dropped).toEqual([
      "input[].phase",
      "input[].content[].detail",
      "input[].content[].file_id",
      "input[].encrypted_content",
      "input[].web_search_call",
    ]);
    expect(messages).toHaveLength(1);
  });

  it.each<readonly [string, JsonObject]>([
    ['input[0]: unknown input item type: "foo"', { input: [{ type: "foo" }] }],
    ['input[1]: unknown input item type: "toString"', { input: [{ role: "user" }, { type: "toString" }] }],
    ['input[0]: unknown input item type: ""', { input: ["hi"] }],
    [
      "input[0]: file inputs are not currently supported",
      { input: [{ role: "user", content: [{ type: "input_file", file_id: "f" }] }] },
    ],
    [
      "input[0]: content[0]: unknown content type: foo",
      { input: [{ role: "user", content: [{ type: "foo" }] }] },
    ],
    ["input[0]: content must be a string or array", { input: [{ role: "user", content: 7 }] }],
    ["input must be a string or array", { input: 7 }],
    [
      "input[0]: image URLs are not currently supported, please use base64 encoded data instead",
      { input: [{ role: "user", content: [{ type: "input_image", image_url: "https://a.example/b.png" }] }] },
    ],
    [
      "input[0]: invalid image input",
      { input: [{ role: "user", content: [{ type: "input_image", image_url: "b.png" }] }] },
    ],
    [
      "input[0]: failed to parse function call arguments",
      { input: [{ type: "function_call", name: "f", call_id: "a", arguments: "{" }] },
    ],
    [
      'invalid reasoning value: "huge" (must be one of none, minimal, low, medium, high, xhigh, max)',
      { reasoning: { effort: "huge" } },
    ],
  ])("is refused: %s", (message, wire) => {
    expect(() => decodeResponses({ model: "m", ...wire })).toThrow(
      expect.objectContaining({ code: "invalid_request", status: 400, message }) as Error,
    );
  });

  it.each([
    ["none", false],
    ["minimal", "minimal"],
    ["low", "low"],
    ["medium", "medium"],
    ["high", "high"],
    ["max", "max"],
  ])("thinks with effort %s as %s", (effort, think) => {
    expect(decodeResponses({ model: "m", reasoning: { effort } }).think).toBe(think);
  });

  it.each<readonly [JsonObject, ChatRequest["format"], readonly string[]]>([
    [{ type: "text" }, undefined, []],
    [{ type: "json_object" }, "json", []],
    [{ type: "json_schema", name: "a", schema: {} }, { schema: {} }, []],
    [{ type: "json_schema", name: "a" }, undefined, ["text.format"]],
    [{ type: "grammar" }, undefined, ["text.format"]],
  ])("wants a format: %j", (format, expected, dropped) => {
    expect(decodeResponses({ model: "m", text: { format } })).toMatchObject({ format: expected, dropped });
  });

  it("flattens groups of tools and names those that nobody else has", () => {
    const { tools, dropped } = decodeResponses({
      model: "m",
      tools: [
        { type: "function", name: "add" },
        {
          type: "namespace",
          name: "mcp__crm__",
          tools: [
            { type: "function", name: "find" },
            { type: "custom", name: "sql" },
          ],
        },
        { type: "web_search" },
      ],
    });
    expect(tools.map(({ name }) => name)).toEqual(["add", "mcp__crm__find"]);
    expect(dropped).toEqual(["tools[].custom", "tools[].web_search"]);
  });

  it.each<readonly [JsonObject | string, ChatRequest["toolChoice"], readonly string[], readonly string[]]>([
    ["none", "none", ["add", "crm__find"], []],
    ["required", "required", ["add", "crm__find"], []],
    [{ type: "function", name: "find" }, { name: "crm__find" }, ["add", "crm__find"], []],
    [
      { type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "add" }] },
      "required",
      ["add"],
      [],
    ],
    [{ type: "web_search_preview" }, undefined, ["add", "crm__find"], ["tool_choice"]],
  ])("chooses tools: %j", (choice, toolChoice, names, dropped) => {
    const find = { type: "namespace", name: "crm", tools: [{ type: "function", name: "find" }] };
    const wire = { model: "m", tool_choice: choice, tools: [{ type: "function", name: "add" }, find] };
    const decoded = decodeResponses(wire);
    expect(decoded).toMatchObject({ toolChoice, dropped });
    expect(decoded.tools.map(({ name }) => name)).toEqual(names);
  });
});

describe("the official client", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  /** A server that answers whatever it is asked with the same events. */
  const clientOf = async (events: readonly StreamEvent[]): Promise<OpenAI> => {
    const listening = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const wire: unknown = JSON.parse(Buffer.concat(chunks).toString());
        const asked = isObject(wire) ? wire : {};
        const { stream } = decodeResponses(asked);
        response.setHeader("content-type", stream ? "text/event-stream" : "application/json");
        response.end(
          stream ? streamOf(events, asked) : encodeResponsesResult(resultOf(events), reply, asked),
        );
      });
    });
    server = listening;
    await new Promise<void>((resolve) => {
      listening.listen(0, "127.0.0.1", resolve);
    });
    const { port } = listening.address() as AddressInfo;
    return new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: "none", maxRetries: 0 });
  };

  const ask = { model: "tiny", input: "hi" };

  it("reads a whole answer", async () => {
    const client = await clientOf(answer);
    const response = await client.responses.create(ask);
    expect(response.output_text).toBe("Let me look.");
    expect(response.output.map(({ type }) => type)).toEqual(["reasoning", "message", "function_call"]);
    expect(response.usage?.total_tokens).toBe(16);
  });

  it("reads a stream as the same answer", async () => {
    const client = await clientOf(answer);
    const stream = client.responses.stream(ask);
    const heard: string[] = [];
    stream.on("response.output_text.delta", ({ delta }) => heard.push(delta));
    const final = await stream.finalResponse();
    const whole = await client.responses.create(ask);
    expect(heard).toEqual(["Let me ", "look."]);
    expect(final).toMatchObject({
      ...whole,
      output: whole.output.map(
        (item) => expect.objectContaining({ id: item.id, type: item.type }) as unknown,
      ),
    });
    expect(final.output_text).toBe(whole.output_text);
  });

  it("builds the same answer out of the deltas alone", async () => {
    const client = await clientOf(answer.slice(0, -1));
    const final = await client.responses.stream(ask).finalResponse();
    expect(final.status).toBe("in_progress");
    expect(final.output[0]).toMatchObject({ summary: [{ type: "summary_text", text: "Hmm." }] });
    expect(final.output[2]).toMatchObject({ call_id: "call_1", arguments: '{"id":10000000000000000001}' });
    expect(final.output_text).toBe("Let me look.");
  });

  it("parses an answer of a schema", async () => {
    const client = await clientOf([{ type: "text-delta", text: '{"a":1}' }, ended("stop")]);
    const format = { type: "json_schema", name: "a", strict: true, schema: { type: "object" } } as const;
    const parsed = await client.responses.parse({ ...ask, text: { format } });
    expect(parsed.output_text).toBe('{"a":1}');
    expect(parsed.text?.format).toEqual(format);
  });

  it("hands an answer back as input", async () => {
    const client = await clientOf(answer);
    const { output } = await client.responses.create(ask);
    const next = await client.responses.create({
      ...ask,
      input: [...output, { type: "function_call_output", call_id: "call_1", output: "Ann" }] as never,
    });
    expect(next.status).toBe("completed");
  });

  it("reads that an answer was cut", async () => {
    const client = await clientOf([{ type: "text-delta", text: "Once" }, ended("length")]);
    const final = await client.responses.stream(ask).finalResponse();
    expect([final.status, final.incomplete_details?.reason]).toEqual(["incomplete", "max_output_tokens"]);
  });
});
