import { describe, expect, it } from "vitest";
import type { Call, Reply } from "../../../src/core/call.ts";
import { ProxyError } from "../../../src/core/error.ts";
import { withFooter } from "../../../src/pipeline/auto/footer.ts";

type Asked = Pick<Call, "dialect" | "operation">;

const footer = "Sources:\n[1] Llamas - https://example.org/llamas";
const added = JSON.stringify(`\n\n${footer}`);

const chat: Asked = { dialect: "ollama", operation: "chat" };
const generate: Asked = { dialect: "ollama", operation: "generate" };
const v1Chat: Asked = { dialect: "openai", operation: "chat" };
const completions: Asked = { dialect: "openai", operation: "completions" };
const responses: Asked = { dialect: "openai", operation: "responses" };
const messages: Asked = { dialect: "anthropic", operation: "messages" };

const replyOf = (contentType: string, body: Reply["body"]): Reply => ({
  status: 200,
  contentType,
  headers: { "X-Chasqui-Model": "tiny" },
  body,
});

const whole = (answer: unknown): Reply =>
  replyOf("application/json", Buffer.from(typeof answer === "string" ? answer : JSON.stringify(answer)));

const typeFor = ({ dialect }: Asked): string =>
  dialect === "ollama" ? "application/x-ndjson" : "text/event-stream";

/** A source that tells whether it was left. */
function sourceOf(chunks: readonly (string | Uint8Array | Error)[]) {
  const left: string[] = [];
  const waiting = [...chunks];
  const body: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next() {
        const chunk = waiting.shift();
        if (chunk instanceof Error) return Promise.reject(chunk);
        return Promise.resolve(
          chunk === undefined
            ? { done: true as const, value: undefined }
            : { done: false as const, value: Buffer.from(chunk) },
        );
      },
      return() {
        left.push("left");
        return Promise.resolve({ done: true as const, value: undefined });
      },
    }),
  };
  return { body, left, waiting };
}

const streamOf = (call: Asked, body: Reply["body"]): AsyncIterable<Uint8Array> => {
  const edited = withFooter(replyOf(typeFor(call), body), call, footer).body;
  if (edited instanceof Uint8Array) throw new TypeError("the stream became whole");
  return edited;
};

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

const streamed = (call: Asked, frames: readonly string[]): Promise<string> =>
  textOf(streamOf(call, sourceOf(frames).body));

