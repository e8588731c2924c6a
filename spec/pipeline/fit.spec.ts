import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Call, DialectName, Operation } from "../../src/core/call.ts";
import { dialects } from "../../src/dialect/dialects.ts";
import type { Json, JsonObject } from "../../src/lib/json.ts";
import { createSemaphore } from "../../src/lib/semaphore.ts";
import { loadTokenizer } from "../../src/lib/tokens.ts";
import { createFit, type FitOptions } from "../../src/pipeline/fit.ts";
import { contentOf, measure, surelyFits } from "../../src/pipeline/fit/measure.ts";
import { roomFor, windowOf } from "../../src/pipeline/fit/window.ts";
import type { Candidate, Fitted } from "../../src/upstream/admission.ts";
import { noModels, type ModelList, type Upstream } from "../../src/upstream/upstream.ts";
import { nobody } from "../support/asker.ts";
import { createFakeClock } from "../support/fake-clock.ts";

const key = "registry.ollama.ai/library/tiny:latest";
const clock = createFakeClock();

interface Traits {
  readonly type?: Upstream["type"];
  /** The context that the model is loaded with. */
  readonly loaded?: number;
  /** The largest that it can have. */
  readonly own?: number;
  /** What another kind of upstream says of its context. */
  readonly told?: number;
  readonly remote?: boolean;
}

function candidate({ type = "ollama", loaded, own, told, remote = false }: Traits = {}): Candidate {
  const places = { places: 4, queueMax: 8, waitMs: 1_000, clock };
  const entry: JsonObject = {
    name: "tiny:latest",
    details: own === undefined ? {} : { context_length: own },
    ...(remote ? { remote_host: "https://far.example" } : {}),
  };
  const detail = { id: "tiny", contextTokens: told, lacks: [], price: undefined };
  const models: ModelList = {
    ...noModels,
    byKey: new Map([[key, entry]]),
    details: type === "ollama" ? new Map() : new Map([[key, detail]]),
    loaded: loaded === undefined ? new Map() : new Map([[key, { context_length: loaded }]]),
  };
  const upstream: Upstream = {
    name: "one",
    type,
    isCloud: false,
    takesAnyModel: false,
    trouble: undefined,
    url: undefined,
    configured: true,
    health: {
      state: "up",
      opened: 0,
      succeeded: () => undefined,
      failed: () => undefined,
      retryInMs: () => 0,
      probe: () => Promise.resolve(),
      close: () => undefined,
    },
    inference: createSemaphore(places),
    control: createSemaphore(places),
    models,
    send: () => Promise.reject(new Error("it exists only on paper")),
    refresh: () => Promise.resolve(),
    noteLoaded: () => undefined,
    close: () => undefined,
  };
  return { upstream, target: { key, model: "tiny" } };
}

const routes: Readonly<Record<string, readonly [DialectName, Operation]>> = {
  "/api/chat": ["ollama", "chat"],
  "/api/generate": ["ollama", "generate"],
  "/api/embed": ["ollama", "embed"],
  "/v1/chat/completions": ["openai", "chat"],
  "/v1/completions": ["openai", "completions"],
  "/v1/responses": ["openai", "responses"],
  "/v1/messages": ["anthropic", "messages"],
};

function callOf(path: string, wire: JsonObject): Call {
  const [dialect, operation] = routes[path]!;
  const whole: JsonObject = { model: "tiny", ...wire };
  return {
    id: "1",
    dialect,
    operation,
    method: "POST",
    path,
    raw: Buffer.from(JSON.stringify(whole)),
    wire: whole,
    model: "tiny",
    headers: {},
    pinnedUpstream: undefined,
    asker: nobody,
  };
}

const fitWith = (options: Partial<FitOptions> = {}) =>
  createFit({ policy: "trim", contextTokensMax: 0, replyTokens: 512, ...options });

/** A text of so many tokens: numbers of three digits, each apart from the next. */
const tokens = (count: number): string => "777-".repeat(count / 2);

const user = (count: number, mark = ""): JsonObject => ({ role: "user", content: mark + tokens(count) });
const assistant = (count: number): JsonObject => ({ role: "assistant", content: tokens(count) });

