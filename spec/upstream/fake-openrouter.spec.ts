import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Agent, request } from "undici";
import { eventually } from "../support/daemon.ts";
import { startFakeOpenRouter, type FakeOpenRouter } from "../support/fake-openrouter.ts";
import { atto, costNanoUsd, priceFor } from "../support/fake-openrouter/bill.ts";
import { fakeCatalogue, longPromptTokens } from "../support/fake-openrouter/catalogue.ts";
import type { Complaint, Fault } from "../support/fake-openrouter/faults.ts";
import type { Detail } from "../support/fake-openrouter/wire.ts";

let fake: FakeOpenRouter;
let dispatcher: Agent;
const noonMs = Date.UTC(2026, 7, 1, 12);
let nowMs = noonMs;

beforeEach(async () => {
  nowMs = noonMs;
  fake = await startFakeOpenRouter({ epochMs: () => nowMs });
  dispatcher = new Agent();
});

afterEach(async () => {
  await fake.stop();
  await dispatcher.destroy();
});

// The loose shape of what comes over the wire: the assertions are about its members.
interface Answer {
  readonly id?: string;
  readonly model?: string;
  readonly error?: {
    readonly code?: unknown;
    readonly message?: string;
    readonly metadata?: Record<string, unknown>;
  };
  readonly choices?: readonly {
    readonly finish_reason: string | null;
    readonly error?: { readonly code: unknown };
    readonly delta?: Message;
    readonly message?: Message;
  }[];
  readonly usage?: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
    readonly cost: number;
    readonly prompt_tokens_details: { readonly cached_tokens: number };
    readonly completion_tokens_details: { readonly reasoning_tokens: number };
  };
  readonly data?: unknown;
}

interface Message {
  readonly role?: string;
  readonly content?: string | null;
  readonly reasoning?: string;
  readonly reasoning_details?: readonly Detail[];
  readonly tool_calls?: readonly {
    readonly id?: string;
    readonly type?: string;
    readonly function: { readonly name?: string; readonly arguments: string };
  }[];
}

const mini = "openai/gpt-4o-mini";
const claude = "anthropic/claude-sonnet-4.5";
const r1 = "deepseek/deepseek-r1";
const pro = "openai/gpt-5-pro";
const authorization = "Bearer sk-or-v1-test";

const saying = (content: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  model: mini,
  messages: [{ role: "user", content }],
  ...more,
});

