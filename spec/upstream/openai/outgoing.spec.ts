import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Operation } from "../../../src/core/call.ts";
import type { ChatRequest, Effort, Format, Message, ToolCall } from "../../../src/core/chat.ts";
import { dialects } from "../../../src/dialect/dialects.ts";
import {
  encodeChat,
  encodeCompletion,
  encodeInfill,
  type OutgoingParts,
} from "../../../src/dialect/openai/outgoing.ts";
import { encodeMessages } from "../../../src/dialect/openai/outgoing-messages.ts";
import type { Flavour } from "../../../src/dialect/openai/outgoing-options.ts";
import { decodeRequest as decodeOpenAi } from "../../../src/dialect/openai/request.ts";
import type { Json, JsonObject } from "../../../src/lib/json.ts";
import { bareRequest } from "../../support/chat-request.ts";

const flavours: readonly Flavour[] = ["llama-server", "openai", "openrouter"];

const partsOf = (flavour: Flavour, more: Partial<OutgoingParts> = {}): OutgoingParts => ({
  flavour,
  isStrict: false,
  contextTokens: 4_096,
  model: "m",
  detailsOf: () => undefined,
  ...more,
});

const plain: ChatRequest = {
  ...bareRequest,
  model: "m",
  messages: [{ role: "user", text: "say hello" }],
};

const decodeOllama = (wire: JsonObject, operation: Operation = "chat"): ChatRequest =>
  dialects.ollama.decodeRequest(wire, operation);

const chat = (more: JsonObject): ChatRequest =>
  decodeOllama({ model: "m", messages: [{ role: "user", content: "say hello" }], ...more });

