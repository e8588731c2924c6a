import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ask, open, type Answer } from "../../support/ask.ts";
import { load } from "../../support/configuration.ts";
import { eventually, startDaemon, type RunningDaemon } from "../../support/daemon.ts";
import { type FakeLlama, type LlamaOptions, llamaText, startFakeLlama } from "../../support/fake-llama.ts";
import { startFakeUpstream, type FakeUpstream } from "../../support/fake-upstream.ts";
import { noBreaker } from "../../support/stage.ts";
import { bodyFor, chatPaths, claimsEnd, errorTextOf, framesOf } from "../../support/wires.ts";

interface Yard {
  readonly daemon: RunningDaemon;
  readonly llama: FakeLlama;
  readonly ask: (path: string, body: object, headers?: Record<string, string>) => Promise<Answer>;
}

const standing: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of standing.splice(0)) await one.stop();
});

interface YardOptions extends LlamaOptions {
  readonly yaml?: string;
  /** More upstreams, as YAML. */
  readonly beside?: string;
  readonly anyModel?: boolean;
}

const quick = (yaml: string): string =>
  `${yaml.includes("breaker:") ? "" : noBreaker}\ncatalog: { timeout: 500ms }\ncontext: { policy: off }\n`;

async function setYard({
  yaml = "demo: off",
  beside = "",
  anyModel = true,
  ...options
}: YardOptions = {}): Promise<Yard> {
  const llama = await startFakeLlama(options);
  const own = `  - { type: llama-server, name: llama, url: "${llama.url}", any_model: ${anyModel} }\n`;
  const daemon = await startDaemon(`upstreams:\n${own}${beside}${quick(yaml)}${yaml}\n`);
  standing.push(daemon, {
    stop() {
      llama.release();
      return llama.stop();
    },
  });
  return {
    daemon,
    llama,
    ask: (path, body, headers = {}) => ask(daemon.url + path, body, { headers }),
  };
}

const forms = chatPaths.flatMap((path) => [true, false].map((stream) => ({ path, stream })));
const asked = (path: string, stream: boolean, model = "llama"): object => bodyFor(path, stream, model);

/** The words of an answer in any dialect, streamed or whole. */
const wordsOf = (answer: Answer): string =>
  [...answer.text.matchAll(/"(?:content|text|response)":"((?:[^"\\]|\\.)*)"/g)]
    .map(([, word]) => word)
    .join("");

function checkGood(path: string, stream: boolean, answer: Answer): void {
  expect(answer.status).toBe(200);
  expect(answer.complete).toBe(true);
  expect(wordsOf(answer)).toBe(llamaText);
  if (stream) expect(claimsEnd(path, answer.text)).toBe(true);
}

async function troubleOf({ url }: RunningDaemon): Promise<string | undefined> {
  const { text } = await ask(`${url}/api/stats`);
  return (JSON.parse(text) as { upstreams: { trouble?: string }[] }).upstreams[0]?.trouble;
}