describe("a whole answer", () => {
  it.each<[string, Asked, string]>([
    [
      "Ollama's chat",
      chat,
      '{"model":"tiny","message":{"role":"assistant","content":"Hi"},"done":true,"done_reason":"stop","eval_count":3}',
    ],
    ["Ollama's generate", generate, '{"response":"Hi","done":true,"done_reason":"stop","context":[1,2]}'],
    ["an old Ollama's", chat, '{"message":{"role":"assistant","content":"Hi"},"done":true}'],
    [
      "OpenAI's chat",
      v1Chat,
      '{"id":"a","choices":[{"index":0,"message":{"role":"assistant","content":"Hi","tool_calls":[]},"finish_reason":"stop"}],"usage":{"total_tokens":3}}\n',
    ],
    [
      "OpenAI's completions",
      completions,
      '{"choices":[{"text":"Hi","index":0,"finish_reason":"stop"}],"error":null}',
    ],
    [
      "Anthropic's last block of text",
      messages,
      '{"content":[{"type":"text","text":"Well"},{"type":"thinking","thinking":"hm"},{"type":"text","text":"Hi"}],"stop_reason":"end_turn"}',
    ],
  ])("of %s ends with it, and says all else as before", (_name, call, answer) => {
    const reply = withFooter(whole(answer), call, footer);

    expect(Buffer.from(reply.body as Uint8Array).toString()).toBe(
      answer.replace('"Hi"', `"Hi${added.slice(1)}`),
    );
    expect(reply).toMatchObject({ status: 200, headers: { "X-Chasqui-Model": "tiny" } });
  });

  it("of /v1/responses ends with it in the last part of its last message, and in the joined text", () => {
    const message = (...texts: string[]) => ({
      type: "message",
      content: texts.map((text) => ({ type: "output_text", text, annotations: [] })),
    });
    const answer = { status: "completed", error: null, output_text: "one", object: "response" };
    const output = [message("first"), message("o", "ne"), { type: "reasoning", summary: [] }];

    const reply = withFooter(whole({ ...answer, output }), responses, footer);

    expect(JSON.parse(Buffer.from(reply.body as Uint8Array).toString())).toEqual({
      ...answer,
      output_text: `one\n\n${footer}`,
      output: [output[0], message("o", `ne\n\n${footer}`), output[2]],
    });
  });

  const call = { function: { name: "f", arguments: {} } };
  it.each<[string, Asked, unknown]>([
    ["tools", chat, { message: { content: "Hi", tool_calls: [call] }, done: true, done_reason: "stop" }],
    [
      "tools",
      v1Chat,
      { choices: [{ message: { content: "Hi", tool_calls: [call] }, finish_reason: "stop" }] },
    ],
    [
      "tools",
      messages,
      { content: [{ type: "text", text: "Hi" }, { type: "tool_use" }], stop_reason: "end_turn" },
    ],
    [
      "tools",
      responses,
      {
        status: "completed",
        output: [
          { type: "message", content: [{ type: "output_text", text: "Hi" }] },
          { type: "function_call" },
        ],
      },
    ],
    ["an error", chat, { error: "no", message: { content: "Hi" }, done: true }],
    ["an error", v1Chat, { error: { message: "no" }, choices: [{ message: { content: "Hi" } }] }],
    ["no text", chat, { message: { content: "" }, done: true, done_reason: "stop" }],
    ["no text", generate, { response: "", done: true, done_reason: "load" }],
    ["no text", v1Chat, { choices: [{ message: { content: null }, finish_reason: "stop" }] }],
    ["no text", messages, { content: [], stop_reason: "end_turn" }],
    ["no text", responses, { status: "completed", output: [] }],
    ["a cut end", chat, { message: { content: "Hi" }, done: true, done_reason: "length" }],
    ["a cut end", completions, { choices: [{ text: "Hi", finish_reason: "length" }] }],
    ["a cut end", messages, { content: [{ type: "text", text: "Hi" }], stop_reason: "max_tokens" }],
    [
      "a cut end",
      responses,
      { status: "incomplete", output: [{ type: "message", content: [{ type: "output_text", text: "Hi" }] }] },
    ],
    ["two choices", completions, { choices: [{ text: "a" }, { text: "b" }] }],
    ["no JSON", chat, "Hi"],
    ["a list", chat, "[1]"],
  ])("with %s is left as it is: %j %j", (_name, asked, answer) => {
    const reply = whole(answer);

    expect(withFooter(reply, asked, footer).body).toBe(reply.body);
  });

  it("of another status, and one for which there is no footer, are left alone", () => {
    const reply = whole({ response: "Hi", done: true });

    expect(withFooter({ ...reply, status: 206 }, generate, footer).body).toBe(reply.body);
    expect(withFooter(reply, generate, "").body).toBe(reply.body);
  });
});

interface Stream {
  readonly call: Asked;
  /** The last frames come after the footer. */
  readonly frames: readonly string[];
  readonly footer: string;
  /** How many frames come after it. */
  readonly after: number;
}

const line = (content: string, more: object = {}): string =>
  `${JSON.stringify({ model: "tiny", created_at: "2026-11-21T00:00:00Z", message: { role: "assistant", content }, done: false, ...more })}\n`;
const piece = (response: string, more: object = {}): string =>
  `${JSON.stringify({ model: "tiny", created_at: "2026-11-21T00:00:00Z", response, done: false, ...more })}\n`;