describe("Ollama's options", () => {
  /** What is said of an option, by reader: under which name, or `dropped`. */
  type Row = readonly [
    option: string,
    value: Json,
    llama: string,
    openai: string,
    official: string,
    openrouter: string,
  ];
  const gone = "dropped";
  const rows: readonly Row[] = [
    ["num_ctx", 8_192, gone, gone, gone, gone],
    ["num_predict", 9, "max_tokens", "max_tokens", "max_completion_tokens", "max_tokens"],
    ["temperature", 0.5, "temperature", "temperature", "temperature", "temperature"],
    ["top_k", 40, "top_k", "top_k", gone, "top_k"],
    ["top_p", 0.9, "top_p", "top_p", "top_p", "top_p"],
    ["min_p", 0, "min_p", "min_p", gone, "min_p"],
    ["typical_p", 0.7, "typical_p", gone, gone, gone],
    ["tfs_z", 1, gone, gone, gone, gone],
    ["repeat_penalty", 1.1, "repeat_penalty", "repetition_penalty", gone, "repetition_penalty"],
    ["repeat_last_n", 64, "repeat_last_n", gone, gone, gone],
    ["presence_penalty", 0.1, "presence_penalty", "presence_penalty", "presence_penalty", "presence_penalty"],
    [
      "frequency_penalty",
      0.1,
      "frequency_penalty",
      "frequency_penalty",
      "frequency_penalty",
      "frequency_penalty",
    ],
    ["penalize_newline", true, gone, gone, gone, gone],
    ["mirostat", 1, "mirostat", gone, gone, gone],
    ["mirostat_tau", 5, "mirostat_tau", gone, gone, gone],
    ["mirostat_eta", 0.1, "mirostat_eta", gone, gone, gone],
    ["seed", 7, "seed", "seed", "seed", "seed"],
    ["stop", ["a", "b"], "stop", "stop", "stop", "stop"],
    ["num_keep", 4, "n_keep", gone, gone, gone],
    ...(
      "num_batch num_gpu main_gpu num_thread use_mmap use_mlock numa low_vram vocab_only f16_kv draft_num_predict " +
      "logit_bias made_up"
    )
      .split(" ")
      .map((option): Row => [option, 1, gone, gone, gone, gone]),
  ];
  const readers: readonly (readonly [string, OutgoingParts])[] = [
    ["llama-server", partsOf("llama-server")],
    ["openai", partsOf("openai")],
    ["OpenAI itself", partsOf("openai", { isStrict: true })],
    ["openrouter", partsOf("openrouter")],
  ];
  const cases = rows.flatMap(([option, value, ...columns]) =>
    readers.map(([reader, parts], nth) => ({ option, value, reader, parts, wanted: columns[nth] ?? "" })),
  );
  const bare = (parts: OutgoingParts): JsonObject => encodeChat(chat({}), parts).body;

  it.each(cases)("$option is $wanted at $reader", ({ option, value, parts, wanted }) => {
    const { body, dropped } = encodeChat(chat({ options: { [option]: value } }), parts);

    if (wanted === gone) {
      expect(dropped).toEqual([`options.${option}`]);
      expect(body).toEqual(bare(parts));
    } else {
      expect(dropped).toEqual([]);
      expect(body).toEqual({ ...bare(parts), [wanted]: value });
    }
  });

  it("are not sent where the client said none", () => {
    for (const [, parts] of readers)
      expect(Object.keys(bare(parts)).toSorted()).toEqual(["messages", "model", "stream", "stream_options"]);
  });

  it("that are null are as good as unsaid", () => {
    for (const [, parts] of readers)
      expect(encodeChat(chat({ options: { temperature: null, num_gpu: null } }), parts)).toMatchObject({
        dropped: [],
        body: bare(parts),
      });
  });

  it("mean by -1 what the reader does not take, in the reader's words", () => {
    const options = { seed: -1, repeat_last_n: -1, num_predict: -1 };
    for (const [reader, parts] of readers) {
      const { body, dropped } = encodeChat(chat({ options }), parts);
      const window = reader === "llama-server" ? { repeat_last_n: 4_096 } : {};
      expect(body).toEqual({ ...bare(parts), ...window });
      expect(dropped).toEqual(reader === "llama-server" ? [] : ["options.repeat_last_n"]);
    }
    const unknown = partsOf("llama-server", { contextTokens: undefined });
    expect(encodeChat(chat({ options }), unknown).dropped).toEqual(["options.repeat_last_n"]);
  });

  it("may ask for less context than there is, without a word", () => {
    for (const flavour of flavours) {
      expect(encodeChat(chat({ options: { num_ctx: 4_096 } }), partsOf(flavour)).dropped).toEqual([]);
      expect(encodeChat(chat({ options: { num_ctx: 4_097 } }), partsOf(flavour)).dropped).toEqual([
        "options.num_ctx",
      ]);
      const unknown = partsOf(flavour, { contextTokens: undefined });
      expect(encodeChat(chat({ options: { num_ctx: 1 } }), unknown).dropped).toEqual(["options.num_ctx"]);
    }
  });

  it("with a limit of no tokens are told to llama-server alone", () => {
    const limit = { options: { num_predict: 0 } };
    for (const [reader, parts] of readers) {
      const { body, dropped } = encodeChat(chat(limit), parts);
      expect(body).toEqual(reader === "llama-server" ? { ...bare(parts), max_tokens: 0 } : bare(parts));
      expect(dropped).toEqual(reader === "llama-server" ? [] : ["options.num_predict"]);
    }
  });

  it("with many stops are cut to four, but not for llama-server", () => {
    const stop = ["a", "b", "", "c", "d", "e", "f"];
    for (const [reader, parts] of readers) {
      const { body, dropped } = encodeChat(chat({ options: { stop } }), parts);
      const isLlama = reader === "llama-server";
      expect(body["stop"]).toEqual(isLlama ? ["a", "b", "c", "d", "e", "f"] : ["a", "b", "c", "d"]);
      expect(dropped).toEqual(isLlama ? [] : ["options.stop[4..]"]);
    }
  });
});