describe("a llama-server that loads its model", () => {
  it.each(forms)("makes the client wait, and answers: $path, stream $stream", async ({ path, stream }) => {
    const { daemon, llama } = await setYard();
    llama.loading = true;

    const asking = open(daemon.url + path, asked(path, stream));
    await eventually(() => llama.calls().length > 1, "it was asked again");
    llama.loading = false;

    const answer = await asking.answer;
    checkGood(path, stream, answer);
    expect(answer.headers["x-chasqui-upstream"]).toBe("llama");
  });

  it.each(["auto", "on"])(
    "from the start is waited for too, and the demo model (%s) does not answer for it",
    async (demo) => {
      const { daemon, llama } = await setYard({ loading: true, yaml: `demo: ${demo}` });

      const asking = open(`${daemon.url}/api/chat`, asked("/api/chat", true));
      await eventually(() => llama.seen.length > 3, "it was looked at again");
      llama.loading = false;

      const answer = await asking.answer;
      checkGood("/api/chat", true, answer);
      expect(answer.headers["x-chasqui-upstream"]).toBe("llama");
    },
  );

  it("is not asked, once it has loaded, for a model that it does not have", async () => {
    const ollama = await startFakeUpstream(["tiny:latest"]);
    standing.push(ollama);
    const beside = `  - { type: ollama, name: ollama, url: "${ollama.url}" }\n`;
    const { daemon, llama } = await setYard({ loading: true, beside });

    const asking = open(`${daemon.url}/api/chat`, asked("/api/chat", true, "gpt-4o"));
    await eventually(() => llama.seen.length > 3, "it was looked at again");
    llama.loading = false;

    expect((await asking.answer).status).toBe(404);
    expect(llama.calls()).toEqual([]);
  });

  it.each(["auto", "auto:local"])("is waited for by %s, which has nobody else to ask", async (model) => {
    const { daemon, llama } = await setYard({ loading: true });

    const asking = open(`${daemon.url}/api/chat`, asked("/api/chat", true, model));
    await eventually(() => llama.seen.length > 3, "it was looked at again");
    llama.loading = false;

    const answer = await asking.answer;
    checkGood("/api/chat", true, answer);
    expect(answer.headers["x-chasqui-upstream"]).toBe("llama");
  });

  it("is waited for by auto no longer than a model may take", async () => {
    const { ask: askYard } = await setYard({
      loading: true,
      yaml: "demo: off\ntimeouts: { first_byte: 700ms }",
    });

    const answer = await askYard("/api/chat", asked("/api/chat", false, "auto"));

    expect(answer.status).toBe(503);
    expect(errorTextOf("/api/chat", answer.text)).toBe(
      "auto has no model to choose from: upstream llama is loading its model",
    );
  });

  it.each(["auto", "llama"])(
    "is not waited for by %s once the configuration names it no more",
    async (model) => {
      const { daemon, llama } = await setYard({ loading: true });
      const ollama = await startFakeUpstream(["tiny:latest"]);
      standing.push(ollama);

      const asking = open(`${daemon.url}/api/chat`, asked("/api/chat", false, model));
      await eventually(() => llama.seen.length > 3, "it was looked at again");
      await daemon.daemon.reload(
        load({ yaml: `demo: off\nupstreams: [{ name: ollama, url: "${ollama.url}" }]` }),
      );

      expect((await asking.answer).status).toBe(503);
      expect(llama.calls()).toEqual([]);
      expect((await ask(`${daemon.url}/api/chat`, asked("/api/chat", false, "auto"))).status).toBe(200);
    },
  );

  it("is found by auto as soon as it is back", async () => {
    const { llama, ask: askYard } = await setYard({ yaml: "demo: off\nbreaker: { refusals: 1 }" });
    await llama.refuse();
    expect((await askYard("/api/chat", asked("/api/chat", true, "auto"))).status).not.toBe(200);
    await llama.accept();

    await eventually(
      async () => (await askYard("/api/chat", asked("/api/chat", true, "auto"))).status === 200,
      "auto answers again",
    );
  });

  it("after a restart is waited for as well", async () => {
    const { daemon, llama, ask: askYard } = await setYard({ yaml: "demo: off\nbreaker: { refusals: 1 }" });
    await llama.refuse();
    expect((await askYard("/api/chat", asked("/api/chat", true))).status).toBe(502);
    llama.loading = true;
    await llama.accept();
    await eventually(async () => (await troubleOf(daemon)) !== undefined, "it was seen to load");
    const before = llama.seen.length;

    const asking = open(`${daemon.url}/api/chat`, asked("/api/chat", true));
    await eventually(() => llama.seen.length > before + 2, "it was looked at again");
    llama.loading = false;

    checkGood("/api/chat", true, await asking.answer);
  });

  it("is known to load, and not to be gone", async () => {
    const { daemon } = await setYard({ loading: true });

    expect(await troubleOf(daemon)).toBe("upstream llama is loading its model");
  });

  it("is not waited for once its client has left", async () => {
    const { daemon, llama } = await setYard();
    llama.loading = true;
    const asking = open(`${daemon.url}/api/chat`, asked("/api/chat", true));
    await eventually(() => llama.calls().length > 0, "it was asked");

    asking.leave();

    await eventually(() => daemon.daemon.exchanges.size === 0, "nothing is under way");
    expect((await asking.answer).status).toBe(0);
  });

  it("for ever is given up after the time for a first byte, with the time to come back", async () => {
    const yaml = "demo: off\ntimeouts: { first_byte: 1s }";
    const { llama, ask: askYard } = await setYard({ yaml });
    llama.loading = true;

    const answer = await askYard("/api/chat", asked("/api/chat", true));

    expect(answer.status).toBe(503);
    expect(errorTextOf("/api/chat", answer.text)).toBe("upstream llama is loading its model");
    expect(answer.headers["retry-after"]).toBe("1");
  });
});

