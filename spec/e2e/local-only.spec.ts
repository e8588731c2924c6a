import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ask, type Answer } from "../support/ask.ts";
import { startDaemon, type RunningDaemon } from "../support/daemon.ts";
import { type FakeLlama, startFakeLlama } from "../support/fake-llama.ts";
import { type FakeOpenRouter, startFakeOpenRouter } from "../support/fake-openrouter.ts";
import { type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { noBreaker } from "../support/stage.ts";
import { bodyFor, chatPaths, errorTextOf } from "../support/wires.ts";

const mini = "openai/gpt-4o-mini";

/** Models of the Ollama server that it forwards to ollama.com, as it lists them. */
const forwarded: readonly object[] = [
  {
    name: "gpt-oss:120b-cloud",
    model: "gpt-oss:120b-cloud",
    remote_model: "gpt-oss:120b",
    remote_host: "https://ollama.com:443",
  },
  {
    name: "alias:latest",
    model: "alias:latest",
    remote_model: "gpt-oss:120b",
    remote_host: "https://ollama.com:443",
  },
];
const forwardedNames: ReadonlySet<string> = new Set(["gpt-oss:120b-cloud", "alias", "alias:latest"]);
const isForwarded = (model: string): boolean => forwardedNames.has(model) || /[:-]cloud$/.test(model);

let ollama: FakeUpstream;
/** An Ollama server that stands outside. */
let hosted: FakeUpstream;
let llama: FakeLlama;
/** A server that speaks OpenAI's API and stands outside. */
let openai: FakeLlama;
let openrouter: FakeOpenRouter;

beforeAll(async () => {
  [ollama, hosted, llama, openai, openrouter] = await Promise.all([
    startFakeUpstream(["tiny:latest"]),
    startFakeUpstream(["tiny:latest", "far:latest"]),
    startFakeLlama({ models: ["llama"] }),
    startFakeLlama({ models: ["gpt-far"] }),
    startFakeOpenRouter(),
  ]);
  const entry = (name: string): object => ({ name, model: name, digest: "abc", size: 1, details: {} });
  ollama.respond = ({ path }) =>
    path === "/api/tags"
      ? { status: 200, body: JSON.stringify({ models: [entry("tiny:latest"), ...forwarded] }) }
      : undefined;
});
afterAll(() => Promise.all([ollama, hosted, llama, openai, openrouter].map((one) => one.stop())));

/** The models that were asked for outside, by the servers that saw it. */
function seenOutside(): string[] {
  const texts = [
    ...hosted.calls().map(({ body }) => body),
    ...openai.calls().map(({ body }) => JSON.stringify(body)),
    ...["/chat/completions", "/embeddings"].flatMap((path) => openrouter.to(path).map(({ text }) => text)),
    ...ollama
      .calls()
      .filter(({ body }) => isForwarded(modelIn(body)))
      .map(({ body }) => body),
  ];
  return texts.map(modelIn);
}

const modelIn = (body: string): string => {
  const { model } = (body === "" ? {} : JSON.parse(body)) as { model?: unknown };
  return typeof model === "string" ? model : "";
};

function forgetSeen(): void {
  for (const one of [ollama, hosted, llama, openai, openrouter]) one.seen.length = 0;
}
beforeEach(forgetSeen);

const entries: Readonly<Record<string, () => string>> = {
  ollama: () => `  - { name: ollama, url: "${ollama.url}" }`,
  hosted: () => `  - { name: hosted, url: "${hosted.url}", cloud: true }`,
  llama: () => `  - { type: llama-server, name: llama, url: "${llama.url}" }`,
  openai: () => `  - { type: openai, name: openai, url: "${openai.url}/v1", cloud: true }`,
  openrouter: () =>
    `  - { type: openrouter, name: openrouter, url: "${openrouter.url}", api_key: "${openrouter.key}" }`,
};

interface Setting {
  readonly upstreams: readonly string[];
  readonly fallbacks: readonly { readonly match: string; readonly to: readonly string[] }[];
  readonly yaml?: string;
}

const daemons: RunningDaemon[] = [];
const stopAll = async (): Promise<void> => {
  for (const one of daemons.splice(0)) await one.stop();
};
afterEach(stopAll);

async function start({ upstreams, fallbacks, yaml = "" }: Setting): Promise<RunningDaemon> {
  const lines = [
    "demo: off",
    "upstreams:",
    ...upstreams.map((name) => entries[name]?.() ?? ""),
    `fallbacks: ${JSON.stringify(fallbacks)}`,
    noBreaker,
    "retry: { attempts: 9, wait: 0s }",
    yaml,
  ];
  const daemon = await startDaemon(lines.join("\n"));
  daemons.push(daemon);
  return daemon;
}

const names = [
  "tiny",
  "llama",
  "far",
  "gpt-far",
  mini,
  "alias",
  "gpt-oss:120b-cloud",
  "qwen3:cloud",
  "nobody",
  "qwen/qwen3-embedding-8b",
];
const paths = [
  ...chatPaths,
  "/api/generate",
  "/v1/completions",
  "/v1/responses",
  "/api/embed",
  "/api/embeddings",
  "/v1/embeddings",
  "/api/show",
];

/** A body that is good for every path. */
const bodyAt = (path: string, model: string, stream: boolean): object => ({
  ...bodyFor(path, stream, model),
  ...(path === "/v1/messages" ? {} : { prompt: "hi", input: "hi" }),
});

/** How a call is kept in the house. */
interface Way {
  readonly yaml: string;
  readonly headers: Readonly<Record<string, string>>;
}
const localKey = "chq-local-0123456789";
const freeKey = "chq-free-01234567890";
const keys = `api_keys: [{ name: local, key: ${localKey}, local_only: true }, { name: free, key: ${freeKey} }]`;

const ways: Readonly<Record<string, Way>> = {
  "the configuration": { yaml: "local_only: true", headers: {} },
  "a header": { yaml: "", headers: { "x-chasqui-local-only": "true" } },
  "a key": { yaml: keys, headers: { authorization: `Bearer ${localKey}` } },
};

const oops = { kind: "http", status: 500, message: "oops" } as const;

describe("a call that must not leave the house", () => {
  const setting = fc.record({
    upstreams: fc.shuffledSubarray(Object.keys(entries), { minLength: 1 }),
    fallbacks: fc.array(
      fc.record({
        match: fc.constantFrom("*", ...names),
        to: fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }),
      }),
      { maxLength: 3 },
    ),
  });
  const call = fc.record({
    path: fc.constantFrom(...paths),
    model: fc.constantFrom(...names),
    stream: fc.boolean(),
    pinned: fc.option(fc.constantFrom(...Object.keys(entries)), { nil: undefined, freq: 6 }),
    /** Which of the servers in the house fail meanwhile. */
    broken: fc.boolean(),
  });

  it.each(Object.keys(ways))("never does, whatever is configured: kept by %s", async (name) => {
    const { yaml = "", headers = {} } = ways[name] ?? {};
    const trial = async (
      drawn: Setting,
      calls: readonly {
        path: string;
        model: string;
        stream: boolean;
        pinned: string | undefined;
        broken: boolean;
      }[],
    ) => {
      forgetSeen();
      const { url } = await start({ ...drawn, yaml });
      try {
        for (const { path, model, stream, pinned, broken } of calls) {
          ollama.fault = broken ? "html-500" : "none";
          if (broken) llama.faults.push(oops, oops);
          const pin: Record<string, string> = pinned === undefined ? {} : { "x-chasqui-upstream": pinned };
          await ask(url + path, bodyAt(path, model, stream), { headers: { ...headers, ...pin } });
          llama.faults.length = 0;
        }
      } finally {
        ollama.fault = "none";
        await stopAll();
      }
      expect(seenOutside()).toEqual([]);
    };
    await fc.assert(fc.asyncProperty(setting, fc.array(call, { minLength: 4, maxLength: 8 }), trial), {
      numRuns: 25,
    });
  });

  it("does where it may: what is counted above is what is sent", async () => {
    const { url } = await start({ upstreams: Object.keys(entries), fallbacks: [] });

    for (const model of ["far", "gpt-far", mini, "alias", "gpt-oss:120b-cloud"])
      expect((await ask(`${url}/api/chat`, bodyAt("/api/chat", model, true))).status, model).toBe(200);

    expect(seenOutside().toSorted()).toEqual(
      ["alias", "far", "gpt-far", "gpt-oss:120b-cloud", mini].toSorted(),
    );
  });

  const outside = ["far", "gpt-far", mini, "alias", "gpt-oss:120b-cloud", "qwen3:cloud"];

  it.each(Object.keys(ways).flatMap((name) => outside.map((model) => ({ name, model }))))(
    "is a 403 in the words of its dialect where only others have $model: kept by $name",
    async ({ name, model }) => {
      const { yaml = "", headers = {} } = ways[name] ?? {};
      const { url } = await start({ upstreams: Object.keys(entries), fallbacks: [], yaml });
      for (const path of [...chatPaths, "/api/generate", "/v1/responses", "/api/embed", "/v1/embeddings"])
        for (const stream of [true, false]) {
          const answer = await ask(url + path, bodyAt(path, model, stream), { headers });

          expect(answer.status, path).toBe(403);
          expect(errorTextOf(path, answer.text), path).toMatch(/must not leave the house/);
          expect(answer.complete).toBe(true);
        }
      expect(seenOutside()).toEqual([]);
    },
  );

  it("stays a 403 where the client insists on an upstream outside", async () => {
    const { url } = await start({ upstreams: Object.keys(entries), fallbacks: [] });
    for (const upstream of ["hosted", "openrouter", "openai"]) {
      const headers = { "x-chasqui-local-only": "1", "x-chasqui-upstream": upstream };
      const models: Readonly<Record<string, string>> = {
        hosted: "tiny",
        openrouter: mini,
        openai: "gpt-far",
      };

      const answer = await ask(`${url}/api/chat`, bodyAt("/api/chat", models[upstream] ?? "", true), {
        headers,
      });

      expect(answer.status, upstream).toBe(403);
    }
    expect(seenOutside()).toEqual([]);
  });

  it("is answered by what stands in for its model in the house", async () => {
    const fallbacks = [{ match: "*", to: [mini, "far", "tiny"] }];
    const { url } = await start({ upstreams: Object.keys(entries), fallbacks });
    const headers = { "x-chasqui-local-only": "true" };

    for (const model of outside) {
      const answer = await ask(`${url}/api/chat`, bodyAt("/api/chat", model, true), { headers });
      expect(answer.headers["x-chasqui-upstream"], model).toBe("ollama");
      expect(answer.headers["x-chasqui-model"], model).toBe("tiny");
    }
    expect(seenOutside()).toEqual([]);
  });

  it("is answered by the server in the house where another outside has the same model", async () => {
    const { url } = await start({ upstreams: ["hosted", "ollama"], fallbacks: [] });

    const kept = await ask(`${url}/api/chat`, bodyAt("/api/chat", "tiny", true), {
      headers: { "x-chasqui-local-only": "true" },
    });
    ollama.fault = "html-500";
    const failed = await ask(`${url}/api/chat`, bodyAt("/api/chat", "tiny", true), {
      headers: { "x-chasqui-local-only": "true" },
    });
    ollama.fault = "none";

    expect(kept.headers["x-chasqui-upstream"]).toBe("ollama");
    expect(failed.status).toBe(502);
    expect(seenOutside()).toEqual([]);
  });
});

