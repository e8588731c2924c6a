import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProxyError } from "../../../src/core/error.ts";
import { createFold, type ChatResult, type StreamEvent } from "../../../src/core/event.ts";
import { readAnswer, type Reader } from "../../../src/upstream/openai/reader.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

type Wire = Readonly<Record<string, unknown>> | string;

const sse = "text/event-stream";

interface Heard {
  readonly progress: () => number;
  readonly reader: Reader;
}

function listen(chunks: readonly Uint8Array[], contentType = sse): Heard {
  let received = 0;
  const watch = { received: () => void received++, wanted: () => undefined, stop: () => undefined };
  const body = (async function* () {
    yield* chunks;
  })();
  const reply = { status: 200, headers: { "content-type": contentType }, body };
  const reader = readAnswer(reply, {
    upstream: "llama",
    model: "tiny",
    clock: createFakeClock(),
    sentMs: 0,
    watch,
    countTokens: (text) => Promise.resolve(text.length),
    asked: () => "four",
  });
  return { reader, progress: () => received };
}

const bytesOf = (events: readonly Wire[]): Buffer =>
  Buffer.from(
    events.map((one) => `data: ${typeof one === "string" ? one : JSON.stringify(one)}\n\n`).join(""),
  );

async function eventsOf({ reader }: Heard): Promise<StreamEvent[]> {
  const all: StreamEvent[] = [];
  for await (const { events } of reader.pieces) all.push(...events);
  return all;
}

async function resultOf(heard: Heard): Promise<ChatResult> {
  const whole = createFold();
  for (const event of await eventsOf(heard)) whole.add(event);
  const result = whole.result();
  if (result === undefined) throw new Error("there was no finish");
  return result;
}

const read = (...events: Wire[]): Promise<ChatResult> => resultOf(listen([bytesOf(events)]));

async function failureOf(...events: Wire[]): Promise<ProxyError> {
  const thrown: unknown = await read(...events).catch((error: unknown) => error);
  if (thrown instanceof ProxyError) return thrown;
  throw new Error(`it gave ${JSON.stringify(thrown)}`);
}

const delta = (said: object, finish: string | null = null): Wire => ({
  id: "gen-1",
  model: "m",
  choices: [{ index: 0, delta: said, finish_reason: finish }],
});
const stop = (reason = "stop"): Wire => delta({}, reason);
const calls = (...pieces: unknown[]): Wire => delta({ tool_calls: pieces });
const done = "[DONE]";

