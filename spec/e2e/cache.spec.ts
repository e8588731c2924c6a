import { describe, expect, it } from "vitest";
import { ask, open, type Answer } from "../support/ask.ts";
import { eventually } from "../support/daemon.ts";
import { cachedStages, cacheOf, question } from "../support/cached-stage.ts";
import { plainAnswer } from "../support/plain-answers.ts";
import { noBreaker, type Stage } from "../support/stage.ts";
import { bodyFor, chatPaths } from "../support/wires.ts";

const cachedStage = cachedStages();

/** The text of an answer in whatever form. */
function textOf({ text }: Answer): string {
  const found = [...text.matchAll(/"(?:content|response|text)":"((?:[^"\\]|\\.)*)"/g)];
  return found.map(([, said = ""]) => said).join("");
}

interface CacheStats {
  readonly results: Record<string, number>;
  readonly pass_reasons: Record<string, number>;
  readonly not_stored: Record<string, number>;
  readonly saved: { output_tokens: number; seconds: number };
  readonly eligible_hit_rate: number;
}

async function statsOf(made: Stage): Promise<CacheStats> {
  const { text } = await ask(made.url("/api/stats"));
  return (JSON.parse(text) as { cache: CacheStats }).cache;
}

describe.each([...chatPaths, "/api/generate"])("an answer on %s", (path) => {
  it.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])("asked for as a stream: %s, is given again as a stream: %s", async (first, second) => {
    const made = await cachedStage();

    const miss = await ask(made.url(path), question(path, first));
    const again = await ask(made.url(path), question(path, second));

    expect(cacheOf(miss)).toBe("miss");
    expect(miss.headers["x-chasqui-cache-reason"]).toBe("cold");
    const needsCounts = path === "/v1/chat/completions" && first && !second;
    expect(cacheOf(again)).toBe(needsCounts ? "miss" : "hit");
    expect(textOf(again)).toBe("Hello, wörld!");
    expect(made.one.calls()).toHaveLength(needsCounts ? 2 : 1);
    if (needsCounts) return;
    expect(again.headers["x-chasqui-cache-tier"]).toBe("memory");
    expect(again.headers["age"]).toBe("0");
  });

  it("is kept apart from one to another question", async () => {
    const made = await cachedStage();
    await ask(made.url(path), question(path, true));

    const other = await ask(made.url(path), question(path, true, { system: "Be brief." }));

    expect(cacheOf(other)).toBe("miss");
  });

  it("goes as one stream to a hundred who ask at once", async () => {
    const made = await cachedStage();
    made.one.respond = undefined;
    made.one.fault = "hang-before-body";
    const all = Array.from({ length: 100 }, () => open(made.url(path), bodyFor(path, true)));
    await eventually(() => made.one.calls().length === 1, "the upstream is asked");
    await eventually(async () => {
      const { text } = await ask(made.url("/api/stats"));
      return (JSON.parse(text) as { requests: { in_flight: number } }).requests.in_flight === 101;
    }, "all of them wait");

    made.one.release();
    const answers = await Promise.all(all.map((one) => one.answer));

    expect(made.one.calls()).toHaveLength(1);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.every(({ complete, status }) => complete && status === 200)).toBe(true);
    const said = answers.map(cacheOf);
    expect(said.filter((one) => one === "miss")).toHaveLength(1);
    expect(said.filter((one) => one === "coalesced")).toHaveLength(99);
  });
});

