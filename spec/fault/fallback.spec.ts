import { afterEach, describe, expect, it } from "vitest";
import { ask, open, type Answer } from "../support/ask.ts";
import { eventually, startDaemon, type RunningDaemon } from "../support/daemon.ts";
import { type FakeLlama, llamaText, startFakeLlama } from "../support/fake-llama.ts";
import { type FakeOpenRouter, startFakeOpenRouter } from "../support/fake-openrouter.ts";
import { type Fault, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { noBreaker } from "../support/stage.ts";
import { bodyFor, chatPaths, claimsEnd, errorTextOf, framesOf } from "../support/wires.ts";

/** An Ollama server each, then a llama-server with `small`, then a cloud with its own models. */
interface Row {
  readonly daemon: RunningDaemon;
  readonly one: FakeUpstream;
  readonly two: FakeUpstream;
  readonly llama: FakeLlama;
  readonly cloud: FakeOpenRouter;
  readonly ask: (path: string, body: object, headers?: Record<string, string>) => Promise<Answer>;
  /** How many calls reached each, in the order of the row. */
  readonly counts: () => number[];
}

const mini = "openai/gpt-4o-mini";
const standing: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of standing.splice(0)) await one.stop();
});

interface RowOptions {
  /** Of `one` and of `two`. */
  readonly models?: readonly [readonly string[], readonly string[]];
  /** What stands in for `big`, in order. */
  readonly to?: readonly string[];
  readonly yaml?: string;
}

async function setRow({ models = [["big"], ["big"]], to = [], yaml = "" }: RowOptions = {}): Promise<Row> {
  const [one, two, llama, cloud] = await Promise.all([
    startFakeUpstream(models[0]),
    startFakeUpstream(models[1]),
    startFakeLlama({ models: ["small"] }),
    startFakeOpenRouter(),
  ]);
  const lines = [
    "demo: off",
    "upstreams:",
    `  - { name: one, url: "${one.url}" }`,
    `  - { name: two, url: "${two.url}" }`,
    `  - { type: llama-server, name: llama, url: "${llama.url}" }`,
    `  - { type: openrouter, name: cloud, url: "${cloud.url}", api_key: "${cloud.key}" }`,
    yaml.includes("fallbacks:") ? "" : `fallbacks: [{ match: big, to: ${JSON.stringify(to)} }]`,
    yaml.includes("retry:") ? "" : "retry: { attempts: 9, wait: 0s }",
    yaml.includes("breaker:") ? "" : noBreaker,
    "context: { policy: off }",
    yaml,
  ];
  const daemon = await startDaemon(lines.join("\n"));
  standing.push(daemon, one, two, {
    async stop() {
      llama.release();
      cloud.release();
      await Promise.all([llama.stop(), cloud.stop()]);
    },
  });
  return {
    daemon,
    one,
    two,
    llama,
    cloud,
    ask: (path, body, headers = {}) => ask(daemon.url + path, body, { headers }),
    counts: () =>
      [one, two, llama].map((server) => server.calls().length).concat(cloud.to("/chat/completions").length),
  };
}

const forms = chatPaths.flatMap((path) => [true, false].map((stream) => ({ path, stream })));
const asked = (path: string, stream: boolean): object => bodyFor(path, stream, "big");