describe("what an answer says", () => {
  it("is its deltas put together; roles, nulls and empty texts say nothing", async () => {
    const heard = listen([
      bytesOf([
        delta({ role: "assistant", content: null }),
        delta({ content: "" }),
        delta({ content: "Hi" }),
      ]),
      bytesOf([delta({ content: " 🦙" }), stop(), done]),
    ]);

    expect(await resultOf(heard)).toMatchObject({
      text: "Hi 🦙",
      thinking: "",
      toolCalls: [],
      reason: "stop",
    });
  });

  it.each(["reasoning", "reasoning_content"])("is thought where the delta says %s", async (name) => {
    const result = await read(delta({ [name]: "hm", content: "" }), delta({ content: "Hi" }), stop());

    expect(result).toMatchObject({ thinking: "hm", text: "Hi" });
  });

  it("is not thought twice where both names, and details, tell the same thought", async () => {
    const details = [{ type: "reasoning.text", text: "hm" }];

    const result = await read(
      delta({ reasoning: "hm", reasoning_content: "hm", reasoning_details: details }),
      stop(),
    );

    expect(result.thinking).toBe("hm");
  });

  it.each([
    ["stop", "stop"],
    ["eos", "stop"],
    ["length", "length"],
    ["tool_calls", "tools"],
    ["function_call", "tools"],
  ])("ends with %s as %s", async (said, meant) => {
    expect((await read(delta({ content: "x" }), stop(said), done)).reason).toBe(meant);
  });

  it("is read from a whole answer where a stream was asked for", async () => {
    const whole = {
      id: "chatcmpl-1",
      choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 3, completion_tokens: 1 },
    };

    const heard = listen([Buffer.from(JSON.stringify(whole))], "application/json");

    expect(await resultOf(heard)).toMatchObject({ text: "Hi", usage: { inputTokens: 3, outputTokens: 1 } });
  });

  it("is read from completions, and from llama-server's own stream without a marker at its end", async () => {
    const completion = { choices: [{ index: 0, text: "Hi", finish_reason: "stop" }] };
    expect((await read(completion, done)).text).toBe("Hi");

    const native = [
      { content: "H", stop: false },
      { content: "i", stop: false },
      { content: "", stop: true, stop_type: "limit", timings: { prompt_n: 3, cache_n: 1, predicted_n: 2 } },
    ];
    expect(await read(...native)).toMatchObject({
      text: "Hi",
      reason: "length",
      usage: { inputTokens: 4, outputTokens: 2 },
    });
  });

  it("carries the probabilities of its tokens, and of nothing else about them", async () => {
    const token = { id: 7, token: "Hi", logprob: -0.5, bytes: [72, 105], x: 1 };
    const logprobs = { content: [{ ...token, top_logprobs: [{ ...token, token: "Ho" }] }] };
    const spoken = { choices: [{ index: 0, delta: { content: "Hi" }, logprobs, finish_reason: null }] };

    const { logprobs: given } = await read(spoken, stop());

    expect(given).toEqual([
      {
        token: "Hi",
        logprob: -0.5,
        bytes: [72, 105],
        top_logprobs: [{ token: "Ho", logprob: -0.5, bytes: [72, 105] }],
      },
    ]);
  });
});

const weather = { id: "c1", name: "weather", arguments: '{"city":"Paris"}' };
const time = { id: "c2", name: "time", arguments: '{"zone":"CET"}' };

const called = (name: string | undefined, said: unknown = ""): object => ({
  ...(name === undefined ? {} : { name }),
  arguments: said,
});