function send(path: string, body?: unknown, signal?: AbortSignal) {
  return request(`${fake.url}${path}`, {
    dispatcher,
    method: body === undefined ? "GET" : "POST",
    headers: { authorization, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function ask(
  path: string,
  body?: unknown,
): Promise<{ status: number; headers: Record<string, unknown>; answer: Answer }> {
  const reply = await send(path, body);
  return { status: reply.statusCode, headers: reply.headers, answer: (await reply.body.json()) as Answer };
}

const chat = (body: unknown) => ask("/chat/completions", body);

interface Stream {
  readonly text: string;
  /** The parsed events, without [DONE]. */
  readonly events: readonly Answer[];
  readonly failure: unknown;
}

/** Reads a stream to its end, however that comes about. */
async function stream(body: Record<string, unknown>): Promise<Stream> {
  const reply = await send("/chat/completions", { ...body, stream: true });
  let text = "";
  let failure: unknown;
  try {
    for await (const chunk of reply.body) text += (chunk as Buffer).toString("utf8");
  } catch (error) {
    failure = error;
  }
  const data = text.split("\n\n").filter((block) => block.startsWith("data: {"));
  const events = data.flatMap((block) => {
    try {
      return [JSON.parse(block.slice(6)) as Answer];
    } catch {
      return [];
    }
  });
  return { text, events, failure };
}

const deltasOf = ({ events }: Stream): Message[] =>
  events.flatMap((event) => event.choices?.[0]?.delta ?? []);
const contentOf = (all: Stream): string =>
  deltasOf(all)
    .map((delta) => delta.content ?? "")
    .join("");
const finishesOf = ({ events }: Stream): unknown[] =>
  events.flatMap((event) => event.choices?.[0]?.finish_reason ?? []);
const usagesOf = ({ events }: Stream) => events.flatMap((event) => event.usage ?? []);
const billed = (tag: string) => {
  const [entry, ...others] = fake.billOf(tag);
  expect(others).toEqual([]);
  return entry;
};

describe("the lists", () => {
  it("show models with prices as decimal strings, and need no key", async () => {
    const reply = await request(`${fake.url}/models`, { dispatcher });
    const { data } = (await reply.body.json()) as {
      data: { id: string; pricing: Record<string, unknown> }[];
    };

    expect(data.map((model) => model.id)).toContain("meta-llama/llama-3.3-70b-instruct:free");
    expect(data.map((model) => model.id)).not.toContain("qwen/qwen3-embedding-8b");
    expect(data.find((model) => model.id === "openrouter/auto")?.pricing.prompt).toBe("-1");
  });

  it("come in pages for who asks for pages", async () => {
    const first = await ask("/models?offset=0&limit=4");
    const rest = await ask("/models?offset=4&limit=4");

    expect(first.answer).toMatchObject({
      total_count: 6,
      links: { next: "/api/v1/models?offset=4&limit=4" },
    });
    expect(rest.answer).toMatchObject({ data: [{}, {}], links: { next: null } });
  });

  it("keep models that embed apart", async () => {
    expect((await ask("/embeddings/models")).answer.data).toMatchObject([{ id: "qwen/qwen3-embedding-8b" }]);
  });
});

describe("who is let in", () => {
  it.each([undefined, "Bearer wrong", "sk-or-v1-test"])("is nobody with %s", async (given) => {
    const reply = await request(`${fake.url}/key`, {
      dispatcher,
      headers: given === undefined ? {} : { authorization: given },
    });

    expect(reply.statusCode).toBe(401);
    expect(await reply.body.json()).toMatchObject({
      error: { code: 401, metadata: { error_type: "authentication" } },
    });
  });

  it("has what was asked recorded, and nothing below another base", async () => {
    await chat(saying("hello", { provider: { data_collection: "deny" } }));
    const elsewhere = await request(`http://127.0.0.1:${fake.port}/chat/completions`, {
      dispatcher,
      method: "POST",
      headers: { authorization },
      body: JSON.stringify(saying("hello")),
    });
    await elsewhere.body.dump();

    expect(elsewhere.statusCode).toBe(404);
    expect(fake.to("/chat/completions")[0]).toMatchObject({
      method: "POST",
      headers: { authorization },
      body: { model: mini, provider: { data_collection: "deny" } },
      generationId: "gen-1",
    });
  });
});

describe("a stream", () => {
  it("begins with comments and a role, says a word a delta, and ends with finish, usage and [DONE]", async () => {
    const all = await stream(saying("héllo wörld tag-one"));

    expect(all.text.startsWith(": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\ndata: ")).toBe(true);
    expect(all.text.endsWith("\n\ndata: [DONE]\n\n")).toBe(true);
    expect(deltasOf(all)[0]).toEqual({ role: "assistant", content: "" });
    expect(contentOf(all)).toBe("You said: héllo wörld tag-one");
    expect(finishesOf(all)).toEqual(["stop"]);
    expect(all.events.at(-1)).toMatchObject({
      id: "gen-1",
      choices: [],
      // 3 words at 150 and 5 at 600 nano-dollars.
      usage: { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8, cost: 0.00000345 },
    });
    expect(billed("tag-one")).toMatchObject({ model: mini, costNanoUsd: 3_450, ended: "clean" });
  });

  it("says the same as a whole answer", async () => {
    const streamed = await stream(saying("the same"));
    const { answer, headers } = await chat(saying("the same"));

    expect(answer.choices).toMatchObject([
      { finish_reason: "stop", message: { role: "assistant", content: contentOf(streamed) } },
    ]);
    expect(answer.usage).toEqual(usagesOf(streamed)[0]);
    expect(headers["x-generation-id"]).toBe(answer.id);
  });

  it("stops at max_tokens and at a stop word", async () => {
    const short = await stream(saying("one two three tag-short", { max_tokens: 3 }));
    const stopped = await stream(saying("one two three", { stop: ["two"] }));

    expect([contentOf(short), finishesOf(short)]).toEqual(["You said: one ", ["length"]]);
    expect(billed("tag-short")?.outputTokens).toBe(3);
    expect([contentOf(stopped), finishesOf(stopped)]).toEqual(["You said: one ", ["stop"]]);
  });

  it("answers in JSON when that is asked for", async () => {
    const schema = {
      type: "object",
      properties: {
        said: { type: "string" },
        mood: { enum: ["calm", "wild"] },
        marks: { type: "array", items: { type: "integer" } },
      },
    };
    const shaped = await stream(
      saying("hello", { response_format: { type: "json_schema", json_schema: { name: "out", schema } } }),
    );
    const loose = await stream(saying("hello", { response_format: { type: "json_object" } }));

    expect(JSON.parse(contentOf(shaped))).toEqual({ said: "You said: hello", mood: "calm", marks: [1] });
    expect(JSON.parse(contentOf(loose))).toEqual({ answer: "You said: hello" });
  });
});

describe("thoughts and tools", () => {
  const tools = [{ type: "function", function: { name: "get_weather", parameters: {} } }];
  const question = { role: "user", content: "the weather in Paris? tag-tool" };
  const asking = { model: claude, messages: [question], tools, reasoning: { effort: "high" } };

  it("come in both forms, and count as output", async () => {
    const all = await stream(saying("hello tag-r1", { model: r1 }));
    const thoughts = deltasOf(all)
      .map((delta) => delta.reasoning ?? "")
      .join("");
    const details = deltasOf(all).flatMap((delta) => delta.reasoning_details ?? []);

    expect(thoughts).toBe("Let me think about what was said. ");
    expect(details.map((detail) => detail.text ?? "").join("")).toBe(thoughts);
    expect(details.at(-1)?.signature).toEqual(expect.any(String));
    expect(usagesOf(all)[0]).toMatchObject({
      completion_tokens: 11,
      completion_tokens_details: { reasoning_tokens: 7 },
    });
    // 2 words at 550.5 and 11 at 2190.1 nano-dollars: 25192.1.
    expect(billed("tag-r1")?.costNanoUsd).toBe(25_192);
  });

  it("are only where they are asked for or cannot be left out", async () => {
    const silent = await chat(saying("hello", { model: claude }));
    const asked = await chat(saying("hello", { model: claude, reasoning: { max_tokens: 100 } }));
    const excluded = await chat(
      saying("hello", { model: claude, reasoning: { effort: "low", exclude: true } }),
    );
    const refused = await chat(saying("hello", { model: r1, reasoning: { enabled: false } }));

    expect(silent.answer.choices?.[0]?.message).not.toHaveProperty("reasoning");
    expect(asked.answer.choices?.[0]?.message?.reasoning).toContain("Let me think");
    expect(excluded.answer.choices?.[0]?.message).not.toHaveProperty("reasoning_details");
    expect(excluded.answer.usage?.completion_tokens_details.reasoning_tokens).toBe(7);
    expect(refused.status).toBe(400);
  });

  it("come in pieces: the name first, the arguments in three", async () => {
    const all = await stream(asking);
    const pieces = deltasOf(all).flatMap((delta) => delta.tool_calls ?? []);

    expect(pieces.map((piece) => piece.function.name)).toEqual([
      "get_weather",
      undefined,
      undefined,
      undefined,
    ]);
    expect(pieces.map((piece) => piece.id === undefined)).toEqual([false, true, true, true]);
    expect(JSON.parse(pieces.map((piece) => piece.function.arguments).join(""))).toEqual({ city: "Paris" });
    expect(finishesOf(all)).toEqual(["tool_calls"]);
  });

  it("are told to have come back unchanged, as one block or in the pieces that were sent", async () => {
    const all = await stream(asking);
    const pieces = deltasOf(all).flatMap((delta) => delta.reasoning_details ?? []);
    const whole = await chat(asking);
    const message = whole.answer.choices?.[0]?.message;
    const id = deltasOf(all).flatMap((delta) => delta.tool_calls ?? [])[0]?.id;
    const call = { id, type: "function", function: { name: "get_weather", arguments: '{"city":"Paris"}' } };
    const result = (turn: unknown, callId: unknown) => ({
      ...asking,
      messages: [question, turn, { role: "tool", tool_call_id: callId, content: "11 degrees" }],
    });
    expect(fake.echoedReasoning).toBeUndefined();

    const answer = await chat(
      result({ role: "assistant", tool_calls: [call], reasoning_details: pieces }, id),
    );
    expect(answer.answer.choices?.[0]?.message?.content).toBe("The tool said: 11 degrees");
    expect(fake.echoedReasoning).toBe(true);
    await chat(result({ role: "assistant", tool_calls: [call], reasoning: "Let me think" }, id));
    expect(fake.echoedReasoning).toBe(false);
    await chat(result(message, message?.tool_calls?.[0]?.id));
    expect(fake.echoedReasoning).toBe(true);
    const [detail] = message?.reasoning_details ?? [];
    await chat(
      result(
        { ...message, reasoning_details: [{ ...detail, signature: "x" }] },
        message?.tool_calls?.[0]?.id,
      ),
    );
    expect(fake.echoedReasoning).toBe(false);
  });
});

describe("which model answers", () => {
  it("is the next of the list when a provider is down, and that one is billed", async () => {
    fake.down.add(mini);
    const { answer } = await chat(saying("hello tag-next", { models: [mini, "nobody/nothing", claude] }));

    expect(answer.model).toBe(claude);
    expect(billed("tag-next")?.model).toBe(claude);
    expect((await chat(saying("hello"))).status).toBe(503);
  });

  it("is a real one when a router was asked", async () => {
    expect((await chat(saying("hello", { model: "openrouter/auto" }))).answer.model).toBe(mini);
  });

  it("is none above the price limit, in dollars a million tokens", async () => {
    const limited = (max: unknown) => chat(saying("hello", { model: claude, provider: { max_price: max } }));

    expect((await limited({ prompt: "3", completion: 15 })).status).toBe(200);
    expect((await limited({ prompt: 2.99 })).status).toBe(404);
    expect((await limited({ completion: "14.9" })).answer.error).toMatchObject({
      code: 404,
      metadata: { error_type: "not_found" },
      availability: { code: "constraint_filtered" },
    });
  });

  it.each([
    ["an unknown one", 400, { model: "nobody/nothing" }],
    ["one that only embeds", 400, { model: "qwen/qwen3-embedding-8b" }],
    [
      "one that lacks a parameter",
      404,
      {
        model: r1,
        tools: [{ type: "function", function: { name: "f" } }],
        provider: { require_parameters: true },
      },
    ],
    ["one with too small a context", 400, { model: r1, max_tokens: 64_000 }],
    [
      "one without eyes",
      404,
      {
        model: r1,
        messages: [
          {
            role: "user",
            content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AA==" } }],
          },
        ],
      },
    ],
  ])("is not %s", async (_what, status, more) => {
    expect((await chat(saying("hello", more))).status).toBe(status);
    expect(fake.bill.size).toBe(0);
  });

  it.each([
    ["no messages", { messages: [] }],
    ["an unknown role", { messages: [{ role: "robot", content: "hello" }] }],
    [
      "bare base64 as an image",
      { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "AA==" } }] }] },
    ],
    [
      "arguments as an object",
      {
        messages: [
          {
            role: "assistant",
            tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: {} } }],
          },
        ],
      },
    ],
    ["a result for no call", { messages: [{ role: "tool", tool_call_id: "a", content: "x" }] }],
    ["five stop words", { stop: ["a", "b", "c", "d", "e"] }],
    ["no room for an answer", { max_tokens: 0 }],
  ])("is not asked with %s", async (_what, more) => {
    expect((await chat(saying("hello", more))).status).toBe(400);
  });

  it("is not asked in broken JSON", async () => {
    expect((await chat('{"model":')).status).toBe(400);
  });
});