/** Every name of a model that an answer tells. */
const namesIn = ({ text }: Answer): Set<string> =>
  new Set([...text.matchAll(/"model"\s*:\s*"([^"]*)"/g)].map(([, name]) => name ?? ""));

const failOllama = ({ one, two }: Row, fault: Fault = "html-500"): void => {
  one.fault = fault;
  two.fault = fault;
};

describe("who answers in the place of a model", () => {
  it.each(forms)(
    "is the same model elsewhere, then others in their order: $path, stream $stream",
    async (form) => {
      const { path, stream } = form;
      const row = await setRow({ to: ["small", mini] });

      const first = await row.ask(path, asked(path, stream));
      expect(first.headers["x-chasqui-upstream"]).toBe("one");
      expect(first.headers).not.toHaveProperty("x-chasqui-hops");

      row.one.fault = "html-500";
      const second = await row.ask(path, asked(path, stream));
      expect(second.headers).toMatchObject({
        "x-chasqui-upstream": "two",
        "x-chasqui-model": "big",
        "x-chasqui-hops": "one=upstream_failed",
      });

      row.two.fault = "html-500";
      const third = await row.ask(path, asked(path, stream));
      expect(third.headers["x-chasqui-upstream"]).toBe("llama");
      expect(third.headers["x-chasqui-model"]).toBe("small");
      expect(third.headers["x-chasqui-hops"]?.toString().split(", ").toSorted()).toEqual([
        "one=upstream_failed",
        "two=upstream_failed",
      ]);
      expect(third.text).toContain("llama");

      for (let times = 0; times < 2; times++)
        row.llama.faults.push({ kind: "http", status: 500, message: "oops" });
      const fourth = await row.ask(path, asked(path, stream));
      expect(fourth.status).toBe(200);
      expect(fourth.headers).toMatchObject({ "x-chasqui-upstream": "cloud", "x-chasqui-model": mini });
      expect(fourth.headers["x-chasqui-hops"]).toMatch(/llama=upstream_failed$/);
      expect(row.cloud.to("/chat/completions").map(({ body }) => body["model"])).toEqual([mini]);

      for (const answer of [first, second, third, fourth]) expect(answer.complete).toBe(true);
      for (const answer of [third, fourth]) expect(namesIn(answer)).toEqual(new Set(["big"]));
    },
  );

  it("is told of in the log, once, with all hops", async () => {
    const row = await setRow({ to: ["small"] });
    failOllama(row);

    await row.ask("/api/chat", asked("/api/chat", true), { "x-request-id": "hop-1" });

    await eventually(() => row.daemon.lines.some(({ id }) => id === "hop-1"), "it was logged");
    const lines = row.daemon.lines.filter(({ message, id }) => message === "request" && id === "hop-1");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ status: 200, upstream: "llama", hops: 2 });
  });

  it("is nobody where all fail: the client gets the last error, and the hops before it", async () => {
    for (const { path, stream } of forms) {
      const row = await setRow({ to: ["small"] });
      failOllama(row);
      for (let times = 0; times < 2; times++)
        row.llama.faults.push({ kind: "http", status: 500, message: "oops" });

      const answer = await row.ask(path, asked(path, stream));

      expect(answer.status).toBe(502);
      expect(errorTextOf(path, answer.text)).toBe("oops");
      expect(answer.headers["x-chasqui-hops"]?.toString().split(", ")).toHaveLength(2);
    }
  });

  it.each([
    ["where its upstreams are down", "breaker: { refusals: 1, cooldown: 30s }"],
    ["where nobody has it", ""],
  ])("is asked at once %s", async (why, yaml) => {
    const row = await setRow({
      to: ["small"],
      yaml,
      models: why.includes("nobody") ? [["a"], ["b"]] : [["big"], ["big"]],
    });
    if (yaml !== "") {
      await Promise.all([row.one.refuse(), row.two.refuse()]);
      await row.ask("/api/chat", asked("/api/chat", true));
      await eventually(
        async () => (await ask(`${row.daemon.url}/readyz`)).text.includes('"two"'),
        "both are down",
      );
    }

    const answer = await row.ask("/api/chat", asked("/api/chat", true));

    expect(answer.headers["x-chasqui-upstream"]).toBe("llama");
    expect(answer.headers).not.toHaveProperty("x-chasqui-hops");
    if (yaml !== "") await Promise.all([row.one.accept(), row.two.accept()]);
  });

  it("is not a model that nobody has, nor the model itself again", async () => {
    const row = await setRow({ to: ["nothing", "big", "big:latest", "small"] });
    failOllama(row);

    const answer = await row.ask("/api/chat", asked("/api/chat", true));

    expect(answer.headers["x-chasqui-upstream"]).toBe("llama");
    expect(row.counts()).toEqual([1, 1, 1, 0]);
  });

  it("is found by the first rule that matches, with stars", async () => {
    const rules = `fallbacks:\n  - { match: "b*g:latest", to: ["small"] }\n  - { match: "*", to: ["${mini}"] }`;
    const row = await setRow({ yaml: rules, models: [["big", "other:7b"], ["big"]] });
    failOllama(row);

    const big = await row.ask("/api/chat", asked("/api/chat", true));
    const other = await row.ask("/api/chat", bodyFor("/api/chat", true, "other:7b"));

    expect(big.headers["x-chasqui-upstream"]).toBe("llama");
    expect(other.headers["x-chasqui-upstream"]).toBe("cloud");
    expect(namesIn(other)).toEqual(new Set(["other:7b"]));
  });

  it("is nobody where the client insists on an upstream", async () => {
    const row = await setRow({ to: ["small"] });
    failOllama(row);

    const answer = await row.ask("/api/chat", asked("/api/chat", true), { "x-chasqui-upstream": "one" });

    expect(answer.status).toBe(502);
    expect(row.counts()).toEqual([1, 0, 0, 0]);
  });

  it.each(["/api/embed", "/api/embeddings", "/v1/embeddings"])(
    "is nobody on %s: vectors of another model mean something else",
    async (path) => {
      const row = await setRow({ to: ["small"], models: [["big"], ["x"]] });
      row.one.respond = ({ path: at }) => (at === path ? { status: 500, body: "oops" } : undefined);

      const answer = await row.ask(path, { model: "big", input: "hi", prompt: "hi" });

      expect(answer.status).toBe(502);
      expect(row.counts()).toEqual([1, 0, 0, 0]);
    },
  );

  it("is asked while a model is still being loaded", async () => {
    const row = await setRow({ yaml: "fallbacks: [{ match: small, to: [big] }]" });
    row.llama.loading = true;

    const answer = await row.ask("/api/chat", bodyFor("/api/chat", true, "small"));

    expect(answer.status).toBe(200);
    expect(answer.headers["x-chasqui-hops"]).toBe("llama=upstream_loading");
    expect(namesIn(answer)).toEqual(new Set(["small"]));
  });
});