describe("tool calls", () => {
  const one = { index: 0, id: "c1", type: "function" };
  const other = { index: 1, id: "c2", type: "function" };

  const spellings: Readonly<Record<string, readonly Wire[]>> = {
    "in pieces": [
      calls({ ...one, function: called("weather") }),
      calls({ index: 0, function: called(undefined, '{"city":') }),
      calls({ index: 0, function: called(undefined, '"Paris"}') }),
      calls({ ...other, function: called("time") }),
      calls({ index: 1, function: called(undefined, '{"zone":"CET"}') }),
    ],
    "whole, each in one delta": [
      calls({ ...one, function: called("weather", weather.arguments) }),
      calls({ ...other, function: called("time", time.arguments) }),
    ],
    "whole, both in one delta": [
      calls(
        { ...one, function: called("weather", weather.arguments) },
        { ...other, function: called("time", time.arguments) },
      ),
    ],
    "with pieces that take turns": [
      calls({ ...one, function: called("weather") }, { ...other, function: called("time") }),
      calls({ index: 1, function: called(undefined, '{"zone":') }),
      calls({ index: 0, function: called(undefined, '{"city":"Paris"') }),
      calls({ index: 1, function: called(undefined, '"CET"}') }),
      calls({ index: 0, function: called(undefined, "}") }),
    ],
    "the second of which comes first": [
      calls({ ...other, function: called("time", time.arguments) }),
      calls({ ...one, function: called("weather", weather.arguments) }),
    ],
    "without an index": [
      calls({ id: "c1", function: called("weather") }),
      calls({ function: called(undefined, weather.arguments) }),
      calls({ id: "c2", function: called("time") }),
      calls({ function: called(undefined, time.arguments) }),
    ],
    "without an index, known by their id": [
      calls({ id: "c1", function: called("weather") }, { id: "c2", function: called("time") }),
      calls({ id: "c2", function: called(undefined, time.arguments) }),
      calls({ id: "c1", function: called(undefined, weather.arguments) }),
    ],
    "without an index, the id before the name": [
      calls({ id: "c1" }),
      calls({ function: called("weather", weather.arguments) }),
      calls({ id: "c2" }),
      calls({ function: called("time", time.arguments) }),
    ],
    "that repeat their id and their name": [
      calls({ ...one, function: called("weather", '{"city":') }),
      calls({ ...one, function: called("weather", '"Paris"}') }),
      calls({ ...other, function: called("time", '{"zone":') }),
      calls({ ...other, function: called("time", '"CET"}') }),
    ],
    "that repeat their id and their name, without an index": [
      calls({ id: "c1", function: called("weather", '{"city":') }),
      calls({ id: "c1", function: called("weather", '"Paris"}') }),
      calls({ id: "c2", function: called("time", '{"zone":') }),
      calls({ id: "c2", function: called("time", '"CET"}') }),
    ],
    "whose names come in pieces": [
      calls({ ...one, function: called("wea") }),
      calls({ index: 0, function: called("ther", weather.arguments) }),
      calls({ ...other, function: called("ti") }),
      calls({ index: 1, function: called("me", time.arguments) }),
    ],
    "with objects for arguments": [
      calls({ ...one, function: called("weather", { city: "Paris" }) }),
      calls({ ...other, function: called("time", { zone: "CET" }) }),
    ],
    "that all say they are the first": [
      calls({ ...one, function: called("weather", weather.arguments) }),
      calls({ ...other, index: 0, function: called("time", time.arguments) }),
    ],
    "in pieces that all say they belong to the first": [
      calls({ ...one, function: called("weather", '{"city":') }),
      calls({ index: 0, function: called(undefined, '"Paris"}') }),
      calls({ ...other, index: 0, function: called("time", '{"zone":') }),
      calls({ index: 0, function: called(undefined, '"CET"}') }),
    ],
    "beside nulls and empty lists": [
      delta({ content: null, tool_calls: null }),
      delta({ content: "", tool_calls: [] }),
      calls({ ...one, function: called("weather", weather.arguments) }, null),
      delta({ tool_calls: null }),
      calls({ ...other, function: called("time", time.arguments) }),
      delta({ tool_calls: [] }),
    ],
  };

  const finishes = ["tool_calls", "stop", "function_call"];

  it.each(Object.keys(spellings).flatMap((how) => finishes.map((finish) => ({ how, finish }))))(
    "$how are understood, finish $finish",
    async ({ how, finish }) => {
      const result = await read(...(spellings[how] ?? []), stop(finish), done);

      expect(result.toolCalls).toEqual([weather, time]);
      expect(result.reason).toBe("tools");
    },
  );

  it("without ids and indexes are one when the name is repeated while its arguments are not whole", async () => {
    const result = await read(
      calls({ function: called("weather", '{"city":') }),
      calls({ function: called("weather", '"Paris"}') }),
      calls({ function: called("weather", '{"city":"Rome"}') }),
      stop(),
    );

    expect(result.toolCalls.map((call) => call.arguments)).toEqual(['{"city":"Paris"}', '{"city":"Rome"}']);
  });

  it("beside text and thoughts come after them", async () => {
    const events = await eventsOf(
      listen([
        bytesOf([
          delta({ reasoning: "hm" }),
          calls({ ...one, function: called("weather", weather.arguments) }),
          delta({ content: "I look." }),
          stop("tool_calls"),
        ]),
      ]),
    );

    expect(events.map(({ type }) => type)).toEqual(["thinking-delta", "text-delta", "tool-call", "finish"]);
  });

  it.each(["", "  \n", null])("without arguments (%j) have none", async (said) => {
    const result = await read(calls({ ...one, function: called("weather", said) }), stop(), done);

    expect(result.toolCalls).toEqual([{ ...weather, arguments: "{}" }]);
  });

  it("keep the digits of their numbers", async () => {
    const text = '{"n":12345678901234567890,"x":1.0}';

    const result = await read(calls({ ...one, function: called("f", text) }), stop());

    expect(result.toolCalls[0]?.arguments).toBe(text);
  });

  it.each(['{"city":', "[1]", '"Paris"', "3", "weather"])(
    "with %s for arguments are an error",
    async (said) => {
      const error = await failureOf(calls({ ...one, function: called("weather", said) }), stop(), done);

      expect(error).toMatchObject({ code: "upstream_broken", retryable: true });
    },
  );

  it("that the longest answer cut off are left out, and the answer says that it was cut", async () => {
    const result = await read(
      calls({ ...one, function: called("weather", weather.arguments) }),
      calls({ ...other, function: called("time", '{"zone":') }),
      stop("length"),
      done,
    );

    expect(result).toMatchObject({ toolCalls: [weather], reason: "length" });
  });

  it("without a name are an error", async () => {
    const error = await failureOf(calls({ ...one, function: called(undefined, "{}") }), stop(), done);

    expect(error.code).toBe("upstream_broken");
  });

  it("come out whole whatever pieces their arguments are cut into", async () => {
    const json = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean()));
    const cut = fc.array(fc.nat({ max: 60 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(json, cut, fc.boolean(), fc.boolean(), async (said, cuts, withIndex, withId) => {
        const text = JSON.stringify(said);
        const places = [0, ...cuts.map((at) => Math.min(at, text.length)).sort((a, b) => a - b), text.length];
        const parts = places.slice(1).map((end, nth) => text.slice(places[nth], end));
        const pieces = parts.map((part, nth) =>
          calls({
            ...(withIndex ? { index: 0 } : {}),
            ...(withId || nth === 0 ? { id: "c1" } : {}),
            function: called(nth === 0 ? "f" : undefined, part),
          }),
        );

        const result = await read(...pieces, stop("tool_calls"), done);

        expect(result.toolCalls).toHaveLength(1);
        expect(JSON.parse(result.toolCalls[0]?.arguments ?? "")).toEqual(said);
      }),
      { numRuns: 60 },
    );
  });
});

