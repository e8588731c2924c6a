import fc from "fast-check";
import { endOf } from "../support/answer-end.ts";
import { describe, expect, it } from "vitest";
import type { DialectName, Operation } from "../../src/core/call.ts";
import { ProxyError } from "../../src/core/error.ts";
import { type ChatResult, fold, type StreamEvent } from "../../src/core/event.ts";
import type { ReplyNames } from "../../src/dialect/dialect.ts";
import { dialects } from "../../src/dialect/dialects.ts";
import { encodeStream } from "../../src/dialect/encode.ts";
import { encodeLoad } from "../../src/dialect/ollama/stream.ts";
import { linesOf } from "../../src/lib/framing.ts";
import { isObject, type Json, type JsonObject } from "../../src/lib/json.ts";

const endpoints: readonly (readonly [DialectName, Operation])[] = [
  ["ollama", "generate"],
  ["ollama", "chat"],
  ["openai", "completions"],
  ["openai", "chat"],
  ["anthropic", "messages"],
];

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "\n",
        "\n\n",
        "\u2028",
        "\u2029",
        "\u0085",
        "data: [DONE]\n\n",
        '"done":true',
        '{"error":"x"}',
        "é🦙",
      ),
      fc.string({ unit: "binary", maxLength: 6 }),
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(""));

const finish = fc.record({
  type: fc.constant("finish" as const),
  reason: fc.constantFrom("stop" as const, "length" as const),
  usage: fc.record({ inputTokens: fc.integer({ min: 1, max: 9_999 }), outputTokens: fc.nat({ max: 9_999 }) }),
  timings: fc.record({ totalNs: fc.nat(), loadNs: fc.nat(), inputNs: fc.nat(), outputNs: fc.nat() }),
});

const delta: fc.Arbitrary<StreamEvent> = text.map((one) => ({ type: "text-delta", text: one }));

const generation: fc.Arbitrary<StreamEvent[]> = fc
  .tuple(fc.array(delta, { maxLength: 6 }), finish)
  .map(([deltas, last]) => deltas.concat(last));

const words = text.filter((one) => one !== "");
const thought: fc.Arbitrary<StreamEvent> = words.map((one) => ({ type: "thinking-delta", text: one }));
const word: fc.Arbitrary<StreamEvent> = words.map((one) => ({ type: "text-delta", text: one }));

const toolCall: fc.Arbitrary<StreamEvent> = fc
  .record({
    id: fc.option(fc.stringMatching(/^call_[a-z0-9]{1,8}$/), { nil: undefined }),
    name: fc.stringMatching(/^[a-z_]{1,12}$/),
    arguments: fc
      .dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 })
      .map((value) => JSON.stringify(value)),
  })
  .map((call) => ({ type: "tool-call", call }));

/** Thoughts, then words, then calls, as models give them. */
const orderly: fc.Arbitrary<StreamEvent[]> = fc
  .tuple(
    fc.array(thought, { maxLength: 3 }),
    fc.array(word, { maxLength: 3 }),
    fc.array(toolCall, { maxLength: 3 }),
    finish,
  )
  .map(([thoughts, deltas, calls, last]) => thoughts.concat(deltas, calls, last));

/** Without what a stream and a whole answer cannot have in common. */
const comparable = (dialect: DialectName, value: JsonObject): unknown => {
  const text = JSON.stringify(value);
  const parsed = JSON.parse(text.replaceAll(/"(?:toolu|call)_[0-9a-f]{24}"/g, '"made"')) as JsonObject;
  // A stream of OpenAI's says chunk where a whole answer does not, and the place of each call.
  return JSON.parse(
    JSON.stringify(parsed, (key: string, inner: unknown) => {
      if (dialect === "openai" && (key === "index" || key === "object")) return undefined;
      return inner;
    }),
  );
};
const reply = (operation: Operation): fc.Arbitrary<ReplyNames> =>
  fc.record({
    operation: fc.constant(operation),
    model: fc.oneof(fc.constantFrom("tiny", " TINY:latest "), text),
    createdMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    id: fc.string({ minLength: 1, maxLength: 6 }),
    streamUsage: fc.constant(true),
  });