/** A conversation of ten turns of 1000 tokens, with a system message before it and a short question at its end. */
const long: JsonObject[] = [
  { role: "system", content: "Be kind." },
  ...Array.from({ length: 10 }, (_, index) =>
    index % 2 === 0 ? user(1_000, `${index} `) : assistant(1_000),
  ),
  { role: "user", content: "And now?" },
];

const messagesIn = ({ call }: Fitted): Json[] => call.wire["messages"] as Json[];

/** What the bytes of a call say. */
const saidBy = ({ call }: Fitted): unknown => JSON.parse((call.raw as Buffer).toString("utf8"));

const countOf = async (call: Call): Promise<number> => (await measure(contentOf(call))).tokens;

describe("a call that is left as it is", () => {
  it("is the same object when its bytes are fewer than the tokens there is room for, and no promise", () => {
    const call = callOf("/api/chat", { messages: [user(100)] });

    const fitted = fitWith()(call, candidate());

    expect(fitted).not.toBeInstanceOf(Promise);
    expect((fitted as Fitted).call).toBe(call);
    expect((fitted as Fitted).note).toBeUndefined();
  });

  it("is not decoded for that", () => {
    const call = callOf("/v1/messages", { max_tokens: 10, messages: [{ role: "user", content: "Hi" }] });
    const wire = new Proxy(call.wire, {
      get(target, name) {
        if (name === "messages") throw new Error("the messages were read");
        return target[String(name)];
      },
    });

    const fitted = fitWith()({ ...call, wire }, candidate()) as Fitted;

    expect(fitted.note).toBeUndefined();
  });

  it("is told by its letters when it is prose, without the tokenizer", () => {
    const prose = "The llama walks slowly over the high pass, and nobody knows where it goes. ".repeat(90);
    const call = callOf("/api/chat", { messages: [{ role: "user", content: prose }] });
    expect((call.raw as Buffer).length).toBeGreaterThan(4_096);

    const fitted = fitWith({ replyTokens: 100 })(call, candidate());

    expect(fitted).not.toBeInstanceOf(Promise);
    expect((fitted as Fitted).call).toBe(call);
  });

  it("is the same object when it fits after counting", async () => {
    const call = callOf("/api/chat", { messages: [user(2_400)] });

    const fitted = fitWith()(call, candidate());

    expect(fitted).toBeInstanceOf(Promise);
    expect((await fitted).call).toBe(call);
    expect((await fitted).note).toBeUndefined();
  });

  const untouched: readonly [string, Call, Partial<FitOptions>, Traits][] = [
    ["policy off", callOf("/api/chat", { messages: long }), { policy: "off" }, {}],
    ["an embedding", callOf("/api/embed", { input: tokens(9_000) }), { policy: "refuse" }, {}],
    ["truncate: false", callOf("/api/chat", { messages: long, truncate: false }), { policy: "refuse" }, {}],
    ["shift: false", callOf("/api/chat", { messages: long, Shift: false }), { policy: "refuse" }, {}],
    ["raw", callOf("/api/generate", { prompt: tokens(9_000), raw: true }), { policy: "refuse" }, {}],
    ["a load", callOf("/api/generate", { prompt: "", system: tokens(9_000) }), { policy: "refuse" }, {}],
    ["the demo model", callOf("/api/chat", { messages: long }), { policy: "refuse" }, { type: "demo" }],
    [
      "an unknown context",
      callOf("/v1/chat/completions", { messages: long }),
      { policy: "refuse" },
      { type: "openai" },
    ],
    [
      "a model of another host",
      callOf("/api/chat", { messages: long }),
      { policy: "refuse" },
      { remote: true },
    ],
    [
      "a body too large to hold",
      { ...callOf("/api/chat", { messages: long }), raw: Readable.from([]) },
      { policy: "refuse" },
      {},
    ],
    [
      "what only the upstream may understand",
      callOf("/v1/chat/completions", {
        messages: [...long, { role: "user", content: [{ type: "input_audio" }] }],
      }),
      { policy: "refuse" },
      {},
    ],
  ];

  it.each(untouched)("%s", (_, call, options, traits) => {
    const fitted = fitWith(options)(call, candidate(traits)) as Fitted;

    expect(fitted.call).toBe(call);
    expect(fitted.note).toBeUndefined();
  });

  it.each(["truncate", "shift"])("only where %s means something", async (name) => {
    const call = callOf("/v1/chat/completions", { messages: long, [name]: false });

    await expect(
      Promise.resolve(fitWith({ policy: "refuse" })(call, candidate({ loaded: 4_096 }))),
    ).rejects.toMatchObject({
      code: "context_overflow",
    });
  });
});