describe("those who wait for the same answer", () => {
  const path = "/api/chat";

  it("get it although the first to ask has left, and the upstream is left with the last of them", async () => {
    const made = await cachedStage();
    made.one.respond = undefined;
    made.one.fault = "hang-mid-stream";
    const first = open(made.url(path), bodyFor(path, true));
    await first.firstByte;
    const second = open(made.url(path), bodyFor(path, true));
    await second.firstByte;

    first.leave();
    await first.answer;
    const third = open(made.url(path), bodyFor(path, true));
    await third.firstByte;
    expect(made.one.calls()).toHaveLength(1);
    expect(made.one.calls()[0]?.ended).toBeUndefined();

    second.leave();
    third.leave();
    await eventually(() => made.one.calls()[0]?.ended === "left", "the upstream is left");
  });

  it("are not stranded by one that fails: another one asks for them", async () => {
    const made = await cachedStage("{}", { yaml: `${noBreaker}\nretry: { attempts: 1 }\ncache: {}` });
    made.one.respond = undefined;
    made.one.fault = "hang-before-headers";
    const all = Array.from({ length: 5 }, () => open(made.url(path), bodyFor(path, true)));
    await eventually(() => made.one.calls().length === 1, "the upstream is asked");
    await eventually(async () => {
      const { text } = await ask(made.url("/api/stats"));
      return (JSON.parse(text) as { requests: { in_flight: number } }).requests.in_flight === 6;
    }, "all of them wait");

    made.one.fault = "none";
    await made.one.refuse();
    await made.one.accept();
    const answers = await Promise.all(all.map((one) => one.answer));

    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(4);
    expect(made.one.calls().length).toBeLessThanOrEqual(2);
  });
});

describe("what is not stored", () => {
  it.each(["no-final-line", "error-line-later", "cut-mid-line", "two-final-lines"] as const)(
    "is an answer with %s",
    async (fault) => {
      const made = await cachedStage();
      made.one.respond = undefined;
      made.one.fault = fault;
      await ask(made.url("/api/chat"), question("/api/chat", true));
      made.one.fault = "none";
      made.one.respond = (seen) => plainAnswer(seen);

      const next = await ask(made.url("/api/chat"), question("/api/chat", true));

      expect(cacheOf(next)).toBe("miss");
      expect(textOf(next)).toBe("Hello, wörld!");
    },
  );

  it("is an answer whose client has left", async () => {
    const made = await cachedStage();
    made.one.respond = undefined;
    made.one.fault = "hang-mid-stream";
    const left = open(made.url("/api/chat"), question("/api/chat", true));
    await left.firstByte;
    left.leave();
    await eventually(() => made.one.calls()[0]?.ended === "left", "the upstream is left");
    made.one.respond = (seen) => plainAnswer(seen);

    expect(cacheOf(await ask(made.url("/api/chat"), question("/api/chat", true)))).toBe("miss");
  });

  it.each([
    ["one that was cut at a length", "length", { done_reason: "length" }],
    [
      "one that calls a tool",
      "tools",
      { message: { role: "assistant", content: "", tool_calls: [{ function: {} }] } },
    ],
    ["one that says nothing", "empty", { message: { role: "assistant", content: "" } }],
    ["one with a number that JavaScript cannot hold", "inexact", { seed: 1 }],
  ])("is %s", async (_name, reason, more) => {
    const made = await cachedStage();
    made.one.respond = (seen) => {
      const plain = plainAnswer(seen);
      if (plain === undefined) return undefined;
      const changed = JSON.stringify({ ...(JSON.parse(String(plain.body)) as object), ...more });
      return { ...plain, body: changed.replace('"seed":1', '"seed":12345678901234567890') };
    };
    await ask(made.url("/api/chat"), question("/api/chat", false));

    expect(cacheOf(await ask(made.url("/api/chat"), question("/api/chat", false)))).toBe("miss");
    const { not_stored } = await statsOf(made);
    expect(not_stored).toEqual({ [reason]: 2 });
  });

  it("is an answer that is no JSON although JSON was asked for", async () => {
    const made = await cachedStage();
    const asked = question("/api/chat", false, { format: "json" });
    await ask(made.url("/api/chat"), asked);

    expect(cacheOf(await ask(made.url("/api/chat"), asked))).toBe("miss");
  });
});