describe("the bill", () => {
  it("counts in integers and rounds once", () => {
    expect(atto("0.00000015")).toBe(150_000_000_000n);
    expect(atto("-1")).toBe(-1_000_000_000_000_000_000n);
    const used = {
      inputTokens: 10,
      cachedTokens: 4,
      writtenTokens: 1,
      outputTokens: 7,
      reasoningTokens: 3,
      images: 2,
    };
    const price = {
      prompt: "0.000001",
      completion: "0.000002",
      input_cache_read: "0.0000001",
      input_cache_write: "0.00000125",
      internal_reasoning: "0.000003",
      image: "0.00001",
      request: "0.001",
    };
    expect(costNanoUsd(price, used)).toBe(5_000 + 400 + 1_250 + 14_000 + 9_000 + 20_000 + 1_000_000);
    expect(costNanoUsd({ ...price, discount: 0.5 }, used)).toBe(524_825);
    expect(costNanoUsd({ prompt: "0.00000000025", completion: "0" }, { ...used, cachedTokens: 0 })).toBe(3);
  });

  it("takes the prices of a long prompt, and of the time of the day, later ones first", () => {
    const pricing = fakeCatalogue.find((model) => model.id === pro)?.pricing ?? {
      prompt: "",
      completion: "",
    };
    const at = (inputTokens: number, hour: number, minute = 0) => {
      const { prompt, completion } = priceFor(pricing, {
        inputTokens,
        epochMs: Date.UTC(2026, 0, 1, hour, minute),
      });
      return [prompt, completion];
    };

    expect(at(longPromptTokens - 1, 12)).toEqual(["0.000015", "0.00012"]);
    expect(at(longPromptTokens, 12)).toEqual(["0.00003", "0.00018"]);
    expect(at(1, 16, 30)).toEqual(["0.0000075", "0.00012"]);
    expect(at(longPromptTokens, 0, 29)).toEqual(["0.0000075", "0.00018"]);
    expect(at(1, 0, 30)).toEqual(["0.000015", "0.00012"]);
  });

  it("has what the answer says, also for an expensive model at a certain time", async () => {
    nowMs = Date.UTC(2026, 7, 1, 20);
    const { answer } = await chat(saying("hello tag-dear", { model: pro }));

    // The request, 2 words at 7500 and 7 + 4 at 120000 nano-dollars.
    expect(billed("tag-dear")?.costNanoUsd).toBe(2_000_000 + 15_000 + 11 * 120_000);
    expect(answer.usage?.cost).toBe(0.003335);
  });

  it("charges less for a prompt whose beginning is known", async () => {
    fake.promptCache = true;
    const system = { role: "system", content: "be brief and kind" };
    const turn = (content: string) => chat({ model: mini, messages: [system, { role: "user", content }] });
    await turn("one");
    const { answer } = await turn("two tag-known");

    expect(answer.usage?.prompt_tokens_details.cached_tokens).toBe(4);
    // 2 words at 150, 4 at 75, 4 at 600.
    expect(billed("tag-known")?.costNanoUsd).toBe(300 + 300 + 2_400);
  });

  it("asks nothing for free models, and sums up for the key and the credits", async () => {
    await chat(saying("hello tag-free", { model: "meta-llama/llama-3.3-70b-instruct:free" }));
    await chat(saying("hello tag-paid"));
    const spent = (billed("tag-paid")?.costNanoUsd ?? 0) / 1e9;

    expect(billed("tag-free")?.costNanoUsd).toBe(0);
    fake.limitUsd = 1;
    expect((await ask("/key")).answer.data).toMatchObject({
      usage: spent,
      limit: 1,
      limit_remaining: 1 - spent,
    });
    expect((await ask("/credits")).answer.data).toEqual({ total_credits: 100, total_usage: spent });
    fake.managesCredits = false;
    expect((await ask("/credits")).status).toBe(403);
    fake.limitUsd = spent;
    expect((await chat(saying("hello"))).answer.error?.metadata).toEqual({
      error_type: "payment_required",
      limit_source: "openrouter_key_limit",
    });
  });

  it("is shown for one generation, some time after it", async () => {
    const { answer } = await chat(saying("hello tag-late"));
    fake.generationMisses = 1;

    expect((await ask(`/generation?id=${answer.id}`)).status).toBe(404);
    const { answer: found } = await ask(`/generation?id=${answer.id}`);
    expect(found.data).toMatchObject({
      id: answer.id,
      total_cost: answer.usage?.cost,
      cancelled: false,
      streamed: false,
    });
    expect((await ask("/generation?id=gen-99")).status).toBe(404);
  });
});