describe("the window of a candidate", () => {
  const asked = callOf("/api/chat", { options: { num_ctx: 2_048 } });
  const plain = callOf("/api/chat", {});
  const v1 = callOf("/v1/chat/completions", { options: { num_ctx: 2_048 } });

  it.each<[string, Call, Traits, number | undefined]>([
    ["is what the request asks for", asked, { loaded: 8_192 }, 2_048],
    ["is not asked for under /v1", v1, { loaded: 8_192 }, 8_192],
    ["is what the model is loaded with", plain, { loaded: 8_192, own: 131_072 }, 8_192],
    ["is Ollama's smallest default for a model that is not loaded", plain, { own: 131_072 }, 4_096],
    ["is not known under /v1 for a model that is not loaded", v1, { own: 131_072 }, undefined],
    ["is never more than the model has", asked, { own: 1_024 }, 1_024],
    ["is all of it for a model of another host", asked, { own: 131_072, remote: true }, 131_072],
    ["is what another upstream says", asked, { type: "llama-server", told: 32_000 }, 32_000],
    ["is not known where nobody says it", asked, { type: "openrouter" }, undefined],
    ["is of no interest for the demo model", plain, { type: "demo", told: 100 }, undefined],
    ["is not what makes no sense", callOf("/api/chat", { options: { num_ctx: "8k" } }), {}, 4_096],
  ])("%s", (_, call, traits, expected) => {
    expect(windowOf(call, candidate(traits))).toBe(expected);
  });
});

describe("room for the reply", () => {
  it.each<[string, JsonObject]>([
    ["/api/chat", { options: { num_predict: 300 } }],
    ["/api/chat", { options: { num_predict: -1 } }],
    ["/api/generate", { options: { num_predict: 0 } }],
    ["/v1/chat/completions", { max_tokens: 100, max_completion_tokens: 300 }],
    ["/v1/completions", { max_tokens: 300 }],
    ["/v1/responses", { max_output_tokens: 300 }],
    ["/v1/messages", { max_tokens: 300 }],
    ["/v1/messages", {}],
  ])("is the limit that the decoder of %s finds in %j", (path, wire) => {
    const call = callOf(path, wire);
    const { sampling } = dialects[call.dialect].decodeRequest(call.wire, call.operation);

    expect(roomFor(call, 10_000, 512)).toBe(sampling.outputTokensMax ?? 512);
  });

  it("is at most half the window", () => {
    const call = callOf("/v1/messages", { max_tokens: 64_000 });

    expect(roomFor(call, 4_097, 512)).toBe(2_048);
  });
});

