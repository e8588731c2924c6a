import { beforeEach, describe, expect, it } from "vitest";
import { isInference } from "../../src/core/call.ts";
import { dialects } from "../../src/dialect/dialects.ts";
import { encodeChat, encodeCompletion } from "../../src/dialect/openai/outgoing.ts";
import type { Flavour } from "../../src/dialect/openai/outgoing-options.ts";
import { isObject, parseFirst, type Json, type JsonObject } from "../../src/lib/json.ts";
import { embed } from "../../src/upstream/openai/embed.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { recorded, type Recorded } from "../support/recorded.ts";
import { whyWithoutRecordings } from "../support/recordings.ts";

type Asked = Pick<Recorded, "id" | "dialect" | "operation"> & { readonly wire: JsonObject };

interface Effect {
  /** Everything that becomes of the request: what is sent, and what shapes the answer. */
  readonly does: string;
  readonly dropped: readonly string[];
}

function effectOf({ dialect, operation, wire }: Asked, flavour: Flavour): Effect {
  const request = dialects[dialect].decodeRequest(wire, operation);
  const parts = { flavour, isStrict: false, contextTokens: 4_096, model: "m", detailsOf: () => undefined };
  const isPrompt = request.raw || request.suffix !== undefined;
  const { body, dropped } = (isPrompt ? encodeCompletion : encodeChat)(request, parts);
  const { model, stream, streamUsage } = request;
  return { does: JSON.stringify({ body, model, stream, streamUsage }), dropped };
}

async function embeddingEffectOf({ dialect, operation, wire }: Asked): Promise<Effect> {
  const sent: JsonObject[] = [];
  const call = { dialect, operation, wire, model: wire["model"] } as Parameters<typeof embed>[0];
  const { text, dropped } = await embed(call, {
    id: "m",
    upstream: "u",
    clock: createFakeClock(),
    post(body) {
      sent.push(body);
      const { input = [] } = body;
      const inputs = Array.isArray(input) ? input : [input];
      return Promise.resolve({ data: inputs.map((_one, index) => ({ index, embedding: numbers })) });
    },
  });
  return { does: JSON.stringify([call.model, sent, text]), dropped };
}

/** More than anyone wants to have shortened. */
const numbers = Array.from({ length: 2_000 }, (_one, nth) => nth + 1);

const without = (object: JsonObject, name: string): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));

/** Whether a value says anything: these are what a field is where it is not given. */
const isSaid = (value: Json): boolean =>
  value !== null && value !== "" && value !== false && !(Array.isArray(value) && value.length === 0);

interface Taken {
  readonly path: string;
  readonly wire: JsonObject;
}

const saidIn = (object: JsonObject): string[] =>
  Object.keys(object).filter((name) => isSaid(object[name] ?? null));

function* messagesTaken(wire: JsonObject, messages: readonly Json[]): Generator<Taken> {
  for (const [nth, message] of messages.entries()) {
    // Whoever has no role is the user.
    const names = isObject(message) ? saidIn(message).filter((one) => message[one] !== "user") : [];
    for (const name of names) {
      const bare = isObject(message) ? without(message, name) : message;
      yield { path: `messages[].${name}`, wire: { ...wire, messages: messages.with(nth, bare) } };
    }
  }
}

/** The request once for every field, option and field of a message, without it. */
function* eachTaken(wire: JsonObject): Generator<Taken> {
  for (const name of saidIn(wire)) {
    const value = wire[name];
    yield { path: name, wire: without(wire, name) };
    if (name.toLowerCase() === "options" && isObject(value))
      for (const option of saidIn(value))
        yield { path: `options.${option}`, wire: { ...wire, [name]: without(value, option) } };
    if (name === "messages" && Array.isArray(value)) yield* messagesTaken(wire, value);
  }
}

/**
 * Fields without an effect here: how a server of its own treats its memory is said to be left out; these are obeyed
 * before a request is encoded, or are what happens anyway.
 */
const obeyedElsewhere: ReadonlySet<string> = new Set(["truncate", "shift", "stream"]);

const isTold = (dropped: readonly string[], path: string): boolean =>
  dropped.some((one) => one === path || one.startsWith(`${path}[`) || one.startsWith(`${path}.`)) ||
  // How many of what is left out.
  (path === "top_logprobs" && dropped.includes("logprobs"));

async function vanished(asked: Asked, effect: (asked: Asked) => Effect | Promise<Effect>): Promise<string[]> {
  const { does, dropped } = await effect(asked);
  const lost: string[] = [];
  for (const { path, wire } of eachTaken(asked.wire)) {
    if (isTold(dropped, path) || obeyedElsewhere.has(path.toLowerCase())) continue;
    // A request that makes no sense without the field has a use for it.
    const bare = await Promise.resolve({ ...asked, wire })
      .then(effect)
      .catch(() => undefined);
    if (bare?.does === does) lost.push(path);
  }
  return lost;
}

const flavours = ["llama-server", "openrouter"] as const;

const isEmbedding = ({ operation }: Pick<Asked, "operation">): boolean =>
  operation === "embed" || operation === "embeddings";

const asked: readonly Asked[] = recorded
  .filter(({ operation, status }) => isInference(operation) && status === 200)
  .flatMap(({ asked: text, ...rest }) => {
    const wire = parseFirst(Buffer.from(text));
    return isObject(wire) ? [{ ...rest, wire }] : [];
  });