describe("token counts", () => {
  const usage = (input: number, output: number): object => ({
    prompt_tokens: input,
    completion_tokens: output,
  });
  const counting = (counts: object): Wire => ({ id: "gen-1", choices: [], usage: counts });
  const finishing = (more: object): Wire => ({
    choices: [{ index: 0, delta: {}, finish_reason: "stop" }],
    ...more,
  });
  const text = delta({ content: "Hi" });

  it("are read from the finish, and from a chunk without choices", async () => {
    const wanted = { inputTokens: 5, outputTokens: 2 };

    expect((await read(text, finishing({ usage: usage(5, 2) }), done)).usage).toEqual(wanted);
    expect((await read(text, stop(), counting(usage(5, 2)), done)).usage).toEqual(wanted);
  });

  it("are the last ones that were told, never a sum", async () => {
    const result = await read(
      { ...(text as object), usage: usage(5, 1) },
      finishing({ usage: usage(5, 2) }),
      counting(usage(5, 3)),
      done,
    );

    expect(result.usage).toEqual({ inputTokens: 5, outputTokens: 3 });
  });

  it("are not forgotten over a null", async () => {
    const result = await read(text, finishing({ usage: usage(5, 2) }), { choices: [], usage: null }, done);

    expect(result.usage).toEqual({ inputTokens: 5, outputTokens: 2 });
  });

  it("tell what was cached, thought, and what it cost", async () => {
    const counts = {
      ...usage(194, 20),
      prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 30 },
      completion_tokens_details: { reasoning_tokens: 8 },
      cost: 0.00042,
    };

    expect((await read(text, stop(), counting(counts), done)).usage).toEqual({
      inputTokens: 194,
      outputTokens: 20,
      cachedTokens: 100,
      cacheWriteTokens: 30,
      reasoningTokens: 8,
      costNanoUsd: 420_000,
    });
  });

  it("are read from x_groq, which says them twice", async () => {
    const counts = { ...usage(5, 2), queue_time: 0.1, prompt_time: 0.01, completion_time: 0.02 };
    const first = { ...(text as object), x_groq: { id: "req_1" } };

    const once = await read(first, finishing({ x_groq: { id: "req_1", usage: counts } }), done);
    const twice = await read(
      first,
      finishing({ x_groq: { id: "req_1", usage: counts } }),
      { choices: [], usage: counts, x_groq: { usage: counts } },
      done,
    );

    expect(once.usage).toEqual({ inputTokens: 5, outputTokens: 2 });
    expect(twice.usage).toEqual(once.usage);
  });

  it("and times are read from llama-server's timings, in either chunk", async () => {
    const timings = { cache_n: 2, prompt_n: 3, prompt_ms: 1.5, predicted_n: 4, predicted_ms: 8 };
    const inFinish = await read(text, finishing({ timings }), done);
    const inUsage = await read(text, stop(), { choices: [], usage: usage(5, 4), timings }, done);

    expect(inFinish.usage).toEqual({ inputTokens: 5, outputTokens: 4, cachedTokens: 2 });
    expect(inUsage.usage).toMatchObject({ inputTokens: 5, outputTokens: 4 });
    for (const { timings: told } of [inFinish, inUsage])
      expect(told).toMatchObject({ inputNs: 1_500_000, outputNs: 8_000_000 });
  });

  it("are estimated, and said to be, where nobody tells them", async () => {
    const result = await read(delta({ reasoning: "hm" }), text, stop(), done);

    expect(result.usage).toEqual({ inputTokens: 4, outputTokens: 4, isEstimated: true });
  });

  it("that are nonsense count as none", async () => {
    const result = await read(text, stop(), counting({ prompt_tokens: -1, completion_tokens: "x" }), done);

    expect(result.usage).toEqual({ inputTokens: 0, outputTokens: 0 });
  });
});