describe("a request that is passed by", () => {
  it.each([
    ["load_unload", { model: "tiny", messages: [] }],
    ["control", { ...question("/api/chat", false), cache: false }],
    ["bigint", { ...question("/api/chat", false), options: { temperature: 0, seed: 1e16 } }],
    ["integer_keys", { ...question("/api/chat", false), format: { 7: "x" } }],
  ])("says %s", async (reason, body) => {
    const made = await cachedStage();
    const said: Answer[] = [];
    for (let turn = 0; turn < 2; turn++) said.push(await ask(made.url("/api/chat"), body));

    expect(said.map(cacheOf)).toEqual(["pass", "pass"]);
    expect(said[0]?.headers["x-chasqui-cache-reason"]).toBe(reason);
    expect((await statsOf(made)).pass_reasons).toEqual({ [reason]: 2 });
  });

  it("does so by the rules for its model", async () => {
    const made = await cachedStage('{ models: [{ match: "ti*", enabled: false }] }');

    const answer = await ask(made.url("/api/chat"), question("/api/chat", false));

    expect([cacheOf(answer), answer.headers["x-chasqui-cache-reason"]]).toEqual(["pass", "policy"]);
  });
});

describe("what a client says of the cache", () => {
  const path = "/api/chat";
  const say = async (made: Stage, control: string, how: "header" | "body"): Promise<Answer> =>
    how === "header"
      ? ask(made.url(path), question(path, false), { headers: { "cache-control": control } })
      : ask(made.url(path), question(path, false, { cache: control }));

  it.each(["header", "body"] as const)("in its %s: no-cache asks anew and stores", async (how) => {
    const made = await cachedStage();
    await ask(made.url(path), question(path, false));

    const anew = await say(made, "no-cache", how);

    expect([cacheOf(anew), anew.headers["x-chasqui-cache-reason"]]).toEqual(["miss", "no_cache"]);
    expect(cacheOf(await ask(made.url(path), question(path, false)))).toBe("hit");
  });

  it.each(["header", "body"] as const)("in its %s: no-store stores nothing", async (how) => {
    const made = await cachedStage();
    await say(made, "no-store", how);

    expect(cacheOf(await ask(made.url(path), question(path, false)))).toBe("miss");
  });

  it.each(["header", "body"] as const)("in its %s: only-if-cached asks no upstream", async (how) => {
    const made = await cachedStage();

    const refused = await say(made, "only-if-cached", how);

    expect(refused.status).toBe(504);
    expect(JSON.parse(refused.text)).toEqual({ error: expect.stringContaining("stored answer") as string });
    expect(made.one.calls()).toEqual([]);
    await ask(made.url(path), question(path, false));
    expect(cacheOf(await say(made, "only-if-cached", how))).toBe("hit");
  });

  it("never reaches the upstream with the body, whose other bytes stay", async () => {
    const made = await cachedStage();
    const body =
      '{"model":"tiny", "cache":{"max-age":5}, "messages":[{"role":"user","content":"h\\u0069"}],"x":1.0 }';

    await ask(made.url(path), body);

    expect(made.one.calls()[0]?.body).toBe(
      '{"model":"tiny","messages":[{"role":"user","content":"h\\u0069"}],"x":1.0 }',
    );
  });

  it("is an error that names the field when it is not understood", async () => {
    const made = await cachedStage();

    const answer = await ask(made.url(path), question(path, false, { cache: { "max-age": "soon" } }));

    expect(answer.status).toBe(400);
    expect(answer.text).toContain("cache.max-age: expected");
    expect(made.one.calls()).toEqual([]);
  });
});

describe("a question whose answer is drawn at random", () => {
  const path = "/api/chat";

  it("is answered anew for whoever was served the stored answer and asks again", async () => {
    const made = await cachedStage();
    const said: unknown[] = [];
    for (let turn = 0; turn < 4; turn++) said.push(cacheOf(await ask(made.url(path), bodyFor(path, false))));

    expect(said).toEqual(["miss", "hit", "miss", "hit"]);
  });

  it("is left alone when the configuration says so", async () => {
    const made = await cachedStage('{ sampling: "off" }');
    await ask(made.url(path), bodyFor(path, false));

    const again = await ask(made.url(path), bodyFor(path, false));

    expect([cacheOf(again), again.headers["x-chasqui-cache-reason"]]).toEqual(["pass", "sampling"]);
  });
});