async function* streamOf<Item>(items: readonly Item[]): AsyncGenerator<Item, void, undefined> {
  yield* items;
}

async function encoded(
  dialect: DialectName,
  events: readonly StreamEvent[],
  names: ReplyNames,
): Promise<Buffer[]> {
  const got: Buffer[] = [];
  for await (const frame of encodeStream(dialects[dialect], streamOf(events), names))
    got.push(Buffer.from(frame));
  return got;
}

/** The JSON objects of some frames, read as a client would. */
function values(dialect: DialectName, frames: readonly Uint8Array[]): JsonObject[] {
  return frames
    .flatMap((frame) => linesOf(frame))
    .filter((line) => dialect === "ollama" || line.startsWith("data: {"))
    .map((line) => JSON.parse(dialect === "ollama" ? line : line.slice(6)) as JsonObject);
}

const at = (value: Json | undefined, ...path: (string | number)[]): Json | undefined =>
  path.reduce<Json | undefined>((inner, key) => {
    if (Array.isArray(inner)) return inner[Number(key)];
    return isObject(inner) ? inner[key] : undefined;
  }, value);

/** What a whole answer says, whatever its dialect. */
function said(dialect: DialectName, { operation }: ReplyNames, whole: JsonObject): Json[] {
  const paths: Readonly<Record<DialectName, (string | number)[][]>> = {
    ollama: [
      operation === "chat" ? ["message", "content"] : ["response"],
      ["done_reason"],
      ["prompt_eval_count"],
      ["eval_count"],
      ["total_duration"],
      ["model"],
      ["created_at"],
    ],
    openai: [
      operation === "chat" ? ["choices", 0, "message", "content"] : ["choices", 0, "text"],
      ["choices", 0, "finish_reason"],
      ["usage", "prompt_tokens"],
      ["usage", "completion_tokens"],
      ["usage", "total_tokens"],
      ["model"],
      ["created"],
      ["id"],
    ],
    anthropic: [
      ["content", 0, "text"],
      ["stop_reason"],
      ["usage", "input_tokens"],
      ["usage", "output_tokens"],
      ["model"],
      ["id"],
      ["role"],
    ],
  };
  return paths[dialect].map((path) => at(whole, ...path) ?? null);
}

/** What a client makes of a stream, as the whole answer it amounts to. */
function assembled(dialect: DialectName, { operation }: ReplyNames, all: readonly JsonObject[]): JsonObject {
  const joined = (...path: (string | number)[]): string =>
    all
      .map((one) => at(one, ...path))
      .filter((part) => typeof part === "string")
      .join("");
  const last = all.at(-1) ?? {};
  if (dialect === "ollama") {
    return operation === "chat"
      ? { ...last, message: { content: joined("message", "content") } }
      : { ...last, response: joined("response") };
  }
  if (dialect === "openai") {
    const finish_reason = all.map((one) => at(one, "choices", 0, "finish_reason")).findLast(Boolean) ?? null;
    const choice: JsonObject =
      operation === "chat"
        ? { message: { content: joined("choices", 0, "delta", "content") }, finish_reason }
        : { text: joined("choices", 0, "text"), finish_reason };
    return { ...last, choices: [choice] };
  }
  const end = all.find((one) => one.type === "message_delta") ?? {};
  const start = at(all[0], "message");
  return {
    ...(isObject(start) ? start : {}),
    content: [{ type: "text", text: joined("delta", "text") }],
    stop_reason: at(end, "delta", "stop_reason") ?? null,
    usage: end.usage ?? null,
  };
}