describe("an error in an answer", () => {
  const text = delta({ content: "Hi" });

  it.each<[string, Wire, object]>([
    ["with a number", { error: { code: 429, message: "slow" } }, { code: "upstream_busy", status: 429 }],
    ["with a number as text", { error: { code: "429", message: "slow" } }, { code: "upstream_busy" }],
    [
      "with a word that says what it is",
      { error: { code: "rate_limit_exceeded", message: "slow" } },
      { code: "upstream_busy", status: 429 },
    ],
    ["with another word", { error: { code: "server_error", message: "oops" } }, { code: "upstream_failed" }],
    [
      "known by its type alone",
      { error: { message: "oops", metadata: { error_type: "provider_overloaded" } } },
      { code: "upstream_busy" },
    ],
    [
      "whose type stands in the open",
      { error: { message: "oops", error_type: "payment_required", http_status: 402 } },
      { code: "upstream_unpaid" },
    ],
    ["that is a text", { error: "oops" }, { code: "upstream_failed", message: "oops" }],
    [
      "of llama-server",
      { error: { code: 500, message: "oops", type: "server_error" } },
      { code: "upstream_failed" },
    ],
    [
      "of an older vLLM",
      { object: "error", message: "bad thing", type: "BadRequestError", param: null, code: 400 },
      { code: "upstream_rejected", status: 400 },
    ],
    [
      "of Groq",
      { error: { message: "no tool", type: "invalid_request_error", code: "tool_use_failed" } },
      { code: "upstream_rejected", status: 400 },
    ],
    [
      "about the context",
      { error: { code: 400, message: "too long", type: "exceed_context_size_error", n_ctx: 8 } },
      { code: "context_overflow", status: 400 },
    ],
    [
      "beside a choice",
      {
        error: { code: 502, message: "gone", metadata: { error_type: "provider_unavailable" } },
        choices: [{ index: 0, delta: { content: "" }, finish_reason: "error" }],
      },
      { code: "upstream_failed", message: "gone" },
    ],
    [
      "inside a choice",
      {
        choices: [
          { index: 0, delta: { content: "" }, error: { code: 503, message: "x" }, finish_reason: "error" },
        ],
      },
      { code: "upstream_busy" },
    ],
    ["without a word", stop("error"), { code: "upstream_failed" }],
  ])("%s is one, before and after the first word", async (_name, event, wanted) => {
    expect(await failureOf(event)).toMatchObject(wanted);
    expect(await failureOf(text, event)).toMatchObject(wanted);
    expect(await failureOf(text, event, stop(), done)).toMatchObject(wanted);
  });

  it("is not there where error is null", async () => {
    expect((await read({ ...(text as object), error: null }, stop(), done)).text).toBe("Hi");
  });

  it.each(["{", "null", "[]", '"text"', "7", "<html>"])("is an event that is %s", async (event) => {
    expect(await failureOf(text, event, stop(), done)).toMatchObject({ code: "upstream_broken" });
  });

  it.each<[string, readonly Wire[]]>([
    ["nothing at all", []],
    ["a marker alone", [done]],
    ["a text", [text]],
    ["a text and a marker", [text, done]],
    ["counts", [text, { choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } }, done]],
  ])("is an end after %s, without a finish", async (_name, events) => {
    expect(await failureOf(...events)).toMatchObject({ code: "upstream_broken" });
  });

  it("never is a missing marker behind a finish", async () => {
    expect((await read(text, stop())).text).toBe("Hi");
  });

  it("never says more of a malformed event than that it is one", async () => {
    expect((await failureOf("{secret prompt")).message).toBe("upstream llama sent a malformed event");
  });
});