describe("the name of the model", () => {
  // What an Ollama server answers says `tiny`, which is the model that stands in.
  const ollamaPaths = [...chatPaths, "/api/generate"];

  it.each(ollamaPaths.flatMap((path) => [true, false].map((stream) => ({ path, stream }))))(
    "stays the one that was asked for, and nothing else is changed: Ollama's $path, stream $stream",
    async ({ path, stream }) => {
      const row = await setRow({ models: [["big"], ["tiny"]], to: ["tiny"] });
      const plain = await row.ask(path, bodyFor(path, stream, "tiny"));
      row.one.fault = "html-500";

      const answer = await row.ask(path, { ...asked(path, stream), x_unknown: [1.5] });

      expect(answer.status).toBe(200);
      expect(answer.complete).toBe(true);
      expect(answer.headers["x-chasqui-model"]).toBe("tiny");
      expect(namesIn(answer)).toEqual(new Set(["big"]));
      const sent = JSON.parse(row.two.calls().at(-1)?.body ?? "") as object;
      expect(sent).toEqual({ ...asked(path, stream), model: "tiny", x_unknown: [1.5] });
      const values = (text: string): unknown[] =>
        framesOf(path, text)
          .flatMap((frame) => frame.split("\n"))
          .map((line) => line.replace(/^data: /, ""))
          .map((line): unknown => (line.startsWith("{") ? JSON.parse(line.replaceAll("tiny", "big")) : line));
      expect(values(answer.text)).toEqual(values(plain.text));
    },
  );

  it.each([true, false])("stays on /v1/responses, stream %s", async (stream) => {
    const row = await setRow({ to: ["small"] });
    for (const server of [row.one, row.two])
      server.respond = ({ path }) => (path === "/v1/responses" ? { status: 500, body: "oops" } : undefined);

    const answer = await row.ask("/v1/responses", { model: "big", input: "hi", stream });

    expect(answer.status).toBe(200);
    expect(answer.text).toContain(stream ? "response.completed" : llamaText);
    expect(namesIn(answer)).toEqual(new Set(["big"]));
  });

  it("is that of the answer in the cache as well: an answer of another model is not kept under this one's name", async () => {
    const row = await setRow({ to: ["small"], yaml: "cache: { enabled: true }" });
    failOllama(row);
    const body = { ...asked("/api/chat", false), options: { temperature: 0 } };
    const before = await row.ask("/api/chat", body);
    expect(before.headers["x-chasqui-model"]).toBe("small");
    // Under its own name the same answer is kept.
    const own = { ...body, model: "small" };
    await row.ask("/api/chat", own);
    expect((await row.ask("/api/chat", own)).headers["x-chasqui-cache"]).toBe("hit");
    failOllama(row, "none");

    const after = await row.ask("/api/chat", body);

    expect(after.headers["x-chasqui-cache"]).not.toBe("hit");
    expect(after.headers["x-chasqui-model"]).toBe("big");
    expect(after.text).not.toContain("llama");
  });
});