describe("thinking", () => {
  it.each<[boolean | string, JsonObject, JsonObject, JsonObject]>([
    [
      false,
      { chat_template_kwargs: { enable_thinking: false } },
      { reasoning_effort: "none" },
      { reasoning: { effort: "none" } },
    ],
    [
      true,
      { chat_template_kwargs: { enable_thinking: true } },
      { reasoning_effort: "medium" },
      { reasoning: { enabled: true } },
    ],
    [
      "low",
      { chat_template_kwargs: { enable_thinking: true, reasoning_effort: "low" } },
      { reasoning_effort: "low" },
      { reasoning: { effort: "low" } },
    ],
    [
      "max",
      { chat_template_kwargs: { enable_thinking: true, reasoning_effort: "xhigh" } },
      { reasoning_effort: "xhigh" },
      { reasoning: { effort: "xhigh" } },
    ],
  ])("of %j is said in each reader's words", (think, ...wanted) => {
    for (const [nth, flavour] of flavours.entries()) {
      const { body, dropped } = encodeChat(chat({ think }), partsOf(flavour));
      expect(body).toEqual({ ...encodeChat(chat({}), partsOf(flavour)).body, ...wanted[nth] });
      expect(dropped).toEqual([]);
    }
  });

  it("of before is given back under the reader's name for it", () => {
    const before = { role: "assistant", text: "Hi", thinking: "hm" };
    const names = { "llama-server": "reasoning_content", openai: "reasoning", openrouter: "reasoning" };
    for (const flavour of flavours)
      expect(encodeMessages([before], partsOf(flavour))).toEqual([
        { role: "assistant", content: "Hi", [names[flavour]]: "hm" },
      ]);
  });

  it("of before a tool call is given back as the provider wrote it, where that is remembered", () => {
    const details = [{ type: "reasoning.text", text: "hm", signature: "s" }];
    const detailsOf = ({ id }: ToolCall): Json | undefined => (id === "functions.f:0" ? details : undefined);
    // An id that others would refuse is known to the provider all the same.
    const toolCalls = [{ id: "functions.f:0", name: "f", arguments: "{}" }];

    const [turn] = encodeMessages(
      [{ role: "assistant", text: "", thinking: "hm", toolCalls }],
      partsOf("openrouter", { detailsOf }),
    );

    expect(turn).toMatchObject({ reasoning_details: details });
    expect(turn).not.toHaveProperty("reasoning");
  });
});

describe("the form of an answer", () => {
  const closed = {
    type: "object",
    properties: {
      a: {
        type: "array",
        items: { type: "object", properties: {}, required: [], additionalProperties: false },
      },
    },
    required: ["a"],
    additionalProperties: false,
  };
  const loose = {
    type: "object",
    properties: { a: { type: "string" }, b: { type: "string" } },
    required: ["a"],
  };

  it("is any JSON, and a message that speaks of it where the reader wants one", () => {
    for (const flavour of flavours) {
      const { body } = encodeChat(chat({ format: "json" }), partsOf(flavour));
      expect(body["response_format"]).toEqual({ type: "json_object" });
      const text = JSON.stringify(body["messages"]);
      expect(/json/i.test(text)).toBe(flavour !== "llama-server");

      const messages = [{ role: "user", content: "say hello in Json" }];
      expect(encodeChat(chat({ format: "json", messages }), partsOf(flavour)).body["messages"]).toEqual(
        messages,
      );
    }
  });

  it.each([
    ["a closed schema, strictly", closed, true],
    ["an open one, loosely", loose, false],
    ["one that is open further inside, loosely", { ...closed, properties: { a: loose } }, false],
  ])("is JSON of %s", (_name, schema, isStrict) => {
    for (const flavour of flavours)
      expect(encodeChat(chat({ format: schema }), partsOf(flavour)).body["response_format"]).toEqual({
        type: "json_schema",
        json_schema: { name: "schema", schema, ...(isStrict ? { strict: true } : {}) },
      });
  });

  it("is not sent where there is none", () => {
    for (const format of ["", null])
      expect(encodeChat(chat({ format }), partsOf("openai")).body).not.toHaveProperty("response_format");
  });
});

describe("probabilities", () => {
  it("are asked for as each reader takes it", () => {
    for (const flavour of flavours) {
      const none = flavour === "llama-server" ? { top_logprobs: 1 } : {};
      expect(encodeChat(chat({ logprobs: true }), partsOf(flavour)).body).toMatchObject({
        logprobs: true,
        ...none,
      });
      expect(encodeChat(chat({ logprobs: true }), partsOf(flavour)).body["top_logprobs"]).toBe(
        none.top_logprobs,
      );
      const five = encodeChat(chat({ logprobs: true, top_logprobs: 5 }), partsOf(flavour)).body;
      expect(five).toMatchObject({ logprobs: true, top_logprobs: 5 });
      expect(encodeChat(chat({ top_logprobs: 5 }), partsOf(flavour)).body).not.toHaveProperty("top_logprobs");
    }
  });

  it("beside tools are nothing that llama-server streams", () => {
    const request = chat({ logprobs: true, tools: [{ type: "function", function: { name: "f" } }] });

    expect(encodeChat(request, partsOf("llama-server"))).toMatchObject({ dropped: ["logprobs"] });
    expect(encodeChat(request, partsOf("llama-server")).body).not.toHaveProperty("logprobs");
    expect(encodeChat(request, partsOf("openrouter")).body).toMatchObject({ logprobs: true });
  });
});