describe("progress", () => {
  it("is what was said, not comments, roles, counts and empty deltas", async () => {
    const heard = listen([
      Buffer.from(": OPENROUTER PROCESSING\n\n".repeat(30)),
      Buffer.from(":\n\n"),
      bytesOf([delta({ role: "assistant", content: "" })]),
      bytesOf([{ choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } }]),
      bytesOf([{ choices: [], prompt_progress: { total: 2, processed: 1 } }]),
      bytesOf([delta({ content: "Hi" })]),
      bytesOf([stop()]),
    ]);

    expect((await resultOf(heard)).text).toBe("Hi");
    expect(heard.progress()).toBe(1);
  });
});

describe("bytes", () => {
  const streams: Readonly<Record<string, Buffer>> = {
    chat: Buffer.concat([
      Buffer.from(": OPENROUTER PROCESSING\n\n"),
      bytesOf([
        delta({ role: "assistant", content: null }),
        delta({ reasoning: "hm… " }),
        delta({ content: "Grüße, 🦙 €" }),
        calls({ index: 0, id: "c1", function: called("weather", '{"city":') }),
        calls({ index: 0, function: called(undefined, '"Köln"}') }),
        stop("tool_calls"),
        { choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } },
        done,
      ]),
    ]),
    "lines that end as on Windows, names of events, and data without a space": Buffer.from(
      `: x\r\nevent: message\r\nid: 1\r\ndata:${JSON.stringify(delta({ content: "Grüße 🦙" }))}\r\n\r\n` +
        `retry: 5\r\ndata:${JSON.stringify(stop())}\r\n\r\ndata: [DONE] \r\n\r\n`,
    ),
    "an event in two lines, and a last one without its blank line": Buffer.from(
      `data: {"choices":[{"delta":\ndata: {"content":"é"}}]}\n\ndata: ${JSON.stringify(stop())}`,
    ),
    "an error": bytesOf([delta({ content: "é" }), { error: { code: 502, message: "gone" } }]),
  };

  const told = async (chunks: readonly Uint8Array[]): Promise<unknown> => {
    const heard = listen(chunks);
    const events: StreamEvent[] = [];
    try {
      for await (const piece of heard.reader.pieces) events.push(...piece.events);
    } catch (thrown) {
      // What else came in the same piece as an error is not told any more; the error is what counts.
      return (thrown as ProxyError).message;
    }
    return events;
  };

  it.each(Object.keys(streams))("split anywhere say the same: %s", async (name) => {
    const bytes = streams[name] ?? Buffer.alloc(0);
    const whole = await told([bytes]);
    expect(whole).not.toEqual([]);

    for (let at = 0; at <= bytes.length; at++)
      expect(await told([bytes.subarray(0, at), bytes.subarray(at)]), `split at ${at}`).toEqual(whole);
    const places = fc.array(fc.nat({ max: bytes.length }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(places, async (cuts) => {
        const sorted = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const chunks = sorted.slice(1).map((end, nth) => bytes.subarray(sorted[nth], end));

        expect(await told(chunks)).toEqual(whole);
      }),
      { numRuns: 50 },
    );
    expect(await told([...bytes].map((byte) => Buffer.from([byte])))).toEqual(whole);
  });

  it("after a byte order mark are read all the same", async () => {
    const marked = Buffer.concat([
      Buffer.from([0xef, 0xbb, 0xbf]),
      bytesOf([delta({ content: "Hi" }), stop()]),
    ]);

    expect((await resultOf(listen([marked]))).text).toBe("Hi");
  });

  it("beyond what an event may have are refused, and not kept", async () => {
    const chunks = Array.from({ length: 90 }, () => Buffer.alloc(100_000, "x"));

    const thrown: unknown = await told([Buffer.from("data: "), ...chunks]);

    expect(thrown).toMatch(/malformed answer/);
  });

  it("of ten thousand events in one piece are all read", async () => {
    const many = Array.from({ length: 10_000 }, () => delta({ content: "a" }));

    expect((await read(...many, stop())).text).toHaveLength(10_000);
  });
});