describe("what is counted", () => {
  const counted = async (path: string, wire: JsonObject): Promise<number> => countOf(callOf(path, wire));

  it("is every text of a conversation, and a few tokens around each message", async () => {
    const call = { function: { name: "look", arguments: { where: tokens(100) } } };
    const bare = await counted("/api/chat", { messages: [{ role: "assistant", content: "" }] });

    expect(bare).toBe(4);
    expect(await counted("/api/chat", { messages: [user(100), user(100)] })).toBe(208);
    expect(
      await counted("/api/chat", { messages: [{ role: "user", content: "", thinking: tokens(100) }] }),
    ).toBe(104);
    expect(
      await counted("/api/chat", { messages: [{ role: "assistant", content: "", tool_calls: [call] }] }),
    ).toBeGreaterThan(104);
  });

  it("is the system text, tools, suffix and the tokens of a conversation gone before", async () => {
    const tool = { type: "function", function: { name: "look", description: tokens(100), parameters: {} } };
    const blocks = [{ type: "text", text: tokens(100) }];

    expect(await counted("/v1/messages", { system: blocks, messages: [] })).toBe(104);
    expect(await counted("/api/chat", { messages: [], tools: [tool] })).toBeGreaterThan(100);
    expect(await counted("/api/generate", { prompt: "", suffix: tokens(100) })).toBe(100);
    expect(await counted("/api/generate", { prompt: "", context: [1, 2, 3] })).toBe(3);
    expect(await counted("/v1/responses", { input: tokens(100), instructions: tokens(100) })).toBe(208);
    expect(await counted("/v1/completions", { prompt: tokens(100) })).toBe(104);
  });

  it("is a thousand tokens for a picture", async () => {
    expect(
      await counted("/api/chat", { messages: [{ role: "user", content: "", images: ["iVBORw0KGgo="] }] }),
    ).toBe(1_004);
  });

  it("is of the turns and the rest what it is of the whole", async () => {
    const tokenizer = await loadTokenizer();
    const call = callOf("/v1/messages", {
      system: "Be kind.",
      Messages: [
        { role: "user", content: "Where?" },
        { role: "assistant", content: [{ type: "tool_use", id: "a", name: "look", input: { at: "home" } }] },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "a", content: "There" },
            { type: "text", text: "So?" },
          ],
        },
      ],
    });
    const { messages } = dialects.anthropic.decodeRequest(call.wire, "messages");
    const texts = messages.flatMap(({ text, toolCalls = [] }) => [
      text,
      ...toolCalls.flatMap((one) => [one.name, one.arguments]),
    ]);

    expect(await countOf(call)).toBe(
      texts.reduce((sum, text) => sum + tokenizer.count(text), messages.length * 4),
    );
  });

  it("is counted with pauses in which others have their turn", async () => {
    await loadTokenizer();
    let turns = 0;
    let isCounting = true;
    const others = (): void => {
      turns += 1;
      if (isCounting) setImmediate(others);
    };
    setImmediate(others);

    await countOf(callOf("/api/chat", { messages: Array.from({ length: 50 }, () => user(1_000)) }));
    isCounting = false;

    expect(turns).toBeGreaterThan(3);
  });

  it("is guessed for prose only, and never too low", async () => {
    const tokenizer = await loadTokenizer();
    const words =
      "the a llama running over mountains 42 (where?) so, however: naïve Grüße café extraordinarily".split(
        " ",
      );
    const random = Buffer.from(
      Array.from({ length: 3_000 }, (_, index) => (index * 7_919 + index ** 2) % 251),
    );
    const others = [
      random.toString("base64"),
      random.toString("hex"),
      "日本語 テキスト ".repeat(200),
      "4 8 ".repeat(900),
    ];
    const judge = (text: string, tokensMax: number): boolean =>
      surelyFits({ fixed: { texts: [text], tokens: 0 }, turns: [] }, tokensMax);

    for (const text of others) expect(judge(text, tokenizer.count(text) - 1)).toBe(false);
    expect(judge("the llama runs ".repeat(50), 375)).toBe(true);
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { minLength: 20, maxLength: 200 }), (chosen) => {
        const text = chosen.join(" ");
        expect(judge(text, tokenizer.count(text) - 1)).toBe(false);
      }),
    );
  });
});