describe("tools", () => {
  const tool = {
    type: "function",
    function: { name: "f", description: "d", parameters: { type: "object", x: 1 } },
  };

  it("go out as the client wrote them, a missing schema as one of nothing", () => {
    const { body } = encodeChat(
      chat({ tools: [tool, { type: "function", function: { name: "g" } }] }),
      partsOf("openai"),
    );

    expect(body).toMatchObject({
      tools: [
        tool,
        { type: "function", function: { name: "g", parameters: { type: "object", properties: {} } } },
      ],
      parallel_tool_calls: true,
    });
    expect(body).not.toHaveProperty("tool_choice");
  });

  it.each<[JsonObject | undefined, Json | undefined, boolean]>([
    [undefined, undefined, true],
    [{ type: "auto" }, "auto", true],
    [{ type: "any" }, "required", true],
    [{ type: "none" }, "none", true],
    [{ type: "tool", name: "f" }, { type: "function", function: { name: "f" } }, true],
    [{ type: "auto", disable_parallel_tool_use: true }, "auto", false],
  ])("are chosen by Anthropic's %j as by OpenAI's %j", (choice, wanted, parallel) => {
    const request = dialects.anthropic.decodeRequest(
      {
        model: "m",
        max_tokens: 9,
        messages: [{ role: "user", content: "x" }],
        tools: [{ name: "f", input_schema: { type: "object" } }],
        ...(choice === undefined ? {} : { tool_choice: choice }),
      },
      "messages",
    );

    const { body } = encodeChat(request, partsOf("openrouter"));

    expect(body["tool_choice"]).toEqual(wanted);
    expect(body["parallel_tool_calls"]).toBe(parallel);
  });

  it("are not chosen among where there are none", () => {
    const { body } = encodeChat({ ...plain, toolChoice: "auto", parallelTools: true }, partsOf("openai"));

    for (const name of ["tools", "tool_choice", "parallel_tool_calls"]) expect(body).not.toHaveProperty(name);
  });
});

describe("pictures", () => {
  const base64 = (...bytes: number[]): string =>
    Buffer.from([...bytes, ...Array.from({ length: 20 }, () => 0)]).toString("base64");
  const letters = (text: string): number[] => [...Buffer.from(text, "latin1")];
  const kinds: readonly (readonly [string, string])[] = [
    ["image/jpeg", base64(0xff, 0xd8, 0xff, 0xe0)],
    ["image/png", base64(0x89, ...letters("PNG\r\n"), 0x1a, 0x0a)],
    ["image/gif", base64(...letters("GIF89a"))],
    ["image/webp", base64(...letters("RIFF"), 1, 0, 0, 0, ...letters("WEBPVP8 "))],
    ["image/bmp", base64(...letters("BM"), 0x36)],
    ["image/tiff", base64(...letters("II*"), 0)],
    ["image/tiff", base64(...letters("MM"), 0, 0x2a)],
    ["image/avif", base64(0, 0, 0, 0x20, ...letters("ftypavif"))],
    ["image/heic", base64(0, 0, 0, 0x18, ...letters("ftypheic"))],
    ["image/jpeg", base64(1, 2, 3, 4)],
  ];
  const partOf = (mediaType: string, data: string): JsonObject => ({
    type: "image_url",
    image_url: { url: `data:${mediaType};base64,${data}` },
  });
  const [jpeg, png] = [kinds[0]?.[1] ?? "", kinds[1]?.[1] ?? ""];

  it.each(kinds)("are %s by their first bytes, the text before them", (mediaType, data) => {
    const spaced = `${data.slice(0, 7)}\n ${data.slice(7)}`;
    for (const flavour of flavours) {
      const request = chat({ messages: [{ role: "user", content: "look", images: [spaced] }] });
      expect(encodeChat(request, partsOf(flavour)).body["messages"]).toEqual([
        { role: "user", content: [{ type: "text", text: "look" }, partOf(mediaType, data)] },
      ]);
    }
  });

  it("without a text stand alone", () => {
    const request = decodeOllama({
      model: "m",
      messages: [{ role: "user", content: "", images: [jpeg, png] }],
    });

    expect(encodeChat(request, partsOf("openrouter")).body["messages"]).toEqual([
      { role: "user", content: [partOf("image/jpeg", jpeg), partOf("image/png", png)] },
    ]);
  });

  it("of whoever is not the user follow it, and never come between a call and its answers", () => {
    const request = chat({
      messages: [
        { role: "system", content: "be kind", images: [jpeg] },
        { role: "user", content: "look" },
        {
          role: "assistant",
          content: "",
          tool_calls: [
            { function: { name: "f", arguments: {} } },
            { function: { name: "g", arguments: {} } },
          ],
        },
        { role: "tool", tool_name: "f", content: "one", images: [png] },
        { role: "tool", tool_name: "g", content: "two" },
        { role: "assistant", content: "done" },
      ],
    });

    const { messages } = encodeChat(request, partsOf("openrouter")).body;

    expect((messages as JsonObject[]).map(({ role, content }) => [role, content])).toEqual([
      ["system", "be kind"],
      ["user", [partOf("image/jpeg", jpeg)]],
      ["user", "look"],
      ["assistant", null],
      ["tool", "one"],
      ["tool", "two"],
      ["user", [partOf("image/png", png)]],
      ["assistant", "done"],
    ]);
  });
});

