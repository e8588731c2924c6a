import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Operation } from "../../src/core/call.ts";
import type { Dialect } from "../../src/dialect/dialect.ts";
import { dialects } from "../../src/dialect/dialects.ts";
import type { JsonObject } from "../../src/lib/json.ts";

interface Said {
  readonly text: string;
  readonly thinking: string;
  readonly city: string | undefined;
}

interface Form {
  readonly dialect: Dialect;
  readonly operation: Operation;
  readonly answer: (said: Said) => JsonObject;
}

const ollamaEnd = {
  done: true,
  done_reason: "stop",
  total_duration: 5,
  prompt_eval_count: 3,
  eval_count: 2,
  eval_duration: 1,
};
const ollamaHead = { model: "m", created_at: "2026-01-01T00:00:00Z" };

const forms: Record<string, Form> = {
  "/api/chat": {
    dialect: dialects.ollama,
    operation: "chat",
    answer: ({ text, thinking, city }) => {
      const calls =
        city === undefined
          ? {}
          : { tool_calls: [{ id: "call_1", function: { name: "w", arguments: { city } } }] };
      const thought = thinking === "" ? {} : { thinking };
      return {
        ...ollamaHead,
        message: { role: "assistant", content: text, ...thought, ...calls },
        ...ollamaEnd,
      };
    },
  },
  "/api/generate": {
    dialect: dialects.ollama,
    operation: "generate",
    answer: ({ text, thinking }) => {
      const thought = thinking === "" ? {} : { thinking };
      return { ...ollamaHead, response: text, ...thought, ...ollamaEnd, context: [1, 2] };
    },
  },
  "/v1/chat/completions": {
    dialect: dialects.openai,
    operation: "chat",
    answer: ({ text, thinking, city }) => {
      const call = {
        id: "call_1",
        type: "function",
        function: { name: "w", arguments: JSON.stringify({ city }) },
      };
      const calls = city === undefined ? {} : { tool_calls: [call] };
      const thought = thinking === "" ? {} : { reasoning: thinking };
      const message = { role: "assistant", content: text, ...thought, ...calls };
      const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
      const names = { id: "chatcmpl-1", object: "chat.completion", created: 1, model: "m" };
      return {
        ...names,
        choices: [{ index: 0, message, finish_reason: city === undefined ? "stop" : "tool_calls" }],
        usage,
      };
    },
  },
  "/v1/messages": {
    dialect: dialects.anthropic,
    operation: "messages",
    answer: ({ text, thinking, city }) => {
      const content: JsonObject[] = [];
      if (thinking !== "") content.push({ type: "thinking", thinking });
      content.push({ type: "text", text });
      if (city !== undefined) content.push({ type: "tool_use", id: "toolu_1", name: "w", input: { city } });
      const names = { id: "msg_1", type: "message", role: "assistant", model: "m" };
      const end = {
        stop_reason: city === undefined ? "end_turn" : "tool_use",
        usage: { input_tokens: 3, output_tokens: 2 },
      };
      return { ...names, content, ...end };
    },
  },
};

const reply = (operation: Operation) => ({
  operation,
  model: "asked",
  createdMs: 1_000,
  id: "7",
  streamUsage: true,
});

/** Tool arguments that are text themselves hold no id; every other id and clock is the reply's own in both. */
const same = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (key, inner: unknown) => (key === "index" ? undefined : inner));

const anything = fc.record({
  text: fc.string({ unit: "grapheme" }),
  thinking: fc.string({ unit: "grapheme" }),
  city: fc.option(fc.string({ unit: "grapheme" }), { nil: undefined }),
});

describe.each(Object.entries(forms))("an answer of %s", (_path, { dialect, operation, answer }) => {
  const { replay } = dialect;
  const streamed = (said: Said): string => replay.renderStream(answer(said), reply(operation)) ?? "";
  const hello = { text: "Hello wörld 🦙", thinking: "Hm.", city: undefined };

  it("is the same whether it is given as a stream or whole", () => {
    fc.assert(
      fc.property(anything, (said) => {
        const whole = JSON.parse(replay.renderWhole(answer(said), reply(operation))) as JsonObject;
        const folded = replay.foldStream(Buffer.from(streamed(said)), operation);

        expect(same(folded)).toEqual(same(whole));
      }),
    );
  });

  it("has the names of who asks now, and ids of its own each time", () => {
    const text = streamed({ ...hello, city: "Cusco" });

    expect(text).toContain('"asked"');
    expect(text).not.toMatch(/"m"|call_1|toolu_1|chatcmpl-1|msg_1/);
    const other = replay.renderStream(answer({ ...hello, city: "Cusco" }), { ...reply(operation), id: "8" });
    if (operation !== "generate") expect(other).not.toBe(text);
  });

  it("is judged by what is in it", () => {
    const facts = replay.judgeAnswer(answer(hello), operation);

    expect(facts).toMatchObject({
      finish: "stop",
      text: hello.text,
      hasThinking: true,
      toolCalls: 0,
      inputTokens: 3,
      outputTokens: 2,
      isWhole: true,
    });
  });

  it("is no answer when its stream is cut anywhere, or tells an error", () => {
    const frames = streamed(hello).split(dialect.frame === "line" ? /(?<=\n)/ : /(?<=\n\n)/);

    for (let kept = 0; kept < frames.length; kept++)
      expect(replay.foldStream(Buffer.from(frames.slice(0, kept).join("")), operation)).toBeUndefined();
    const error =
      dialect.frame === "line"
        ? '{"error":"no"}\n'
        : 'event: error\ndata: {"type":"error","error":{"message":"no"}}\n\n';
    const withError = [...frames.slice(0, -1), error, ...frames.slice(-1)].join("");
    expect(replay.foldStream(Buffer.from(withError), operation)).toBeUndefined();
  });

  it("is no answer when its stream says what would be lost", () => {
    const strange = streamed(hello).replace('{"', '{"x_unknown":1,"');

    expect(
      operation === "messages" ? undefined : replay.foldStream(Buffer.from(strange), operation),
    ).toBeUndefined();
  });

  it("may come with carriage returns", () => {
    const text = streamed(hello).replaceAll("\n", "\r\n");

    expect(replay.foldStream(Buffer.from(text), operation)).toBeDefined();
  });
});

it("an OpenAI stream without token counts can be given as a stream only", () => {
  const form = forms["/v1/chat/completions"];
  if (form === undefined) throw new TypeError("there is such a form");
  const { replay } = form.dialect;
  const whole = form.answer({ text: "hi", thinking: "", city: undefined });
  const stream = replay.renderStream(whole, { ...reply("chat"), streamUsage: false }) ?? "";

  const folded = replay.foldStream(Buffer.from(stream), "chat") ?? {};

  expect(replay.judgeAnswer(folded, "chat")).toMatchObject({ isWhole: false, finish: "stop" });
  expect(replay.renderStream(folded, reply("chat"))).toBeUndefined();
});