describe("a llama-server that goes down", () => {
  it.each(forms)("is a 502, and answers when it is back: $path, stream $stream", async ({ path, stream }) => {
    const { llama, ask: askYard } = await setYard();
    await llama.refuse();

    const down = await askYard(path, asked(path, stream));

    expect([502, 503]).toContain(down.status);
    expect(errorTextOf(path, down.text)).toMatch(/upstream llama/);
    await llama.accept();
    checkGood(path, stream, await askYard(path, asked(path, stream)));
  });

  it.each(["late-error", "cut"] as const)("in the middle of a stream is an error in it: %s", async (kind) => {
    const { daemon, llama } = await setYard();
    for (const path of chatPaths) {
      llama.faults.push({ kind, afterWords: 2 });
      const asking = open(daemon.url + path, asked(path, true));
      await asking.firstByte;

      llama.release();

      const answer = await asking.answer;
      expect(answer.status).toBe(200);
      expect(claimsEnd(path, answer.text)).toBe(false);
      const last = framesOf(path, answer.text).at(-1) ?? "";
      expect(errorTextOf(path, last)).toMatch(kind === "cut" ? /upstream llama/ : /the slot failed/);
      expect(wordsOf(answer)).toMatch(/^Hello/);
    }
  });

  it.each(["late-error", "cut"] as const)("in the middle of a whole answer is a status: %s", async (kind) => {
    const { daemon, llama } = await setYard();
    for (const path of chatPaths) {
      const before = llama.calls().length;
      llama.faults.push({ kind, afterWords: 2 });
      const asking = open(daemon.url + path, asked(path, false));
      await eventually(() => llama.calls().length > before, "it was asked");

      llama.release();

      const answer = await asking.answer;
      expect(answer.status).toBe(502);
      expect(errorTextOf(path, answer.text)).toMatch(/\w/);
    }
  });
});

describe("what a llama-server says first", () => {
  it.each(forms)(
    "of a request that is too long is 400, with the numbers: $path, stream $stream",
    async ({ path, stream }) => {
      const { llama, ask: askYard } = await setYard();
      llama.contextTokens = 8;
      const long = {
        ...bodyFor(path, stream, "llama"),
        messages: [{ role: "user", content: "word ".repeat(20) }],
      };

      const answer = await askYard(path, long);

      expect(answer.status).toBe(400);
      expect(errorTextOf(path, answer.text)).toMatch(
        /^request \(\d+ tokens\) exceeds the available context size \(8 tokens\), try increasing it$/,
      );
    },
  );

  it("of a field of the wrong type is 400, in its own words", async () => {
    const { ask: askYard } = await setYard();
    const body = { ...asked("/v1/chat/completions", true), min_p: "hot" };

    const answer = await askYard("/v1/chat/completions", body);

    expect(answer.status).toBe(400);
    expect(errorTextOf("/v1/chat/completions", answer.text)).toBe(
      "Field 'min_p': [json.exception.type_error.302] type must be number, but is string",
    );
  });

  it.each<[number, number]>([
    [400, 400],
    [404, 404],
    [500, 502],
    [501, 501],
  ])("with %i is %i in each dialect", async (status, wanted) => {
    const { llama, ask: askYard } = await setYard();
    for (const { path, stream } of forms) {
      // Whoever waits for a whole answer is asked for once more without a stream.
      for (let times = 0; times < 2; times++)
        llama.faults.push({ kind: "http", status, message: "no such thing" });

      const answer = await askYard(path, asked(path, stream));

      expect(answer.status).toBe(wanted);
      expect(errorTextOf(path, answer.text)).toMatch(/no such thing|not found/);
      llama.faults.length = 0;
    }
  });

  it("may be comments, which nobody sees", async () => {
    const { llama, ask: askYard } = await setYard();
    for (const { path, stream } of forms) {
      llama.faults.push({ kind: "pings", count: 20 });

      checkGood(path, stream, await askYard(path, asked(path, stream)));
    }
  });
});

describe("times and counts", () => {
  it.each(["finish", "usage"] as const)("are llama-server's own, told in the %s chunk", async (where) => {
    const { llama, ask: askYard } = await setYard();
    llama.timingsIn = where;

    for (const stream of [true, false]) {
      const answer = await askYard("/api/chat", asked("/api/chat", stream));
      const last = JSON.parse(framesOf("/api/chat", answer.text).at(-1) ?? "") as object;

      expect(last).toMatchObject({
        done: true,
        done_reason: "stop",
        prompt_eval_count: 5,
        prompt_eval_duration: 1_500_000,
        eval_count: 4,
        eval_duration: 8_000_000,
      });
    }
    const messages = await askYard("/v1/messages", asked("/v1/messages", false));
    expect(messages.text).toMatch(/"output_tokens":4/);
  });
});