describe("a client that leaves", () => {
  /** Asks, reads two words, and leaves. */
  async function leave(body: Record<string, unknown>): Promise<void> {
    fake.faults = [{ kind: "hold", afterDeltas: 2 }];
    const controller = new AbortController();
    const reply = await send("/chat/completions", { ...body, stream: true }, controller.signal);
    let text = "";
    const reading = (async () => {
      for await (const chunk of reply.body) {
        text += (chunk as Buffer).toString("utf8");
        if (text.includes("said: ")) controller.abort();
      }
    })();
    await expect(reading).rejects.toThrow(/abort/i);
    await eventually(() => fake.bill.size === 1, "the bill was written");
  }

  it("pays for the words said so far", async () => {
    await leave(saying("one two three tag-left"));

    expect(billed("tag-left")).toMatchObject({
      outputTokens: 2,
      costNanoUsd: 4 * 150 + 2 * 600,
      ended: "cancelled",
    });
    expect((await ask("/generation?id=gen-1")).answer.data).toMatchObject({
      cancelled: true,
      native_tokens_completion: 2,
    });
  });

  it("pays for all of them where the provider goes on", async () => {
    fake.billsAfterCancel.add(mini);
    await leave(saying("one two three tag-left"));

    expect(billed("tag-left")).toMatchObject({
      outputTokens: 6,
      costNanoUsd: 4 * 150 + 6 * 600,
      ended: "cancelled",
    });
  });

  it.each<[string, Fault, number]>([
    ["pays for all of an answer that is not streamed", { kind: "hold", afterDeltas: 0 }, 300 + 4 * 600],
    ["pays nothing when nothing had begun", { kind: "hang" }, 0],
  ])("%s", async (_what, fault, costNanoUsd) => {
    fake.faults = [fault];
    const controller = new AbortController();
    const sending = send("/chat/completions", saying("one tag-whole"), controller.signal);
    const failed = expect(sending).rejects.toThrow(/abort/i);
    await eventually(() => fake.seen[0]?.generationId !== undefined, "the request arrived");
    controller.abort();
    await failed;
    await eventually(() => fake.bill.size === 1, "the bill was written");

    expect(billed("tag-whole")?.costNanoUsd).toBe(costNanoUsd);
  });
});