describe("prompts that no template touches", () => {
  const raw = decodeOllama(
    {
      model: "m",
      prompt: "abc",
      raw: true,
      options: { num_predict: 9, temperature: 0, num_gpu: 1 },
      format: "json",
      think: true,
    },
    "generate",
  );
  const gap = decodeOllama(
    { model: "m", prompt: "abc", suffix: "xyz", options: { num_predict: 9, stop: ["\n"] } },
    "generate",
  );

  it("go to /completions, and what has no place there is said to be left out", () => {
    expect(encodeCompletion(raw, partsOf("llama-server"))).toEqual({
      path: "/completions",
      body: {
        model: "m",
        prompt: "abc",
        stream: true,
        stream_options: { include_usage: true },
        temperature: 0,
        max_tokens: 9,
      },
      dropped: ["options.num_gpu", "format", "think"],
    });
  });

  it("with a gap go to /infill, or to /completions with a suffix", () => {
    expect(encodeInfill(gap, partsOf("llama-server"))).toEqual({
      path: "/infill",
      body: {
        model: "m",
        input_prefix: "abc",
        input_suffix: "xyz",
        stream: true,
        stop: ["\n"],
        n_predict: 9,
      },
      dropped: [],
    });
    expect(encodeCompletion(gap, partsOf("openai")).body).toMatchObject({
      prompt: "abc",
      suffix: "xyz",
      max_tokens: 9,
    });
  });
});