describe("every field of a recorded request", () => {
  beforeEach((context) => context.skip(recorded.length === 0, whyWithoutRecordings));

  it("is looked at", () => {
    const paths = new Set(asked.flatMap(({ wire }) => [...eachTaken(wire)].map(({ path }) => path)));

    expect(asked.length).toBeGreaterThan(40);
    expect(paths.size).toBeGreaterThan(20);
  });

  it.each(flavours)("that generates has an effect at %s, or is said to be left out", async (flavour) => {
    for (const one of asked.filter((each) => !isEmbedding(each)))
      expect(await vanished(one, (each) => effectOf(each, flavour)), one.id).toEqual([]);
  });

  it("that embeds has an effect, or is said to be left out", async () => {
    for (const one of asked.filter(isEmbedding))
      expect(await vanished(one, embeddingEffectOf), one.id).toEqual([]);
  });
});

describe("every field that there is", () => {
  const tool = { type: "function", function: { name: "f", parameters: { type: "object" } } };
  const call = { id: "c1", type: "function", function: { name: "f", arguments: { a: 1 } } };
  const png = "iVBORw0KGgo=";
  const options = {
    num_ctx: 9_999,
    num_predict: 9,
    temperature: 0.5,
    top_k: 9,
    top_p: 0.5,
    min_p: 0.5,
    typical_p: 0.5,
    tfs_z: 0.5,
    repeat_penalty: 1.5,
    repeat_last_n: 9,
    presence_penalty: 0.5,
    frequency_penalty: 0.5,
    mirostat: 1,
    mirostat_tau: 1,
    mirostat_eta: 1,
    seed: 9,
    stop: ["a", "b", "c", "d", "e"],
    num_keep: 4,
    num_gpu: 1,
    x_unknown: 1,
  };
  const common = {
    model: "m",
    options,
    keep_alive: "5m",
    think: true,
    logprobs: true,
    top_logprobs: 3,
    x_unknown: 1,
  };
  const whole: readonly Asked[] = [
    {
      id: "/api/chat",
      dialect: "ollama",
      operation: "chat",
      wire: {
        ...common,
        messages: [
          { role: "user", content: "look", images: [png], x_unknown: 1 },
          { role: "assistant", content: "so", thinking: "hm", tool_calls: [call] },
          { role: "tool", content: "18", tool_name: "f", tool_call_id: "c1" },
        ],
        tools: [tool],
        format: { type: "object" },
        truncate: true,
        shift: true,
      },
    },
    {
      id: "/api/generate",
      dialect: "ollama",
      operation: "generate",
      wire: {
        ...common,
        prompt: "x",
        system: "s",
        template: "t",
        context: [1],
        images: [png],
        format: "json",
      },
    },
    {
      id: "/api/generate raw",
      dialect: "ollama",
      operation: "generate",
      wire: { ...common, prompt: "x", suffix: "y", system: "s", images: [png], format: "json" },
    },
    {
      id: "/v1/messages",
      dialect: "anthropic",
      operation: "messages",
      wire: {
        model: "m",
        max_tokens: 9,
        system: [{ type: "text", text: "s" }],
        messages: [{ role: "user", content: "x", x_unknown: 1 }],
        tools: [
          { name: "f", input_schema: { type: "object" } },
          { type: "web_search_20250305", name: "web_search" },
        ],
        tool_choice: { type: "any" },
        thinking: { type: "enabled", budget_tokens: 9 },
        output_config: { format: { type: "json_schema", schema: { type: "object" } } },
        stop_sequences: ["a", "b", "c", "d", "e"],
        temperature: 0.5,
        top_k: 9,
        top_p: 0.5,
        stream: true,
        metadata: { user_id: "u" },
        service_tier: "auto",
        container: "c",
        mcp_servers: [{}],
        x_unknown: 1,
      },
    },
  ];

  // The name of a tool, or a field that is left out with the tools beside it, is in doubt only where an id says the same.
  const doubled: ReadonlySet<string> = new Set(["messages[].tool_name", "messages[].tool_call_id"]);

  it.each(flavours.flatMap((flavour) => whole.map((one) => ({ flavour, id: one.id, one }))))(
    "of $id has an effect at $flavour, or is said to be left out",
    async ({ flavour, one }) => {
      const lost = await vanished(one, (each) => effectOf(each, flavour));

      expect(lost.filter((path) => !doubled.has(path))).toEqual([]);
    },
  );

  it.each<Asked>([
    {
      id: "/api/embed",
      dialect: "ollama",
      operation: "embed",
      wire: {
        model: "m",
        input: ["x"],
        truncate: true,
        dimensions: 2,
        options,
        keep_alive: 1,
        prompt: "y",
        x_unknown: 1,
      },
    },
    {
      id: "/api/embeddings",
      dialect: "ollama",
      operation: "embeddings",
      wire: { model: "m", prompt: "x", dimensions: 2, options, keep_alive: 1, input: "y", x_unknown: 1 },
    },
  ])("of $id has an effect, or is said to be left out", async (one) => {
    // The options are said to be left out in one word.
    const lost = await vanished(one, embeddingEffectOf);

    expect(lost.filter((path) => !path.startsWith("options."))).toEqual([]);
  });
});