describe("what goes wrong before an answer", () => {
  it.each<[Complaint, string]>([
    [{ status: 400, errorType: "context_length_exceeded" }, "context_length_exceeded"],
    [{ status: 401 }, "authentication"],
    [{ status: 403 }, "permission_denied"],
    [{ status: 404 }, "not_found"],
    [{ status: 408 }, "timeout"],
    [{ status: 413 }, "payload_too_large"],
    [{ status: 422 }, "unprocessable"],
    [{ status: 429, retryAfterS: 7, headers: { "x-ratelimit-remaining": "0" } }, "rate_limit_exceeded"],
    [{ status: 500, errorType: "unmapped" }, "unmapped"],
    [{ status: 502 }, "provider_unavailable"],
    [{ status: 503, retryAfterS: 3 }, "provider_overloaded"],
    [{ status: 529, retryAfterS: 3 }, "provider_overloaded"],
  ])("is an error with a status: %o", async (complaint, errorType) => {
    fake.faults = [{ kind: "http", ...complaint }];
    const { status, headers, answer } = await chat(saying("hello tag-bad"));

    expect(status).toBe(complaint.status);
    expect(answer.error).toMatchObject({ code: complaint.status, metadata: { error_type: errorType } });
    expect(headers["retry-after"]).toBe(complaint.retryAfterS?.toString());
    expect(billed("tag-bad")).toMatchObject({ costNanoUsd: 0, ended: "error" });
    expect((await chat(saying("hello"))).status).toBe(200);
  });

  it.each(["openrouter_in_flight_budget", "openrouter_key_limit", "openrouter_credits"] as const)(
    "is a 402 for %s",
    async (limitSource) => {
      fake.faults = [{ kind: "http", status: 402, limitSource }];
      expect((await chat(saying("hello"))).answer.error?.metadata).toMatchObject({
        limit_source: limitSource,
      });
    },
  );

  it("is an error with status 200, in either shape", async () => {
    fake.faults = [
      { kind: "error-in-200", status: 502 },
      {
        kind: "error-in-200",
        status: 503,
        shape: "flat",
        availability: { code: "temporarily_unavailable", retryable: true },
      },
    ];
    const usual = await chat(saying("hello", { stream: true }));
    const flat = await chat(saying("hello"));

    expect([usual.status, usual.answer.error?.code]).toEqual([200, 502]);
    expect([flat.status, flat.answer.error]).toEqual([
      200,
      {
        error_type: "provider_overloaded",
        http_status: 503,
        message: "Provider overloaded",
        availability: { code: "temporarily_unavailable", retryable: true },
      },
    ]);
  });

  it("is a page of the edge", async () => {
    fake.faults = [{ kind: "html", status: 524 }];
    const reply = await send("/chat/completions", saying("hello"));

    expect([reply.statusCode, reply.headers["content-type"]]).toEqual([524, "text/html; charset=UTF-8"]);
    expect(await reply.body.text()).toContain("<html>");
  });

  it.each([
    ["cut-before-headers", "UND_ERR_SOCKET"],
    ["reset-before-headers", "ECONNRESET"],
  ] as const)("is a connection with %s", async (kind, code) => {
    fake.faults = [{ kind }];
    await expect(send("/chat/completions", saying("hello"))).rejects.toMatchObject({ code });
  });

  it("is silence until it is released", async () => {
    fake.faults = [{ kind: "hang" }];
    const sending = chat(saying("hello"));
    await eventually(() => fake.seen[0]?.generationId !== undefined, "the request arrived");
    expect(fake.bill.size).toBe(0);
    fake.release();

    expect((await sending).status).toBe(200);
  });

  it("can be chosen for every path by a function", async () => {
    fake.faults = ({ path }, nth) =>
      path === "/models" && nth === 1 ? { kind: "http", status: 500 } : undefined;

    const statuses = [];
    for (const path of ["/models", "/key", "/models", "/models"]) statuses.push((await ask(path)).status);
    expect(statuses).toEqual([200, 200, 500, 200]);
  });
});