describe("tool calls and their results", () => {
  const name = fc.constantFrom("f", "g", "h");
  const id = fc.option(fc.constantFrom("a", "b", "c", "call_1_0", "bad id!", "x".repeat(65)), {
    nil: undefined,
  });
  const toolCall: fc.Arbitrary<ToolCall> = fc.record({ id, name, arguments: fc.constant('{"a":1}') });
  const text = fc.string({ maxLength: 5 });
  const image = fc.constant([{ mediaType: "image/png", base64: "iVBORw0KGgo=" }]);
  const message: fc.Arbitrary<Message> = fc.oneof(
    fc.record({ role: fc.constantFrom("user", "system", "odd"), text }),
    fc.record({
      role: fc.constant("assistant"),
      text,
      toolCalls: fc.option(fc.array(toolCall, { minLength: 1, maxLength: 3 }), { nil: undefined }),
    }),
    fc.record({
      role: fc.constant("tool"),
      text,
      toolName: fc.option(name, { nil: undefined }),
      toolCallId: id,
      images: fc.option(image, { nil: undefined }),
    }),
  );
  interface WireMessage {
    readonly role: string;
    readonly content: unknown;
    readonly tool_call_id?: string;
    readonly tool_calls?: readonly { readonly id: string; readonly function: { readonly name: string } }[];
  }
  const encode = (messages: readonly Message[], flavour: Flavour): WireMessage[] =>
    encodeMessages(messages, partsOf(flavour)) as unknown as WireMessage[];

  it("are paired: each call is answered once, at once, and nothing else is answered", () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), fc.constantFrom(...flavours), (messages, flavour) => {
        const written = encode(messages, flavour);

        const ids = written.flatMap(({ tool_calls = [] }) => tool_calls.map((call) => call.id));
        expect(new Set(ids).size).toBe(ids.length);
        for (const one of ids) expect(one).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
        let open = new Set<string>();
        for (const { role, tool_call_id: answers = "", tool_calls: calls = [] } of written) {
          if (role === "tool") expect(open.delete(answers)).toBe(true);
          else {
            expect(open.size).toBe(0);
            open = new Set(calls.map((call) => call.id));
          }
        }
        expect(open.size).toBe(0);
      }),
    );
  });

  it("keep their order, and lose no word", () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), fc.constantFrom(...flavours), (messages, flavour) => {
        const marked = messages.map((one, nth) => ({ ...one, text: `<${nth}>${one.text}` }));

        const all = JSON.stringify(
          encode(marked, flavour).filter(({ content }) => content !== "(no result)"),
        );

        const places = marked.map((_one, nth) => all.indexOf(`<${nth}>`));
        expect(places.every((place) => place >= 0)).toBe(true);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
      }),
    );
  });

  it("are the same again when the conversation has grown, so that what a provider keeps of it stays good", () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 8 }),
        fc.array(message, { maxLength: 4 }),
        (before, after) => {
          const turns = [...before, { role: "user", text: "and now?" }];

          const grown = encode([...turns, ...after], "openrouter");

          expect(grown.slice(0, encode(turns, "openrouter").length)).toEqual(encode(turns, "openrouter"));
        },
      ),
    );
  });

  const callsOf = (...names: string[]): Message => ({
    role: "assistant",
    text: "",
    toolCalls: names.map((one) => ({ id: undefined, name: one, arguments: "{}" })),
  });

  it.each<[string, Message[], [string, string][]]>([
    [
      "by the name of the tool",
      [
        callsOf("f", "g"),
        { role: "tool", text: "of g", toolName: "g" },
        { role: "tool", text: "of f", toolName: "f" },
      ],
      [
        ["call_0_1", "of g"],
        ["call_0_0", "of f"],
      ],
    ],
    [
      "in their order where two calls have one name",
      [
        callsOf("f", "f"),
        { role: "tool", text: "1", toolName: "f" },
        { role: "tool", text: "2", toolName: "f" },
      ],
      [
        ["call_0_0", "1"],
        ["call_0_1", "2"],
      ],
    ],
    [
      "in their order where no tool is named",
      [callsOf("f", "g"), { role: "tool", text: "1" }, { role: "tool", text: "2" }],
      [
        ["call_0_0", "1"],
        ["call_0_1", "2"],
      ],
    ],
    [
      "by nothing where nobody answered",
      [callsOf("f", "g"), { role: "tool", text: "1", toolName: "g" }, { role: "user", text: "go on" }],
      [
        ["call_0_1", "1"],
        ["call_0_0", "(no result)"],
      ],
    ],
    [
      "by an id that had to be changed",
      [
        {
          role: "assistant",
          text: "",
          toolCalls: [
            { id: "functions.f:0", name: "f", arguments: "{}" },
            { id: "functions.f:1", name: "f", arguments: "{}" },
          ],
        },
        { role: "tool", text: "2", toolCallId: "functions.f:1", toolName: "f" },
        { role: "tool", text: "1", toolCallId: "functions.f:0", toolName: "f" },
      ],
      [
        ["call_0_1", "2"],
        ["call_0_0", "1"],
      ],
    ],
  ])("find each other %s", (_name, messages, wanted) => {
    const answers = encode(messages, "openai").filter(({ role }) => role === "tool");

    expect(answers.map(({ tool_call_id, content }) => [tool_call_id, content])).toEqual(wanted);
  });

  it("that answer nothing become something the user says", () => {
    expect(encode([{ role: "tool", text: "18 degrees", toolName: "weather" }], "openai")).toEqual([
      { role: "user", content: "Tool result (weather): 18 degrees" },
    ]);
  });
});