describe("a router", () => {
  const router = { router: true, models: ["small", "large"] };

  interface Listed {
    readonly models: readonly { readonly name: string; readonly model: string }[];
  }
  const namesAt = async ({ daemon }: Yard, path: string): Promise<string[]> => {
    daemon.daemon.registry.expire();
    const { models } = JSON.parse((await ask(daemon.url + path)).text) as Listed;
    return models.map(({ name }) => name).toSorted();
  };

  it("lists all its models, and as loaded those that are", async () => {
    const yard = await setYard(router);
    yard.llama.statuses.set("small", "sleeping");

    expect(await namesAt(yard, "/api/tags")).toEqual(["auto", "large:latest", "small:latest"]);
    expect(await namesAt(yard, "/api/ps")).toEqual([]);
    yard.llama.statuses.set("large", "loaded");
    expect(await namesAt(yard, "/api/ps")).toEqual(["large:latest"]);
  });

  it("is asked for a model by its own name, and loads it", async () => {
    const yard = await setYard(router);

    checkGood("/api/chat", true, await yard.ask("/api/chat", asked("/api/chat", true, "large:latest")));

    expect(yard.llama.calls().map(({ body }) => body["model"])).toEqual(["large"]);
    expect(await namesAt(yard, "/api/ps")).toEqual(["large:latest"]);
  });

  it.each([
    ["/api/generate", { prompt: "", keep_alive: 0 }],
    ["/api/generate", { keep_alive: "0s" }],
    ["/api/chat", { messages: [], keep_alive: 0 }],
  ])("lets a model go when %s says %j", async (path, body) => {
    const yard = await setYard(router);
    yard.llama.statuses.set("large", "loaded");

    const answer = await yard.ask(path, { model: "large", ...body });

    expect(JSON.parse(answer.text)).toMatchObject({ model: "large", done: true, done_reason: "unload" });
    expect(yard.llama.to("/models/unload").map((one) => one.body)).toEqual([{ model: "large" }]);
    expect(await namesAt(yard, "/api/ps")).toEqual([]);
  });

  it("does not answer to names that it does not list", async () => {
    const yard = await setYard(router);

    const answer = await yard.ask("/api/chat", asked("/api/chat", true, "other"));

    expect(answer.status).toBe(404);
    expect(yard.llama.calls()).toEqual([]);
  });
});

describe("a server with one model", () => {
  it.each(["llama", "llama:latest", "gpt-4o", "qwen3:32b"])(
    "alone answers to %s, under that name",
    async (name) => {
      const { llama, ask: askYard } = await setYard();
      for (const { path, stream } of forms) {
        const answer = await askYard(path, asked(path, stream, name));

        checkGood(path, stream, answer);
        const names = [...answer.text.matchAll(/"model":"([^"]*)"/g)].map(([, one]) => one);
        expect(new Set(names)).toEqual(new Set([name]));
      }
      expect(llama.calls()).toHaveLength(forms.length);
    },
  );

  it("answers to its own name alone where the configuration says so", async () => {
    const { ask: askYard } = await setYard({ anyModel: false });

    expect((await askYard("/api/chat", asked("/api/chat", true, "gpt-4o"))).status).toBe(404);
    checkGood("/api/chat", true, await askYard("/api/chat", asked("/api/chat", true)));
  });

  it("keeps its model, whatever keep_alive says", async () => {
    const { llama, ask: askYard } = await setYard();

    const answer = await askYard("/api/generate", { model: "llama", keep_alive: 0 });

    expect(JSON.parse(answer.text)).toMatchObject({ done: true, done_reason: "unload" });
    expect(llama.to("/models/unload")).toEqual([]);
  });

  describe("beside another", () => {
    let ollama: FakeUpstream;
    beforeEach(async () => {
      ollama = await startFakeUpstream(["tiny:latest"]);
      standing.push(ollama);
    });

    it("answers to its own name alone", async () => {
      const beside = `  - { type: ollama, name: ollama, url: "${ollama.url}" }\n`;
      const { llama, ask: askYard } = await setYard({ beside });

      for (const path of chatPaths) {
        const answer = await askYard(path, asked(path, true, "gpt-4o"));
        expect(answer.status).toBe(404);
        expect(errorTextOf(path, answer.text)).toMatch(/gpt-4o/);
      }
      expect(llama.calls()).toEqual([]);
      checkGood("/api/chat", true, await askYard("/api/chat", asked("/api/chat", true)));
      const tiny = await askYard("/api/chat", asked("/api/chat", true, "tiny"));
      expect(tiny.headers["x-chasqui-upstream"]).toBe("ollama");
    });
  });
});