describe("a call that is too long is given a larger context", () => {
  const grow = fitWith({ policy: "grow" });

  it("of as many tokens as it needs, in steps, and its fields and bytes say so", async () => {
    const call = callOf("/api/chat", { messages: [user(5_000)], options: { seed: 7 } });
    const before = structuredClone(call.wire);

    const fitted = await grow(call, candidate());

    expect(fitted.note).toBe("grown num_ctx=6144");
    expect(fitted.call.wire["options"]).toEqual({ seed: 7, num_ctx: 6_144 });
    expect(fitted.call.wire["messages"]).toBe(call.wire["messages"]);
    expect(saidBy(fitted)).toEqual(fitted.call.wire);
    expect(call.wire).toEqual(before);
  });

  it("whatever the case of its options was, and more than it asked for", async () => {
    const call = callOf("/api/generate", { prompt: tokens(3_000), Options: { num_ctx: 2_048, top_k: 4 } });

    const { call: fitted, note } = await grow(call, candidate());

    expect(note).toBe("grown num_ctx=4096");
    expect(fitted.wire).toEqual({
      model: "tiny",
      prompt: tokens(3_000),
      options: { num_ctx: 4_096, top_k: 4 },
    });
  });

  it("not when the model is loaded with one that is large enough", async () => {
    const call = callOf("/api/chat", { messages: [user(5_000)] });

    expect((await grow(call, candidate({ loaded: 8_192 }))).call).toBe(call);
  });

  it("of the size it is loaded with, when the request asks for less than it needs", async () => {
    const call = callOf("/api/chat", { messages: [user(5_000)], options: { num_ctx: 2_048 } });

    expect((await grow(call, candidate({ loaded: 16_384 }))).note).toBe("grown num_ctx=16384");
  });

  it("in which the reply has the room that it wants", async () => {
    const call = callOf("/api/chat", { messages: [user(5_000)], options: { num_predict: 4_000 } });

    const { call: fitted, note } = await grow(call, candidate());

    expect(note).toBe("grown num_ctx=10240");
    expect((await grow(fitted, candidate())).call).toBe(fitted);
  });

  it.each<[string, Partial<FitOptions>, Traits]>([
    ["the daemon allows", { contextTokensMax: 5_000 }, {}],
    ["the model has", {}, { own: 5_000 }],
  ])("of no more tokens than %s, and then loses turns too", async (_, options, traits) => {
    const call = callOf("/api/chat", { messages: long });

    const fitted = await fitWith({ policy: "grow", ...options })(call, candidate(traits));

    expect(fitted.note).toBe("grown num_ctx=5000, trimmed messages=6");
    expect(messagesIn(fitted)).toEqual([long[0], ...long.slice(7)]);
    expect(saidBy(fitted)).toEqual(fitted.call.wire);
  });

  it("and is refused when that is not enough", async () => {
    const call = callOf("/api/generate", { prompt: tokens(6_000) });

    await expect(fitWith({ policy: "grow", contextTokensMax: 5_000 })(call, candidate())).rejects.toThrow(
      "request (6004 tokens) exceeds the available context size (5000 tokens), try increasing it",
    );
  });

  it.each<[string, string, Traits]>([
    ["under /v1", "/v1/chat/completions", { loaded: 4_096 }],
    ["from another upstream", "/api/chat", { type: "llama-server", told: 4_096 }],
    ["when it has the largest already", "/api/chat", { own: 4_096 }],
  ])("but not %s", async (_, path, traits) => {
    const fitted = await grow(callOf(path, { messages: long }), candidate(traits));

    expect(fitted.note).toBe("trimmed messages=8");
    expect(fitted.call.wire["options"]).toBeUndefined();
  });
});