describe("who may leave the house", () => {
  const askCloud = (url: string, headers: Record<string, string>): Promise<Answer> =>
    ask(`${url}/api/chat`, bodyAt("/api/chat", mini, true), { headers });

  it.each([
    ["true", 403],
    ["TRUE", 403],
    ["1", 403],
    ["yes", 403],
    ["on", 403],
    [" true ", 403],
    ["", 403],
    ["please", 403],
    ["false, true", 403],
    ["false", 200],
    ["False", 200],
    ["0", 200],
    ["no", 200],
    ["OFF", 200],
  ])("is said by X-Chasqui-Local-Only: %j", async (said, status) => {
    const { url } = await start({ upstreams: ["openrouter"], fallbacks: [] });

    expect((await askCloud(url, { "X-Chasqui-Local-Only": said })).status).toBe(status);

    expect(seenOutside()).toHaveLength(status === 200 ? 1 : 0);
  });

  it("is not changed by a header where the configuration, or the key, says no", async () => {
    const no = { "x-chasqui-local-only": "false" };
    const { url } = await start({ upstreams: ["openrouter"], fallbacks: [], yaml: "local_only: true" });
    expect((await askCloud(url, no)).status).toBe(403);
    await stopAll();

    const keyed = await start({ upstreams: ["openrouter"], fallbacks: [], yaml: keys });
    expect((await askCloud(keyed.url, { ...no, authorization: `Bearer ${localKey}` })).status).toBe(403);
    expect((await askCloud(keyed.url, { ...no, "x-api-key": localKey })).status).toBe(403);
    expect(seenOutside()).toEqual([]);
    expect((await askCloud(keyed.url, { ...no, authorization: `Bearer ${freeKey}` })).status).toBe(200);
  });

  it("is each client's own matter: one that stays does not hold up one that goes, asking the same", async () => {
    const { url } = await start({
      upstreams: ["openrouter"],
      fallbacks: [],
      yaml: "cache: { enabled: true }",
    });

    const [kept, free, keptToo] = await Promise.all([
      askCloud(url, { "x-chasqui-local-only": "true" }),
      askCloud(url, {}),
      askCloud(url, { "x-chasqui-local-only": "true" }),
    ]);

    expect(free.status).toBe(200);
    expect(seenOutside()).toEqual([mini]);
    for (const { status, headers } of [kept, keptToo])
      expect(status === 403 || headers["x-chasqui-cache"] !== "miss").toBe(true);
  });

  it("does not go by what an unseen list might say: a model outside is known by its name", async () => {
    const { url } = await start({ upstreams: ["ollama"], fallbacks: [] });
    const headers = { "x-chasqui-local-only": "true" };

    for (const model of ["qwen3:cloud", "gpt-oss:20b-cloud", "x/y:cloud"])
      expect(
        (await ask(`${url}/api/chat`, bodyAt("/api/chat", model, true), { headers })).status,
        model,
      ).toBe(403);

    expect(seenOutside()).toEqual([]);
  });
});