describe("what goes wrong in a stream", () => {
  const three = saying("one two three tag-stream");

  it.each([
    ["cut", "UND_ERR_SOCKET"],
    ["reset", "ECONNRESET"],
  ] as const)("is a connection that is %s after so many deltas", async (kind, code) => {
    fake.faults = [{ kind, afterDeltas: 3 }];
    const all = await stream(three);

    expect(all.failure).toMatchObject({ code });
    expect([contentOf(all), finishesOf(all)]).toEqual(["You said: one ", []]);
    expect(billed("tag-stream")).toMatchObject({ outputTokens: 3, costNanoUsd: 600 + 1_800, ended: "cut" });
  });

  it.each([
    [429, "rate_limit_exceeded", {}],
    ["server_error", "server", { code: "server_error", status: 500 }],
  ])("is an event with the error %s", async (code, errorType, more) => {
    fake.faults = [{ kind: "error-midway", status: 429, afterDeltas: 2, ...more }];
    const all = await stream(three);

    expect(all.failure).toBeUndefined();
    expect(all.events.at(-1)).toMatchObject({
      error: { code, metadata: { error_type: errorType } },
      choices: [{ delta: { content: "" }, finish_reason: "error" }],
    });
    expect(all.text).not.toContain("[DONE]");
    expect(billed("tag-stream")).toMatchObject({ outputTokens: 2, ended: "error" });
  });

  it("costs nothing when it is before the first word", async () => {
    fake.faults = [{ kind: "error-midway", status: 502 }];
    expect(contentOf(await stream(three))).toBe("");
    expect(billed("tag-stream")).toMatchObject({ outputTokens: 0, costNanoUsd: 0, ended: "error" });
  });

  it("is an end without a finish", async () => {
    fake.faults = [{ kind: "end-early", afterDeltas: 99 }];
    const all = await stream(three);

    expect([contentOf(all), finishesOf(all), usagesOf(all), all.failure]).toEqual([
      "You said: one two three tag-stream",
      [],
      [],
      undefined,
    ]);
    expect(all.text).not.toContain("[DONE]");
    expect(billed("tag-stream")?.ended).toBe("cut");
  });

  it("is an answer that says nothing, not even why, and costs nothing", async () => {
    fake.faults = [{ kind: "blank" }];
    const all = await stream(three);

    expect([contentOf(all), finishesOf(all)]).toEqual(["", []]);
    expect(usagesOf(all)[0]).toMatchObject({ completion_tokens: 0, cost: 0 });
    expect(billed("tag-stream")?.costNanoUsd).toBe(0);
  });

  it.each([
    ["no-done", 1, false, [[]]],
    ["no-usage", 0, true, []],
    ["usage-in-finish", 1, true, [[{}]]],
  ] as const)("is an unusual end: %s", async (kind, usages, done, choices) => {
    fake.faults = [{ kind }];
    const all = await stream(three);

    expect(finishesOf(all)).toEqual(["stop"]);
    expect(usagesOf(all)).toHaveLength(usages);
    expect(all.text.includes("[DONE]")).toBe(done);
    expect(
      all.events.filter((event) => event.usage !== undefined).map((event) => event.choices),
    ).toMatchObject(choices);
    expect(billed("tag-stream")).toMatchObject({ outputTokens: 6, ended: "clean" });
  });

  it("is an event that is no JSON", async () => {
    fake.faults = [{ kind: "garbage", afterDeltas: 1 }];
    const all = await stream(three);

    const broken = all.text
      .split("\n\n")
      .filter((block) => block.startsWith("data: {") && !isJson(block.slice(6)));
    expect(broken).toHaveLength(1);
    expect(contentOf(all)).toBe("You said: one two three tag-stream");
  });

  it("is a crowd of comments", async () => {
    fake.faults = [{ kind: "comments", count: 30 }];
    const all = await stream(three);

    expect(all.text.startsWith(": OPENROUTER PROCESSING\n\n".repeat(30))).toBe(true);
    expect(all.text.match(/^: /gm)).toHaveLength(36);
    expect(contentOf(all)).toBe("You said: one two three tag-stream");
  });

  it("is comments for ever, until released", async () => {
    fake.faults = [{ kind: "comments-for-ever", everyMs: 1 }];
    const reply = await send("/chat/completions", { ...three, stream: true });
    let text = "";
    for await (const chunk of reply.body) {
      text += (chunk as Buffer).toString("utf8");
      if ((text.match(/^: /gm)?.length ?? 0) > 5 && !text.includes("data: ")) fake.release();
    }

    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(billed("tag-stream")?.ended).toBe("clean");
  });

  it("is time between the words", async () => {
    fake.faults = [{ kind: "slow", betweenMs: 5 }];
    const beganMs = performance.now();

    expect(contentOf(await stream(three))).toBe("You said: one two three tag-stream");
    expect(performance.now() - beganMs).toBeGreaterThan(20);
  });

  it("ends with the server", async () => {
    fake.faults = [{ kind: "hold", afterDeltas: 1 }, { kind: "hang" }];
    const standing = stream(three);
    const hanging = expect(chat(saying("hello"))).rejects.toMatchObject({ code: "UND_ERR_SOCKET" });
    await eventually(() => fake.seen.length === 2, "both requests arrived");
    await fake.stop();

    await hanging;
    expect((await standing).failure).toBeDefined();
    expect(fake.openConnections()).toBe(0);
    fake = await startFakeOpenRouter();
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe("what goes wrong in a whole answer", () => {
  it("is an error in the choice, with what was said until then", async () => {
    fake.faults = [{ kind: "error-midway", status: 502, afterDeltas: 2 }];
    const { status, answer } = await chat(saying("one two tag-choice"));

    expect(status).toBe(200);
    expect(answer.choices).toMatchObject([
      { finish_reason: "error", error: { code: 502 }, message: { content: "You said: " } },
    ]);
    expect(billed("tag-choice")).toMatchObject({ outputTokens: 2, ended: "error" });
  });

  it.each([
    ["cut", "UND_ERR_SOCKET"],
    ["reset", "ECONNRESET"],
  ] as const)("is a body that is %s, and paid for", async (kind, code) => {
    fake.faults = [{ kind, afterDeltas: 0 }];
    const reply = await send("/chat/completions", saying("one two tag-half"));

    await expect(reply.body.text()).rejects.toMatchObject({ code });
    expect(billed("tag-half")).toMatchObject({ outputTokens: 5, ended: "cut" });
  });

  it.each([
    { kind: "garbage", afterDeltas: 0 },
    { kind: "end-early", afterDeltas: 0 },
  ] as const)("is no JSON: $kind", async (fault) => {
    fake.faults = [fault];
    const reply = await send("/chat/completions", saying("hello"));

    expect([reply.statusCode, isJson(await reply.body.text())]).toEqual([200, false]);
  });
});

describe("vectors", () => {
  const model = "qwen/qwen3-embedding-8b";
  const embed = async (more: Record<string, unknown>) => {
    const { answer } = await ask("/embeddings", { model, ...more });
    return { answer, data: (answer.data ?? []) as { index: number; embedding: number[] & string }[] };
  };

  it("are the same for the same text, in numbers and in bytes", async () => {
    const { data, answer } = await embed({ input: ["one two tag-vec", "three"] });
    const { data: bytes } = await embed({ input: "three", encoding_format: "base64", dimensions: 8 });

    expect(data.map((one) => [one.index, one.embedding.length])).toEqual([
      [0, 8],
      [1, 8],
    ]);
    expect(data[0]?.embedding).not.toEqual(data[1]?.embedding);
    const decoded = Buffer.from(bytes[0]?.embedding ?? "", "base64");
    expect(Array.from({ length: 8 }, (_, index) => decoded.readFloatLE(index * 4))).toEqual(
      data[1]?.embedding,
    );
    expect(answer.usage).toEqual({ prompt_tokens: 4, total_tokens: 4, cost: 0.00000004 });
    expect(billed("tag-vec")).toMatchObject({ model, inputTokens: 4, costNanoUsd: 40, ended: "clean" });
  });

  it("are made of tokens, too, and not by models that chat", async () => {
    expect((await embed({ input: [[1, 2, 3], [4]] })).answer.usage).toMatchObject({ prompt_tokens: 4 });
    expect((await embed({ input: "x", model: mini })).answer.error).toMatchObject({ code: 400 });
    fake.faults = [{ kind: "http", status: 429 }];
    expect((await embed({ input: "x tag-no" })).answer.error).toMatchObject({ code: 429 });
    expect(billed("tag-no")?.costNanoUsd).toBe(0);
  });
});