describe("prompts that no template touches", () => {
  it.each([true, false])("go to /v1/completions, stream %s", async (stream) => {
    const { llama, ask: askYard } = await setYard();
    const body = { model: "llama", prompt: "<|go|>", raw: true, stream, options: { num_predict: 9 } };

    const answer = await askYard("/api/generate", body);

    expect(wordsOf(answer)).toBe(llamaText);
    expect(llama.calls().map(({ path }) => path)).toEqual(["/v1/completions"]);
    expect(llama.calls()[0]?.body).toMatchObject({ prompt: "<|go|>", max_tokens: 9 });
  });

  it.each([true, false])("with a gap go to /infill, stream %s", async (stream) => {
    const { llama, ask: askYard } = await setYard();

    const answer = await askYard("/api/generate", {
      model: "llama",
      prompt: "def f(",
      suffix: "return x",
      stream,
    });

    expect(wordsOf(answer)).toBe(llamaText);
    expect(framesOf("/api/generate", answer.text).at(-1)).toContain('"done":true');
    expect(llama.calls()[0]).toMatchObject({
      path: "/infill",
      body: { input_prefix: "def f(", input_suffix: "return x" },
    });
  });

  it("with a gap is an error where it breaks off, as it has no other end", async () => {
    const { daemon, llama } = await setYard();
    llama.faults.push({ kind: "cut", afterWords: 2 });
    const asking = open(`${daemon.url}/api/generate`, {
      model: "llama",
      prompt: "a",
      suffix: "b",
      stream: true,
    });
    await asking.firstByte;

    llama.release();

    const { text } = await asking.answer;
    expect(text).not.toContain('"done":true');
    expect(errorTextOf("/api/generate", framesOf("/api/generate", text).at(-1) ?? "")).toMatch(
      /upstream llama/,
    );
  });
});

describe("embeddings", () => {
  interface Embedded {
    readonly embeddings: number[][];
    readonly prompt_eval_count: number;
  }
  const long = Array.from({ length: 40 }, (_one, nth) => `word${nth}`).join(" ");

  it("are Ollama's in each of its forms, and OpenAI's", async () => {
    const { ask: askYard } = await setYard();

    const many = await askYard("/api/embed", { model: "llama", input: ["a b", "c"] });
    const one = await askYard("/api/embeddings", { model: "llama", prompt: "a b" });
    const openai = await askYard("/v1/embeddings", { model: "llama", input: "a b" });

    expect(JSON.parse(many.text)).toMatchObject({
      model: "llama",
      embeddings: [
        [3, 4, 2],
        [3, 4, 1],
      ],
      prompt_eval_count: 3,
    });
    expect(JSON.parse(one.text)).toEqual({ embedding: [3, 4, 2] });
    expect(JSON.parse(openai.text)).toMatchObject({
      object: "list",
      model: "llama",
      data: [{ embedding: [3, 4, 2] }],
    });
  });

  it.each(["contextTokens", "embeddingBatchTokens"] as const)(
    "of what is longer than %s are made of its beginning, unless that is not wanted",
    async (limit) => {
      const { llama, ask: askYard } = await setYard();
      llama[limit] = 10;

      for (const truncate of [{}, { truncate: true }]) {
        const answer = await askYard("/api/embed", { model: "llama", input: ["a b", long], ...truncate });
        expect(answer.status).toBe(200);
        const { embeddings } = JSON.parse(answer.text) as Embedded;
        expect(embeddings[0]).toEqual([3, 4, 2]);
        expect(embeddings[1]?.[2]).toBeLessThanOrEqual(10);
        expect(embeddings[1]?.[2]).toBeGreaterThan(4);
      }
      const refused = await askYard("/api/embed", { model: "llama", input: long, truncate: false });
      expect(refused.status).toBe(400);
      expect(errorTextOf("/api/embed", refused.text)).toBe("the input length exceeds the context length");
    },
  );

  it("with fewer dimensions are cut, and of length 1 again", async () => {
    const { ask: askYard } = await setYard();

    const answer = await askYard("/api/embed", { model: "llama", input: "a", dimensions: 2 });

    const { embeddings } = JSON.parse(answer.text) as Embedded;
    expect(embeddings).toEqual([[0.6, 0.8]]);
  });

  it.each(["/api/embed", "/v1/embeddings"])(
    "that the server does not make are 501 on %s, in its words",
    async (path) => {
      const { llama, ask: askYard } = await setYard();
      llama.embeddings = "off";

      const answer = await askYard(path, { model: "llama", input: "a" });

      expect(answer.status).toBe(501);
      expect(errorTextOf(path, answer.text)).toMatch(/does not support embeddings/);
    },
  );
});