describe("there and back", () => {
  const word = fc.string({ unit: "grapheme", maxLength: 8 });
  const said = fc.string({ minLength: 1, maxLength: 8 });
  const schema = fc.dictionary(fc.constantFrom("type", "title", "x"), fc.string({ maxLength: 4 }));
  const image = fc.constantFrom(
    { mediaType: "image/png", base64: "iVBORw0KGgo=" },
    { mediaType: "image/jpeg", base64: "/9j/4AAQ" },
  );
  const tool = fc.record({
    name: fc.constantFrom("f", "g"),
    description: fc.option(said, { nil: undefined }),
    parameters: schema,
  });
  const format: fc.Arbitrary<Format> = fc.oneof(fc.constant("json" as const), fc.record({ schema }));
  const number = fc.double({ min: 0, max: 2, noNaN: true });

  /** A turn with all its results, as a client writes it that knows OpenAI's rules. */
  const callTurn = (nth: number, toolCalls: readonly Omit<ToolCall, "id">[]): Message[] => {
    const calls = toolCalls.map((call, at) => ({ ...call, id: `c-${nth}-${at}` }));
    return [
      { role: "assistant", text: "", toolCalls: calls },
      ...calls.map((call) => ({
        role: "tool",
        text: `of ${call.id}`,
        toolCallId: call.id,
        toolName: call.name,
      })),
    ];
  };
  const call = fc.record({
    name: fc.constantFrom("f", "g"),
    arguments: fc.json().map((json) => `{"a":${json}}`),
  });
  const turn = fc.oneof(
    fc.record({ role: fc.constantFrom("system", "user", "assistant"), text: word }).map((one) => [one]),
    fc
      .record({
        role: fc.constant("user"),
        text: word,
        images: fc.array(image, { minLength: 1, maxLength: 2 }),
      })
      .map((one) => [one]),
    fc.record({ role: fc.constant("assistant"), text: word, thinking: said }).map((one) => [one]),
    fc.array(call, { minLength: 1, maxLength: 3 }),
  );
  const messages = fc
    .array(turn, { maxLength: 6 })
    .map((turns) =>
      turns.flatMap((one, nth): Message[] =>
        one.every((part) => "role" in part) ? one : callTurn(nth, one as ToolCall[]),
      ),
    )
    .map((all) => [{ role: "user", text: "in JSON" } as Message].concat(all));

  const requests = fc.record({
    messages,
    outputTokensMax: fc.option(fc.integer({ min: 1, max: 9_999 }), { nil: undefined }),
    stop: fc.array(said, { maxLength: 4 }),
    options: fc.record(
      {
        temperature: number,
        top_p: number,
        top_k: fc.nat(),
        min_p: number,
        seed: fc.nat(),
        frequency_penalty: number,
        presence_penalty: number,
      },
      { requiredKeys: [] },
    ),
    tools: fc.array(tool, { maxLength: 2 }),
    toolChoice: fc.constantFrom(
      "auto" as const,
      "none" as const,
      "required" as const,
      { name: "f" },
      undefined,
    ),
    parallelTools: fc.boolean(),
    format: fc.option(format, { nil: undefined }),
    think: fc.constantFrom<Effort | false | undefined>(
      "minimal",
      "low",
      "medium",
      "high",
      "max",
      false,
      undefined,
    ),
    logprobs: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
  });

  it("is a request that both sides can say", () => {
    fc.assert(
      fc.property(requests, fc.constantFrom<Flavour>("openai", "openrouter"), (drawn, flavour) => {
        const { outputTokensMax, stop, tools, toolChoice, parallelTools, ...rest } = drawn;
        const hasTools = tools.length > 0;
        const request: ChatRequest = {
          ...plain,
          ...rest,
          sampling: { outputTokensMax, stop },
          tools,
          toolChoice: hasTools ? toolChoice : undefined,
          parallelTools: hasTools ? parallelTools : undefined,
        };

        const { body, dropped } = encodeChat(request, partsOf(flavour));
        const back = decodeOpenAi(JSON.parse(JSON.stringify(body)) as JsonObject, "chat");

        expect(dropped).toEqual([]);
        expect(JSON.parse(JSON.stringify({ ...back, needs: [] }))).toEqual(
          JSON.parse(JSON.stringify(request)),
        );
      }),
    );
  });

  const ollamaCalls = fc.array(fc.record({ name: fc.constantFrom("f", "g"), x: fc.jsonValue() }), {
    minLength: 1,
    maxLength: 2,
  });
  const ollamaTurn = fc.oneof(
    fc
      .record({ role: fc.constantFrom("system", "user", "assistant", "USER"), content: word })
      .map((one) => [one]),
    fc
      .record({ role: fc.constant("user"), content: word, images: fc.constant(["iVBORw0KGgo="]) })
      .map((one) => [one]),
    ollamaCalls.map((calls) => {
      const made = calls.map(({ name, x }) => ({ function: { name, arguments: { x } } }));
      const turn: object[] = [{ role: "assistant", content: "", tool_calls: made }];
      return turn.concat(calls.map(({ name }) => ({ role: "tool", tool_name: name, content: `of ${name}` })));
    }),
  );
  const ollamaWire = fc.record(
    {
      model: fc.constant("m"),
      messages: fc
        .array(ollamaTurn, { maxLength: 5 })
        .map((turns) => [{ role: "user", content: "in JSON" } as object].concat(turns.flat())),
      format: fc.oneof(fc.constant("json"), schema),
      tools: fc.array(
        fc.record({
          type: fc.constant("function"),
          function: fc.record({ name: fc.constant("f"), description: word, parameters: schema }),
        }),
      ),
      options: fc.record(
        {
          num_predict: fc.integer({ min: 1, max: 999 }),
          stop: fc.array(said, { maxLength: 4 }),
          temperature: number,
          seed: fc.nat(),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ["model", "messages"] },
  );

  /** What must survive, ids aside: Ollama's clients give none. */
  const essence = ({ messages, tools, format, sampling, options }: ChatRequest): unknown =>
    JSON.parse(
      JSON.stringify({
        tools,
        format,
        sampling,
        options,
        messages: messages.map(({ toolCallId: _id, toolCalls, ...message }) => ({
          ...message,
          toolCalls: toolCalls?.map((one) => ({ name: one.name, arguments: one.arguments })),
        })),
      }),
    );

  it.each(flavours)("is what an Ollama client says, to %s", (flavour) => {
    fc.assert(
      fc.property(ollamaWire, (drawn) => {
        const asked = decodeOllama(JSON.parse(JSON.stringify(drawn)) as JsonObject);

        const { body, dropped } = encodeChat(asked, partsOf(flavour));

        expect(dropped).toEqual([]);
        expect(essence(decodeOpenAi(body, "chat"))).toEqual(essence(asked));
      }),
    );
  });

  const block = fc.oneof(
    fc.record({ type: fc.constant("text"), text: said }),
    fc.record({
      type: fc.constant("image"),
      source: fc.constant({ type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" }),
    }),
  );
  const anthropicTurn = fc.oneof(
    fc.record({ role: fc.constantFrom("user", "assistant"), content: said }).map((one) => [one]),
    fc
      .record({ role: fc.constant("user"), content: fc.array(block, { minLength: 1, maxLength: 3 }) })
      .map((one) => [one]),
    fc.tuple(said, fc.jsonValue(), fc.nat()).map(([text, x, nth]) => [
      {
        role: "assistant",
        content: [
          { type: "text", text },
          { type: "tool_use", id: `toolu_${nth}`, name: "f", input: { x } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: `toolu_${nth}`, content: "18" },
          { type: "text", text },
        ],
      },
    ]),
  );
  const anthropicWire = fc.record(
    {
      model: fc.constant("m"),
      max_tokens: fc.integer({ min: 1, max: 999 }),
      messages: fc.array(anthropicTurn, { minLength: 1, maxLength: 4 }).map((turns) => turns.flat()),
      system: said,
      tools: fc.array(fc.record({ name: fc.constant("f"), description: word, input_schema: schema }), {
        maxLength: 2,
      }),
      tool_choice: fc.constantFrom({ type: "auto" }, { type: "any" }, { type: "tool", name: "f" }),
      stop_sequences: fc.array(said, { maxLength: 4 }),
      temperature: number,
      output_config: fc.record({ format: fc.record({ type: fc.constant("json_schema"), schema }) }),
    },
    { requiredKeys: ["model", "max_tokens", "messages"] },
  );

  it.each(flavours)("is what an Anthropic client says, to %s", (flavour) => {
    fc.assert(
      fc.property(anthropicWire, (drawn) => {
        const wire = JSON.parse(JSON.stringify(drawn)) as JsonObject;
        const asked = dialects.anthropic.decodeRequest(wire, "messages");

        const { body, dropped } = encodeChat(asked, partsOf(flavour));
        const back = decodeOpenAi(body, "chat");

        expect(dropped).toEqual([]);
        expect(essence(back)).toEqual(essence(asked));
        if (asked.tools.length > 0) expect(back.toolChoice).toEqual(asked.toolChoice);
      }),
    );
  });
});