describe("a conversation that is too long loses its oldest turns", () => {
  const trim = fitWith();
  const one = candidate({ loaded: 4_096 });

  it("as few as it takes, and keeps the objects of the others", async () => {
    const call = callOf("/v1/chat/completions", { messages: long, temperature: 0 });

    const fitted = await trim(call, one);

    expect(fitted.note).toBe("trimmed messages=8");
    expect(messagesIn(fitted)).toEqual([long[0], ...long.slice(9)]);
    expect(messagesIn(fitted).every((message) => long.includes(message as JsonObject))).toBe(true);
    expect(fitted.call.wire["temperature"]).toBe(0);
    expect((await trim(fitted.call, one)).call).toBe(fitted.call);
    expect(call.wire["messages"]).toBe(long);
  });

  it("but no system or developer message, wherever it stands", async () => {
    const developer = { role: "developer", content: "Be brief." };
    const messages = [...long.slice(0, 4), developer, ...long.slice(4)];

    const fitted = await trim(callOf("/v1/chat/completions", { messages }), one);

    expect(messagesIn(fitted)).toEqual([long[0], developer, ...long.slice(9)]);
    expect(fitted.note).toBe("trimmed messages=8");
  });

  it("and begins with a turn of the user then", async () => {
    const messages = [user(1_000), user(1_000), assistant(1_000), assistant(900), user(1_000, "last")];

    expect(messagesIn(await trim(callOf("/api/chat", { messages }), one))).toEqual([messages[4]]);
  });

  it("with the results of the tools that were called there", async () => {
    const call = { id: "a", type: "function", function: { name: "look", arguments: "{}" } };
    const messages = [
      user(2_500),
      { role: "assistant", content: "", tool_calls: [call] },
      { role: "tool", tool_call_id: "a", content: "There" },
      assistant(10),
      user(2_000, "last"),
    ];

    const fitted = await trim(callOf("/v1/chat/completions", { messages }), one);

    expect(messagesIn(fitted)).toEqual([messages[4]]);
  });

  it("but not the call of a result that stays", async () => {
    const messages: JsonObject[] = [
      user(1_000),
      assistant(1_000),
      user(1_000),
      { role: "assistant", content: [{ type: "tool_use", id: "a", name: "look", input: {} }] },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "a", content: tokens(3_000) },
          { type: "text", text: "So?" },
        ],
      },
    ];

    const fitted = await trim(callOf("/v1/messages", { messages }), one);

    expect(messagesIn(fitted)).toEqual(messages.slice(3));
  });

  it("nor any of the calls that a result without an id may answer", async () => {
    const calling = (count: number): JsonObject => ({
      ...assistant(count),
      tool_calls: [{ function: { name: "look", arguments: {} } }],
    });
    const result = { role: "tool", tool_name: "look", content: "There" };
    const conversation = (count: number) => [
      user(3_000),
      calling(count),
      calling(10),
      user(500, "last"),
      result,
    ];

    const fitted = await trim(callOf("/api/chat", { messages: conversation(1_000) }), one);

    expect(messagesIn(fitted)).toEqual(conversation(1_000).slice(1));
    await expect(trim(callOf("/api/chat", { messages: conversation(3_500) }), one)).rejects.toMatchObject({
      code: "context_overflow",
    });
  });

  it("but nothing from the last question on, also when Anthropic's user only brings results after it", async () => {
    const messages: JsonObject[] = [
      user(2_000),
      assistant(10),
      user(1_000, "last"),
      { role: "assistant", content: [{ type: "tool_use", id: "a", name: "look", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: tokens(2_000) }] },
    ];

    const fitted = await trim(callOf("/v1/messages", { messages }), one);

    expect(messagesIn(fitted)).toEqual(messages.slice(2));
  });

  it("and is refused when that is not enough", async () => {
    const call = callOf("/api/chat", { messages: [user(100), assistant(100), user(6_000)] });

    await expect(trim(call, one)).rejects.toMatchObject({
      code: "context_overflow",
      status: 400,
      message: "request (6212 tokens) exceeds the available context size (4096 tokens), try increasing it",
    });
  });

  it.each<[string, JsonObject]>([
    ["/api/generate", { prompt: tokens(6_000) }],
    ["/v1/completions", { prompt: tokens(6_000) }],
    ["/v1/responses", { input: long }],
    ["/api/chat", { messages: [assistant(6_000), assistant(10)] }],
  ])("and is refused where there are no turns to leave out, %s", async (path, wire) => {
    await expect(trim(callOf(path, wire), one)).rejects.toMatchObject({ code: "context_overflow" });
  });

  it("never with the policy to refuse, which counts the reply where the prompt alone would fit", async () => {
    const refuse = fitWith({ policy: "refuse" });
    const call = callOf("/api/chat", { messages: [user(1_000), assistant(2_000), user(800)] });

    await expect(refuse(callOf("/api/chat", { messages: long }), one)).rejects.toMatchObject({
      code: "context_overflow",
      status: 400,
    });
    await expect(refuse(call, one)).rejects.toThrow(
      "request (4324 tokens) exceeds the available context size (4096",
    );
  });

  it("in one pass, however many they are", async () => {
    const messages = Array.from({ length: 60_000 }, (_, index) => ({
      role: index % 2 === 0 ? "user" : "assistant",
      content: "7",
    }));

    const fitted = await trim(callOf("/api/chat", { messages }), one);

    expect(fitted.note).toBe(`trimmed messages=${60_000 - messagesIn(fitted).length}`);
  });
});

/** What a turn of a made-up conversation is; the number is its size, or says which earlier call it answers. */
type Kind = readonly ["system" | "user" | "assistant" | "call" | "result" | "mixed", number];

const kinds: fc.Arbitrary<Kind[]> = fc.array(
  fc.tuple(
    fc.constantFrom("system", "user", "assistant", "call", "result", "mixed"),
    fc.integer({ min: 0, max: 300 }),
  ),
  { maxLength: 24 },
);

interface Written {
  readonly messages: JsonObject[];
  /** For each message, the place of the call that it answers. */
  readonly answers: readonly (number | undefined)[];
}