describe("when no upstream answers", () => {
  it("an older answer is served and says so, unless it is too old", async () => {
    const made = await cachedStage("{ ttl: 1ms }");
    await ask(made.url("/api/chat"), question("/api/chat", false));
    made.one.respond = undefined;
    made.one.fault = "html-500";

    const stale = await ask(made.url("/api/chat"), question("/api/chat", false));
    const strict = await ask(made.url("/api/chat"), question("/api/chat", false), {
      headers: { "cache-control": "stale-if-error=0" },
    });

    expect([stale.status, cacheOf(stale)]).toEqual([200, "stale"]);
    expect(textOf(stale)).toBe("Hello, wörld!");
    expect(strict.status).toBeGreaterThanOrEqual(500);
  });
});

describe("embeddings", () => {
  it.each(["/api/embed", "/v1/embeddings"])(
    "on %s are stored input by input, each number as it was",
    async (path) => {
      const made = await cachedStage();
      const of = (...input: string[]): Promise<Answer> => ask(made.url(path), { model: "tiny", input });
      const first = await of("a", "bbb");

      const swapped = await of("bbb", "a");
      const more = await of("a", "cc");
      const single = await ask(made.url(path), { model: "tiny", input: "cc" });

      expect([first, swapped, more, single].map(cacheOf)).toEqual(["miss", "hit", "miss", "hit"]);
      expect(more.headers["x-chasqui-cache-reason"]).toBe("partial");
      expect(made.one.calls().map(({ body }) => (JSON.parse(body) as { input: unknown }).input)).toEqual([
        ["a", "bbb"],
        "cc",
      ]);
      expect(swapped.text.match(/\[[^[\]{}]*\]/g)).toEqual([
        "[3.50,1e-05,0.10000000149011612]",
        "[1.50,1e-05,0.10000000149011612]",
      ]);
      expect(swapped.text).toContain(path === "/api/embed" ? '"prompt_eval_count":4' : '"prompt_tokens":4');
    },
  );
});

describe("a hit that asks for its model to go", () => {
  it("unloads it only where it is loaded, and loads nothing", async () => {
    const made = await cachedStage("{}", { prepare: ([one]) => void one?.loaded.push("tiny:latest") });
    const leaving = question("/api/chat", false, { keep_alive: 0 });
    await ask(made.url("/api/chat"), question("/api/chat", false));

    expect(cacheOf(await ask(made.url("/api/chat"), leaving))).toBe("hit");

    await eventually(() => made.one.to("/api/generate").length === 1, "it is told");
    expect(JSON.parse(made.one.to("/api/generate")[0]?.body ?? "")).toEqual({ model: "tiny", keep_alive: 0 });
  });
});

describe("an answer on disk", () => {
  it("is found there, and given to memory", async () => {
    const made = await cachedStage("{ sqlite: { disk_free: 0 }, memory: { ttl: 1ms } }");
    await ask(made.url("/api/chat"), question("/api/chat", true));
    await eventually(async () => {
      const again = await ask(made.url("/api/chat"), question("/api/chat", true));
      return again.headers["x-chasqui-cache-tier"] === "sqlite" && cacheOf(again) === "hit";
    }, "it is found on disk");

    const { text } = await ask(made.url("/api/stats"));
    const { cache } = JSON.parse(text) as { cache: { tiers: { sqlite: object }; promotions: number } };
    expect(cache.tiers.sqlite).toMatchObject({ state: "up", entries: 1, dropped_writes: 0 });
    expect(cache.promotions).toBeGreaterThan(0);
  });
});

describe("the statistics", () => {
  it("tell what was spared", async () => {
    const made = await cachedStage();
    for (let turn = 0; turn < 4; turn++) await ask(made.url("/api/chat"), question("/api/chat", true));

    const { results, saved, eligible_hit_rate } = await statsOf(made);

    expect(results).toEqual({ miss: 1, hit: 3 });
    expect(saved).toEqual({ input_tokens: 21, output_tokens: 12, seconds: 6 });
    expect(eligible_hit_rate).toBe(0.75);
  });
});