describe.each(endpoints)("%s %s", (dialect, operation) => {
  const wire = dialects[dialect];

  it("says in a whole answer what the stream amounts to", async () => {
    await fc.assert(
      fc.asyncProperty(generation, reply(operation), async (events, names) => {
        const result = (await fold(streamOf(events))) as ChatResult;
        const whole = JSON.parse(Buffer.from(wire.encodeResult(result, names)).toString()) as JsonObject;

        const stream = values(dialect, await encoded(dialect, events, names));

        expect(said(dialect, names, assembled(dialect, names, stream))).toEqual(said(dialect, names, whole));
        expect(said(dialect, names, whole)).not.toContain(null);
      }),
    );
  });

  it("writes whole frames of JSON that hold no line separator", async () => {
    await fc.assert(
      fc.asyncProperty(generation, reply(operation), async (events, names) => {
        for (const one of await encoded(dialect, events, names)) {
          const written = one.toString();
          const frames =
            wire.frame === "line" ? /^(?:[^\n]+\n)+$/ : /^(?:(?:event: \w+\n)?data: [^\n]+\n\n)+$/;
          expect(written).toMatch(frames);
          expect(written).not.toMatch(/[\u0085\u2028\u2029\r]/);
          for (const line of written
            .split("\n")
            .filter((text) => text !== "" && !text.startsWith("event: "))) {
            const json = wire.frame === "line" ? line : line.slice("data: ".length);
            expect(json === "[DONE]" || isObject(JSON.parse(json))).toBe(true);
          }
        }
      }),
    );
  });

  it("streams what folds into the whole answer: thoughts, words and tool calls", async () => {
    await fc.assert(
      fc.asyncProperty(orderly, reply(operation), async (events, names) => {
        const result = (await fold(streamOf(events))) as ChatResult;
        const stream = Buffer.concat(await encoded(dialect, events, names));
        const whole = JSON.parse(Buffer.from(wire.encodeResult(result, names)).toString()) as JsonObject;

        const folded = wire.replay.foldStream(stream, operation);

        expect(folded && comparable(dialect, folded)).toEqual(comparable(dialect, whole));
      }),
    );
  });

  it("recognizes its own end, whole and streamed, and its own tokens", async () => {
    await fc.assert(
      fc.asyncProperty(generation, reply(operation), async (events, names) => {
        const result = (await fold(streamOf(events))) as ChatResult;
        const want = { complete: true, error: undefined, usage: result.usage };

        expect(wire.decodeEnd(Buffer.concat(await encoded(dialect, events, names)), operation)).toEqual(want);
        expect(endOf(wire, Buffer.from(wire.encodeResult(result, names)).toString(), operation)).toEqual(
          want,
        );
      }),
    );
  });

  it("never takes a stream without its last event for a whole one", async () => {
    await fc.assert(
      fc.asyncProperty(generation, reply(operation), async (events, names) => {
        const cut = await encoded(dialect, events.slice(0, -1), names);

        for (let many = 0; many <= cut.length; many++) {
          const tail = Buffer.concat(cut.slice(0, many));
          expect(wire.decodeEnd(tail, operation)).toMatchObject({ complete: false, error: undefined });
        }
      }),
    );
  });

  it("recognizes its own error in the middle of a stream", async () => {
    await fc.assert(
      fc.asyncProperty(generation, reply(operation), text, async (events, names, message) => {
        fc.pre(message !== "");
        const cut = await encoded(dialect, events.slice(0, -1), names);
        const failed = wire.encodeStreamError(new ProxyError("upstream_broken", message));

        const got = wire.decodeEnd(Buffer.concat([...cut, failed]), operation);

        expect(got).toMatchObject({ complete: true, error: message });
      }),
    );
  });

  it.each([
    ["invalid_request", "application/json; charset=utf-8"],
    ["model_not_found", dialect === "ollama" ? "application/json; charset=utf-8" : "application/json"],
  ] as const)("answers %s as its own server does", (code, contentType) => {
    const got = wire.encodeError(new ProxyError(code, "a\u2028<b>"));

    expect(got.contentType).toBe(contentType);
    expect(got.body.endsWith("\n")).toBe(contentType === "application/json");
    expect(got.body).not.toContain("\u2028");
    const { error } = JSON.parse(got.body) as { error: unknown };
    expect(error).toEqual(
      dialect === "ollama" ? "a\u2028<b>" : expect.objectContaining({ message: "a\u2028<b>" }),
    );
  });
});