/** Writes a conversation in a dialect's words; every result answers some call before it. */
function write(path: string, conversation: readonly Kind[]): Written {
  const calls: number[] = [];
  const answers: (number | undefined)[] = [];
  const messages = conversation.map(([kind, size], place): JsonObject => {
    // Without ids a result can only answer the calls right before it.
    const answered = path === "/api/chat" ? calls.at(-1) : calls[size % Math.max(1, calls.length)];
    const isResult = kind === "result" || (kind === "mixed" && path === "/v1/messages");
    answers.push(isResult ? answered : undefined);
    if (kind === "call") calls.push(place);
    return messageOf(path, { kind, size, place, answered });
  });
  return { messages, answers };
}

interface Turn {
  readonly kind: Kind[0];
  readonly size: number;
  readonly place: number;
  readonly answered: number | undefined;
}

function messageOf(path: string, { kind, size, place, answered }: Turn): JsonObject {
  const content = `${place} ${tokens(size)}`;
  const isAnthropic = path === "/v1/messages";
  const named = { name: "look", arguments: path === "/api/chat" ? {} : "{}" };
  const id = path === "/api/chat" ? {} : { id: `call-${place}` };
  const result = { type: "tool_result", tool_use_id: `call-${answered}`, content };
  const text = { type: "text", text: content };
  if (kind === "call" && isAnthropic)
    return { role: "assistant", content: [text, { type: "tool_use", ...id, name: "look", input: {} }] };
  if (kind === "call") return { role: "assistant", content, tool_calls: [{ ...id, function: named }] };
  if (kind === "result" && isAnthropic) return { role: "user", content: [result] };
  if (kind === "mixed" && isAnthropic) return { role: "user", content: [result, text] };
  if (kind === "result" && path === "/api/chat") return { role: "tool", tool_name: "look", content };
  if (kind === "result") return { role: "tool", tool_call_id: `call-${answered}`, content };
  return { role: kind === "mixed" ? "user" : kind, content };
}

const isResultOnly = ({ content }: JsonObject): boolean =>
  Array.isArray(content) && content.every((block) => (block as JsonObject)["type"] === "tool_result");

const lastUserOf = (messages: readonly JsonObject[]): number =>
  messages.findLastIndex((message) => message["role"] === "user" && !isResultOnly(message));

describe.each(["/api/chat", "/v1/chat/completions", "/v1/messages"])("whatever is said at %s", (path) => {
  it("what is left of a conversation makes sense, fits, and nothing is left out unsaid", async () => {
    let trimmings = 0;
    const one = candidate({ type: "llama-server", told: 700 });
    await fc.assert(
      fc.asyncProperty(kinds, async (conversation) => {
        const { messages, answers } = write(path, conversation);
        const call = callOf(path, { messages });
        const total = await countOf(call);
        const fitted = await Promise.resolve(fitWith({ replyTokens: 100 })(call, one)).catch(
          (error: unknown) => error as { code: string },
        );

        if ("code" in fitted) {
          expect(fitted.code).toBe("context_overflow");
          expect(total + 100).toBeGreaterThan(700);
          return;
        }
        if (total + 100 <= 700) {
          expect(fitted.call).toBe(call);
          expect(fitted.note).toBeUndefined();
          return;
        }
        trimmings += 1;
        const kept = messagesIn(fitted).map((message) => messages.indexOf(message as JsonObject));
        const last = lastUserOf(messages);
        const must = messages.flatMap(({ role }, place) =>
          role === "system" || place >= last ? [place] : [],
        );
        expect(kept).toEqual(kept.toSorted((a, b) => a - b));
        expect(kept).toEqual(expect.arrayContaining(must));
        for (const place of kept) expect([undefined, ...kept]).toContain(answers[place]);
        expect(fitted.note).toBe(`trimmed messages=${messages.length - kept.length}`);
        expect(kept.length).toBeLessThan(messages.length);
        expect((await countOf(fitted.call)) + 100).toBeLessThanOrEqual(700);
        expect(saidBy(fitted)).toEqual(fitted.call.wire);
      }),
      { numRuns: 300 },
    );
    expect(trimmings).toBeGreaterThan(20);
  });
});