describe("a call", () => {
  const midStream: readonly Fault[] = [
    "cut-mid-line",
    "reset-mid-stream",
    "no-final-line",
    "error-line-later",
  ];

  it.each(midStream.flatMap((fault) => chatPaths.map((path) => ({ fault, path }))))(
    "never moves after its first byte: $fault on $path",
    async ({ fault, path }) => {
      const row = await setRow({ to: ["small", mini] });
      failOllama(row, fault);

      const answer = await row.ask(path, asked(path, true));

      expect(answer.status).toBe(200);
      expect(claimsEnd(path, answer.text)).toBe(false);
      expect(errorTextOf(path, framesOf(path, answer.text).at(-1) ?? "")).toMatch(/\w/);
      expect(row.counts()).toEqual([1, 0, 0, 0]);
    },
  );

  it.each(chatPaths)("never moves after the first byte of a stand-in either: %s", async (path) => {
    const row = await setRow({ to: ["small", mini] });
    failOllama(row);
    row.llama.faults.push({ kind: "late-error", afterWords: 2 });
    const asking = open(row.daemon.url + path, asked(path, true));
    await asking.firstByte;

    row.llama.release();

    const answer = await asking.answer;
    expect(answer.status).toBe(200);
    expect(claimsEnd(path, answer.text)).toBe(false);
    expect(errorTextOf(path, framesOf(path, answer.text).at(-1) ?? "")).toBe("the slot failed");
    expect(row.counts()).toEqual([1, 1, 1, 0]);
  });

  it.each(chatPaths)("moves where a whole answer broke off, as nothing of it was sent: %s", async (path) => {
    const row = await setRow({ to: ["small", mini] });
    failOllama(row, "cut-mid-line");
    row.llama.faults.push({ kind: "cut", afterWords: 2 });
    const asking = open(row.daemon.url + path, asked(path, false));
    await eventually(() => row.llama.calls().length > 0, "the stand-in was asked");

    row.llama.release();

    const answer = await asking.answer;
    expect(answer.status).toBe(200);
    expect(answer.headers["x-chasqui-upstream"]).toBe("cloud");
  });

  it.each([400, 413, 422])("that the server refuses with %i is not asked elsewhere", async (status) => {
    for (const path of chatPaths) {
      const row = await setRow({ to: ["small", mini] });
      row.one.respond = ({ path: at }) =>
        at === path ? { status, body: JSON.stringify({ error: "no such thing" }) } : undefined;

      const answer = await row.ask(path, asked(path, true));

      expect(answer.status).toBe(status);
      expect(row.counts()).toEqual([1, 0, 0, 0]);
    }
  });

  it("that a stand-in refuses as wrong is not asked elsewhere either", async () => {
    const row = await setRow({ to: ["small", mini] });
    failOllama(row);
    row.llama.faults.push({
      kind: "http",
      status: 400,
      message: "no such thing",
      type: "invalid_request_error",
    });

    const answer = await row.ask("/api/chat", asked("/api/chat", true));

    expect(answer.status).toBe(400);
    expect(errorTextOf("/api/chat", answer.text)).toBe("no such thing");
    expect(row.counts()).toEqual([1, 1, 1, 0]);
  });

  it("that is too long for a stand-in goes to the next one", async () => {
    const row = await setRow({ to: ["small", mini] });
    failOllama(row);
    row.llama.contextTokens = 0;

    const answer = await row.ask("/api/chat", asked("/api/chat", true));

    expect(answer.headers["x-chasqui-upstream"]).toBe("cloud");
    expect(answer.headers["x-chasqui-hops"]).toMatch(/llama=context_overflow$/);
  });

  it.each(forms)("is spared stand-ins that cannot do it: $path, stream $stream", async ({ path, stream }) => {
    // The first sees no pictures and calls no tools; the second calls tools and sees nothing.
    const row = await setRow({
      to: ["deepseek/deepseek-r1", "meta-llama/llama-3.3-70b-instruct:free", mini],
    });
    failOllama(row);

    const tools = await row.ask(path, { ...asked(path, stream), tools: [toolFor(path)] });
    const picture = await row.ask(path, { ...asked(path, stream), ...pictureFor(path) });

    expect(tools.headers["x-chasqui-model"]).toBe("meta-llama/llama-3.3-70b-instruct:free");
    expect(picture.headers["x-chasqui-model"]).toBe(mini);
    for (const answer of [tools, picture])
      expect(answer.headers["x-chasqui-hops"]?.toString().split(", ")).toHaveLength(2);
  });

  it("that no stand-in can do keeps its own error", async () => {
    const row = await setRow({ to: ["deepseek/deepseek-r1"] });
    failOllama(row);

    const answer = await row.ask("/api/chat", { ...asked("/api/chat", true), tools: [toolFor("/api/chat")] });

    expect(answer.status).toBe(502);
    expect(row.counts()).toEqual([1, 1, 0, 0]);
  });
});