const end = { done: true, done_reason: "stop", eval_count: 3 };
const chunk = (choice: object, more: object = {}): string =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", model: "tiny", choices: [{ index: 0, finish_reason: null, ...choice }], ...more })}\n\n`;
const event = (type: string, more: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
const block = (index: number, type: string, ...deltas: object[]): string[] => [
  event("content_block_start", { index, content_block: { type, [type]: "" } }),
  ...deltas.map((delta) => event("content_block_delta", { index, delta })),
  event("content_block_stop", { index }),
];
const text = (words: string): object => ({ type: "text_delta", text: words });
const endTurn = event("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 3 } });

/** A stream of /v1/responses from an event of a number on. */
function responseEvents(words: string, from: number, more: object = {}, others: object[] = []): string[] {
  let number = from;
  const numbered = (type: string, fields: object): string =>
    event(`response.${type}`, { sequence_number: number++, ...fields });
  const place = { item_id: "msg_1", output_index: 0, content_index: 0 };
  const part = { type: "output_text", text: words, annotations: [] };
  const item = { id: "msg_1", type: "message", status: "completed", content: [part] };
  const output = [item, ...others];
  return [
    numbered("output_text.delta", { ...place, delta: words.slice(0, 1) }),
    numbered("output_text.delta", { ...place, delta: words.slice(1) }),
    numbered("output_text.done", { ...place, text: words }),
    numbered("content_part.done", { ...place, part }),
    numbered("output_item.done", { output_index: 0, item }),
    ...others.map((other, nth) => numbered("output_item.done", { output_index: nth + 1, item: other })),
    numbered("completed", {
      response: { status: "completed", error: null, output, ...more },
    }),
  ];
}

const streams: Readonly<Record<string, Stream>> = {
  "Ollama's chat": {
    call: chat,
    frames: [line("Ü"), line("ber", { done: false }), line("", end)],
    footer: `{"model":"tiny","created_at":"2026-11-21T00:00:00Z","message":{"role":"assistant","content":${added}},"done":false}\n`,
    after: 1,
  },
  "Ollama's generate": {
    call: generate,
    frames: [piece("Hi"), piece("", { ...end, context: [1] })],
    footer: `{"model":"tiny","created_at":"2026-11-21T00:00:00Z","response":${added},"done":false}\n`,
    after: 1,
  },
  "OpenAI's chat": {
    call: v1Chat,
    frames: [
      chunk({ delta: { role: "assistant", content: "Ü" } }, { usage: null }),
      ": still there\n\n",
      chunk({ delta: { content: "ber" }, finish_reason: "" }),
      chunk(
        { delta: {}, finish_reason: "stop", native_finish_reason: "STOP" },
        { usage: { total_tokens: 3 } },
      ),
      'data: {"choices":[],"usage":{"total_tokens":3}}\n\n',
      "data: [DONE]\n\n",
    ],
    footer: `data: {"id":"c","object":"chat.completion.chunk","model":"tiny","choices":[{"index":0,"delta":{"content":${added}},"finish_reason":null}]}\n\n`,
    after: 3,
  },
  "OpenAI's completions, with carriage returns": {
    call: completions,
    frames: [
      chunk({ text: "Hi", logprobs: null }),
      chunk({ text: "", logprobs: null, finish_reason: "stop" }),
      "data: [DONE]\n\n",
    ].map((frame) => frame.replaceAll("\n", "\r\n")),
    footer: `data: {"id":"c","object":"chat.completion.chunk","model":"tiny","choices":[{"index":0,"text":${added},"logprobs":null,"finish_reason":null}]}\r\n\r\n`,
    after: 2,
  },
  "Anthropic's messages": {
    call: messages,
    frames: [
      event("message_start", { message: { content: [] } }),
      ...block(0, "thinking", { type: "thinking_delta", thinking: "hm" }),
      ...block(1, "text", text("Well, ")),
      event("ping"),
      ...block(2, "text", text("Ü"), text("ber")),
      endTurn,
      event("message_stop"),
    ],
    footer: `event: content_block_delta\ndata: {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":${added}}}\n\n`,
    after: 3,
  },
};

/** All the same bytes, cut every so many. */
function cutEvery(frames: readonly string[], bytes: number): Uint8Array[] {
  const all = Buffer.from(frames.join(""));
  const cuts: Uint8Array[] = [];
  for (let at = 0; at < all.length; at += bytes) cuts.push(all.subarray(at, at + bytes));
  return cuts;
}

/** In a stream of Anthropic, a ping passes the end of a block. */
const inOrder = (frames: readonly string[]): string[] => {
  const at = frames.indexOf(event("ping"));
  const stop = frames[at - 1];
  return at > 0 && stop !== undefined ? frames.with(at - 1, event("ping")).with(at, stop) : [...frames];
};

describe.each(Object.entries(streams))("a stream of %s", (_name, { call, frames, footer: frame, after }) => {
  const kept = inOrder(frames);
  const wanted = [...kept.slice(0, -after), frame, ...kept.slice(-after)].join("");

  it("says it after its last word, and passes all else on as it came", async () => {
    expect(await streamed(call, frames)).toBe(wanted);
    expect(await streamed(call, [frames.join("")])).toBe(wanted);
  });

  it.each([1, 2, 3, 7, 50])("however it is cut: every %i bytes", async (bytes) => {
    expect(await textOf(streamOf(call, sourceOf(cutEvery(frames, bytes)).body))).toBe(wanted);
  });

  it("also when its last line has no end, and when it is at hand as one piece", async () => {
    const open = [...frames.slice(0, -1), frames.at(-1)?.trimEnd() ?? ""];
    expect(await streamed(call, open)).toBe(wanted.trimEnd());

    const reply = replyOf(typeFor(call), Buffer.from(frames.join("")));
    expect(Buffer.from(withFooter(reply, call, footer).body as Uint8Array).toString()).toBe(wanted);
  });

  it("is not held back by more than one frame", async () => {
    const { body, waiting } = sourceOf(frames);
    let passed = "";
    for await (const bytes of streamOf(call, body)) {
      passed += Buffer.from(bytes).toString();
      const read = frames.slice(0, frames.length - waiting.length);
      expect(read.filter((one) => !passed.includes(one)).length).toBeLessThanOrEqual(1);
    }
    expect(passed).toBe(wanted);
  });

  it("passes an error on after what came before it, without half a frame and without a footer", async () => {
    const failure = new ProxyError("upstream_broken", "gone");
    const before = frames.slice(0, -after);
    const { body } = sourceOf([...before, frames.at(-1)?.slice(0, 5) ?? "", failure]);
    let passed = "";

    const reading = (async () => {
      for await (const bytes of streamOf(call, body)) passed += Buffer.from(bytes).toString();
    })();

    await expect(reading).rejects.toBe(failure);
    expect(passed).toBe(kept.slice(0, -after).join(""));
  });

  it("is left when its reader leaves, begun or not", async () => {
    const [begun, fresh] = [sourceOf(frames), sourceOf(frames)];
    const iterator = streamOf(call, begun.body)[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.return?.();
    await streamOf(call, fresh.body)[Symbol.asyncIterator]().return?.();

    expect([begun.left, fresh.left]).toEqual([["left"], ["left"]]);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });
});

describe("a stream whose last frame has text of its own", () => {
  it.each<[string, Asked, string[]]>([
    ["Ollama", chat, [line("H"), line("Hi", end)]],
    ["Ollama, in one line", generate, [piece("Hi", end)]],
    ["OpenAI", v1Chat, [chunk({ delta: { content: "Hi" }, finish_reason: "stop" }), "data: [DONE]\n\n"]],
    ["OpenAI", completions, [chunk({ text: "Hi", finish_reason: "stop" })]],
  ])("says it there: %s", async (_name, call, frames) => {
    expect(await streamed(call, frames)).toBe(frames.join("").replace('"Hi"', `"Hi${added.slice(1)}`));
  });
});

describe("a stream is left as it is", () => {
  const tool = { function: { name: "f", arguments: {} } };
  it.each<[string, Asked, string[]]>([
    [
      "with tools",
      chat,
      [line("Hi"), line("", { message: { content: "", tool_calls: [tool] } }), line("", end)],
    ],
    [
      "with tools in its last line",
      chat,
      [line("Hi"), line("", { ...end, message: { tool_calls: [tool] } })],
    ],
    ["that is cut", chat, [line("Hi"), line("", { ...end, done_reason: "length" })]],
    ["without text", chat, [line("", { message: { content: "", thinking: "hm" } }), line("", end)]],
    ["with an error", chat, [line("Hi"), '{"error":"no"}\n', line("", end)]],
    ["without an end", chat, [line("Hi")]],
    [
      "with tools",
      v1Chat,
      [
        chunk({ delta: { content: "Hi" } }),
        chunk({ delta: { tool_calls: [tool] } }),
        chunk({ delta: {}, finish_reason: "stop" }),
      ],
    ],
    [
      "that is cut",
      v1Chat,
      [chunk({ delta: { content: "Hi" } }), chunk({ delta: {}, finish_reason: "length" })],
    ],
    [
      "without text",
      v1Chat,
      [chunk({ delta: { content: "" } }), chunk({ delta: {}, finish_reason: "stop" })],
    ],
    [
      "with several choices",
      v1Chat,
      [
        chunk({ index: 1, delta: { content: "Hi" } }),
        chunk({ delta: { content: "Hi" }, finish_reason: "stop" }),
      ],
    ],
    [
      "with tools",
      messages,
      [...block(0, "text", text("Hi")), ...block(1, "tool_use"), ...block(2, "text"), endTurn],
    ],
    ["that ends in a thought", messages, [...block(0, "text", text("Hi")), ...block(1, "thinking"), endTurn]],
    [
      "that is cut",
      messages,
      [...block(0, "text", text("Hi")), event("message_delta", { delta: { stop_reason: "max_tokens" } })],
    ],
    ["without text", messages, [...block(0, "text"), endTurn]],
    ["that breaks off after a block", messages, block(0, "text", text("Hi"))],
    [
      "without an end of its text",
      responses,
      [event("response.output_text.delta", { delta: "Hi" }), event("response.completed", { response: {} })],
    ],
    ["that breaks off", responses, responseEvents("Hi", 4).slice(0, -1)],
    ["that is cut", responses, responseEvents("Hi", 4, { status: "incomplete" })],
    ["that calls tools", responses, responseEvents("Hi", 4, {}, [{ type: "function_call" }])],
    ["without frames", messages, []],
  ])("%s: %j %j", async (_name, call, frames) => {
    expect(await streamed(call, frames)).toBe(frames.join(""));
    expect(await textOf(streamOf(call, sourceOf(cutEvery(frames, 5)).body))).toBe(frames.join(""));
  });

  it("when it has no frames that are known", () => {
    const { body } = sourceOf(['{"response":"Hi",', '"done":true}']);

    expect(withFooter(replyOf("application/json", body), generate, footer).body).toBe(body);
  });
});

describe("a stream of /v1/responses", () => {
  const seen = async (frames: readonly string[]): Promise<Record<string, unknown>[]> =>
    (await streamed(responses, frames))
      .split("\n\n")
      .filter((frame) => frame !== "")
      .map((frame) => JSON.parse(frame.replace(/^event: \S+\ndata: /, "")) as Record<string, unknown>);
  const said = `Hi there\n\n${footer}`;

  it("says it in a delta more, and wherever it repeats its text", async () => {
    const events = await seen(responseEvents("Hi there", 4));

    expect(events.flatMap(({ delta }) => (typeof delta === "string" ? [delta] : [])).join("")).toBe(said);
    expect(events.map(({ sequence_number: number }) => number)).toEqual([4, 5, 6, 7, 8, 9, 10]);
    expect(events[2]).toMatchObject({
      type: "response.output_text.delta",
      item_id: "msg_1",
      content_index: 0,
    });
    expect(events[3]).toMatchObject({ type: "response.output_text.done", text: said });
    expect(events[4]).toMatchObject({ part: { text: said } });
    expect(events[5]).toMatchObject({ item: { content: [{ text: said }] } });
    expect(events[6]).toMatchObject({ response: { output: [{ content: [{ text: said }] }] } });
  });

  it("waits for nothing but its end: what comes before a second text goes out as it is", async () => {
    const [first, second] = [responseEvents("One", 0).slice(0, -1), responseEvents("Two", 5)];

    const events = await seen([...first, ...second]);

    expect(events.slice(0, 5).map((one) => JSON.stringify(one))).toEqual(
      first.map((frame) => frame.trim().replace(/^event: \S+\ndata: /, "")),
    );
    expect(events.at(-1)).toMatchObject({
      response: { output: [{ content: [{ text: `Two\n\n${footer}` }] }] },
    });
  });
});