describe("a tool call that is being written", () => {
  const piece = (said: string): Wire =>
    calls({ index: 0, id: "c1", function: { name: "f", arguments: said } });

  it("is progress, although it is told at the end", async () => {
    const heard = listen([
      bytesOf([piece('{"a":')]),
      bytesOf([calls({ index: 0, function: { arguments: "1}" } })]),
      Buffer.from(": keep-alive\n\n"),
      bytesOf([stop("tool_calls"), done]),
    ]);

    await resultOf(heard);

    expect(heard.progress()).toBe(2);
  });

  it("is left out when the answer was cut off at its longest, and those before it stay", async () => {
    const first = calls({ index: 0, id: "c1", function: { name: "f", arguments: "{}" } });
    const second = calls({ index: 1, id: "c2", function: { name: "g", arguments: '{"a":' } });

    const result = await read(first, second, stop("length"), done);

    expect(result.reason).toBe("length");
    expect(result.toolCalls.map(({ name }) => name)).toEqual(["f"]);
    expect((await failureOf(first, second, stop("tool_calls"), done)).code).toBe("upstream_broken");
  });
});

describe("what an answer cost", () => {
  const usage = (more: object): Wire => ({
    choices: [],
    usage: { prompt_tokens: 1, completion_tokens: 1, ...more },
  });

  it.each([
    [{ cost: 0.000_42 }, 420_000],
    [{ cost: 0.000_000_000_1 }, 1],
    [{ cost: 0.001, is_byok: true, cost_details: { upstream_inference_cost: 0.02 } }, 21_000_000],
    [{ cost: 0.001, is_byok: false, cost_details: { upstream_inference_cost: 0.02 } }, 1_000_000],
    [{ cost: 0.001, is_byok: true, cost_details: { upstream_inference_cost: null } }, 1_000_000],
  ])("is all that somebody charges: %j", async (told, nanoUsd) => {
    const result = await read(delta({ content: "x" }), stop(), usage(told), done);

    expect(result.usage.costNanoUsd).toBe(nanoUsd);
  });
});