describe("the end of an answer", () => {
  it.each<[string, DialectName, Operation, boolean, string | undefined]>([
    ["", "ollama", "chat", false, undefined],
    ['{"done":false}\n', "ollama", "chat", false, undefined],
    ['{"done":true}\n', "ollama", "chat", true, undefined],
    ['{"done":"true"}\n', "ollama", "chat", false, undefined],
    ['{"done":true}\n{"do', "ollama", "chat", false, undefined],
    ['{"done":false}\n{"error":"boom"}\n', "ollama", "chat", true, "boom"],
    ['{"error":{"message":"boom"}}\n', "ollama", "chat", true, "unknown error"],
    ['{"status":"pulling manifest"}\n', "ollama", "pull", false, undefined],
    ['{"status":"writing manifest"}\r\n{"status":"success"}\r\n', "ollama", "pull", true, undefined],
    [
      '{"status":"pulling manifest"}\n{"error":"file does not exist"}\n',
      "ollama",
      "pull",
      true,
      "file does not exist",
    ],
    ['{"embeddings":[]}', "ollama", "embed", true, undefined],
    ["<html>502</html>", "ollama", "embed", false, undefined],
    ["", "openai", "chat", false, undefined],
    ["data: [DONE]\n\n", "openai", "chat", true, undefined],
    ["data:[DONE]\r\n\r\n", "openai", "chat", true, undefined],
    ["data: [DON", "openai", "chat", false, undefined],
    [": ping\n\n", "openai", "chat", false, undefined],
    [
      'data: {"choices":[{"delta":{"content":"[DONE]"},"finish_reason":null}]}\n\n',
      "openai",
      "chat",
      false,
      undefined,
    ],
    ['data: {"choices":[{"finish_reason":"stop"}]}\n\n', "openai", "chat", true, undefined],
    ['data: {"error":{"message":"boom"}}\n\n', "openai", "chat", true, "boom"],
    ['{"error":"boom"}\n', "openai", "chat", true, "boom"],
    [
      'event: response.completed\ndata: {"type":"response.completed","response":{}}\n\n',
      "openai",
      "responses",
      true,
      undefined,
    ],
    [
      'event: response.in_progress\ndata: {"type":"response.in_progress","response":{"object":"response"}}\n\n',
      "openai",
      "responses",
      false,
      undefined,
    ],
    ['{\n  "choices": [\n    {"finish_reason": "stop"}\n  ]\n}\n', "openai", "chat", true, undefined],
    ['event: message_stop\ndata: {"type":"message_stop"}\n\n', "anthropic", "messages", true, undefined],
    [
      'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\n',
      "anthropic",
      "messages",
      false,
      undefined,
    ],
    [
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"boom"}}\n\n',
      "anthropic",
      "messages",
      true,
      "boom",
    ],
  ])("%j in %s %s is complete: %s, with the error %s", (tail, dialect, operation, complete, error) => {
    expect(endOf(dialects[dialect], tail, operation)).toMatchObject({ complete, error });
  });

  it("counts no tokens that nobody told", () => {
    expect(dialects.openai.decodeEnd(Buffer.from("data: [DONE]\n\n"), "chat").usage).toBeUndefined();
    expect(dialects.openai.decodeEnd(Buffer.from('{"done":true}'), "chat").usage).toBeUndefined();
  });
});

describe("loading a model", () => {
  it.each([
    ["generate", "load", { response: "" }],
    ["chat", "unload", { message: { role: "assistant", content: "" } }],
  ] as const)("by %s is answered with one object: %s", (operation, reason, content) => {
    const names = { operation, model: "Tiny", createdMs: 0, id: "1", streamUsage: true };

    const got = JSON.parse(Buffer.from(encodeLoad(names, reason)).toString()) as unknown;

    expect(got).toEqual({
      model: "Tiny",
      created_at: expect.stringMatching(/^1970-01-01T00:00:00/) as string,
      ...content,
      done: true,
      done_reason: reason,
    });
  });
});