const toolFor = (path: string): object =>
  path === "/v1/messages"
    ? { name: "weather", input_schema: { type: "object" } }
    : { type: "function", function: { name: "weather", parameters: { type: "object", properties: {} } } };

const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

function pictureFor(path: string): object {
  const text = { type: "text", text: "look" };
  if (path === "/api/chat") return { messages: [{ role: "user", content: "look", images: [png] }] };
  const shown =
    path === "/v1/messages"
      ? { type: "image", source: { type: "base64", media_type: "image/png", data: png } }
      : { type: "image_url", image_url: { url: `data:image/png;base64,${png}` } };
  return { messages: [{ role: "user", content: [text, shown] }] };
}

describe("limits on moving", () => {
  it("are retry.attempts", async () => {
    const row = await setRow({ to: ["small", mini], yaml: "retry: { attempts: 2, wait: 0s }" });
    failOllama(row);

    const answer = await row.ask("/api/chat", asked("/api/chat", true));

    expect(answer.status).toBe(502);
    expect(row.counts()).toEqual([1, 1, 0, 0]);
  });

  it("are retry.share, so that an outage is not doubled", async () => {
    const row = await setRow({
      to: ["small"],
      models: [["big"], ["x"]],
      yaml: "retry: { share: 0.1, wait: 0s }",
    });
    row.one.fault = "html-500";
    const statuses: number[] = [];
    for (let done = 0; done < 40; done++)
      statuses.push((await row.ask("/api/chat", asked("/api/chat", true))).status);

    const moved = statuses.filter((status) => status === 200).length;

    expect(moved).toBeGreaterThanOrEqual(10);
    expect(moved).toBeLessThanOrEqual(10 + 4);
    expect(row.counts()).toEqual([40, 0, moved, 0]);
  });

  it("are retry.share 0: nothing moves", async () => {
    const row = await setRow({ to: ["small"], yaml: "retry: { share: 0, wait: 0s }" });
    failOllama(row);

    expect((await row.ask("/api/chat", asked("/api/chat", true))).status).toBe(502);

    expect(row.counts()).toEqual([1, 0, 0, 0]);
  });

  it.each([
    ["200ms", 504],
    ["30s", 200],
  ])("are retry.deadline: after %s it is %i", async (deadline, status) => {
    const yaml = `retry: { deadline: ${deadline}, attempts: 9, wait: 0s }\ntimeouts: { first_byte: 400ms }`;
    const row = await setRow({ to: ["small"], models: [["big"], ["x"]], yaml });
    row.one.fault = "hang-before-headers";

    const answer = await row.ask("/api/chat", asked("/api/chat", true));

    expect(answer.status).toBe(status);
    expect(row.counts()).toEqual([1, 0, status === 200 ? 1 : 0, 0]);
    row.one.release();
  });

  it("are the client's own leaving: nobody else is asked for it", async () => {
    const row = await setRow({ to: ["small"], models: [["big"], ["x"]] });
    row.one.fault = "hang-before-headers";
    const asking = open(`${row.daemon.url}/api/chat`, asked("/api/chat", true));
    await eventually(() => row.counts()[0] === 1, "it was asked");

    asking.leave();

    await eventually(() => row.daemon.daemon.exchanges.size === 0, "nothing is under way");
    expect(row.counts()).toEqual([1, 0, 0, 0]);
    row.one.release();
  });
});
