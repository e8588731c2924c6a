import { describe, expect, it } from "vitest";
import { semanticQuestion } from "../../src/cache/semantic/eligible.ts";
import { nearTwins } from "../cache/near-twins.ts";
import { ask, type Answer } from "../support/ask.ts";
import { cachedStages, cacheOf, question } from "../support/cached-stage.ts";
import { eventually } from "../support/daemon.ts";
import type { Seen, Scripted } from "../support/fake-upstream.ts";
import { plainAnswer } from "../support/plain-answers.ts";
import type { Stage } from "../support/stage.ts";

const cachedStage = cachedStages();

/** An encoder to which all texts are the same: what keeps twins apart then is the guard alone. */
const sameVector = (seen: Seen): Scripted | undefined =>
  seen.path === "/api/embed"
    ? json('{"model":"enc","embeddings":[[1,2,3,4]],"prompt_eval_count":4}')
    : plainAnswer(seen);
const json = (body: string): Scripted => ({
  status: 200,
  headers: { "content-type": "application/json" },
  body,
});

/** With a budget that no busy machine uses up, unless the spec is about the budget. */
async function semanticStage(semantic: string, respond = sameVector): Promise<Stage> {
  const budget = semantic.includes("budget:") ? "" : "budget: 10s, ";
  const made = await cachedStage(
    `{ sqlite: { enabled: false }, semantic: { model: enc, ${budget}${semantic} } }`,
    {
      models: [["tiny:latest", "enc:latest"]],
    },
  );
  made.one.respond = respond;
  return made;
}

const asking = (content: string, more: object = {}): object =>
  question("/api/chat", false, { messages: [{ role: "user", content }], ...more });
const chat = (made: Stage, content: string, more: object = {}): Promise<Answer> =>
  ask(made.url("/api/chat"), asking(content, more));

interface SemanticStats {
  readonly vectors: number;
  readonly lookups: number;
  readonly served: number;
  readonly would_serve: number;
  readonly state: string;
  readonly embed_timeouts: number;
  readonly pairs: Readonly<Record<string, number>>;
}
async function semanticOf(made: Stage): Promise<SemanticStats> {
  const { text } = await ask(made.url("/api/stats"));
  return (JSON.parse(text) as { cache: { semantic: SemanticStats } }).cache.semantic;
}

/** Asks a question, and waits until it is known by its meaning. */
async function teach(made: Stage, content: string, more: object = {}): Promise<void> {
  const { vectors } = await semanticOf(made);
  expect(cacheOf(await chat(made, content, more))).toBe("miss");
  await eventually(async () => (await semanticOf(made)).vectors === vectors + 1, "it is known");
}

const capital = "What is the capital of France?";
const alsoCapital = "what is the capital of france, please";

describe("a question that asks for the same in other words", () => {
  it("is given the other's answer, and told so", async () => {
    const made = await semanticStage("mode: guarded");
    await teach(made, capital);

    const near = await chat(made, alsoCapital);
    const streamed = await chat(made, "What is the capital of France", { stream: true });

    expect(near.headers).toMatchObject({
      "x-chasqui-cache": "semantic",
      "x-chasqui-cache-similarity": "1.0000",
      "x-chasqui-cache-tier": "memory",
    });
    expect(near.text).toContain("Hello, wörld!");
    expect(cacheOf(streamed)).toBe("semantic");
    expect(made.one.to("/api/chat")).toHaveLength(1);
    expect(await semanticOf(made)).toMatchObject({ served: 2, vectors: 1 });
  });

  it("asks the encoder for whole texts, on the CPU, and keeps it loaded", async () => {
    const made = await semanticStage("mode: guarded");
    await teach(made, capital);

    expect(JSON.parse(made.one.to("/api/embed")[0]?.body ?? "")).toEqual({
      model: "enc",
      input: capital,
      truncate: false,
      keep_alive: -1,
      options: { num_gpu: 0 },
    });
  });

  it.each([
    [
      "another system prompt",
      [
        { role: "system", content: "Be rude." },
        { role: "user", content: alsoCapital },
      ],
    ],
    [
      "another history",
      [
        { role: "user", content: "Hi" },
        { role: "assistant", content: "Hi" },
        { role: "user", content: alsoCapital },
      ],
    ],
  ])("is answered anew with %s", async (_what, messages) => {
    const made = await semanticStage("mode: guarded");
    await teach(made, capital);

    expect(cacheOf(await chat(made, "", { messages }))).toBe("miss");
  });

  it.each([
    ["another model", { model: "enc" }],
    ["other options", { options: { temperature: 0, num_predict: 7 } }],
    ["another format", { format: "json" }],
    ["no wish for stored answers", { cache: { "no-cache": true } }],
  ])("is answered anew with %s", async (_what, more) => {
    const made = await semanticStage("mode: guarded");
    await teach(made, capital);

    expect(cacheOf(await chat(made, alsoCapital, more))).toBe("miss");
  });

  it("is not given the tokens of the other's conversation", async () => {
    const made = await semanticStage("mode: guarded", (seen) =>
      seen.path === "/api/generate"
        ? json(
            '{"model":"tiny","created_at":"2026-11-21T00:06:19Z","response":"Paris","done":true,"done_reason":"stop","context":[1,2,3],"prompt_eval_count":1,"eval_count":1}',
          )
        : sameVector(seen),
    );
    const generate = (prompt: string): Promise<Answer> =>
      ask(made.url("/api/generate"), { model: "tiny", prompt, stream: false, options: { temperature: 0 } });
    expect((await generate(capital)).text).toContain('"context":[1,2,3]');
    await eventually(async () => (await semanticOf(made)).vectors === 1, "it is known");

    const near = await generate(alsoCapital);

    expect(cacheOf(near)).toBe("semantic");
    expect(near.text).toContain("Paris");
    expect(near.text).not.toContain("context");
  });

  it("is given nothing that was removed meanwhile", async () => {
    const made = await semanticStage("mode: guarded");
    await teach(made, capital);
    await ask(made.url("/api/cache?model=tiny"), undefined, { method: "DELETE" });
    expect(cacheOf(await chat(made, alsoCapital))).toBe("miss");
    await ask(made.url("/api/cache"), undefined, { method: "DELETE" });
    expect(cacheOf(await chat(made, "What's the capital of France"))).toBe("miss");
  });

  it("is only counted in shadow", async () => {
    const made = await semanticStage("mode: shadow");
    await teach(made, capital);

    expect(cacheOf(await chat(made, alsoCapital))).toBe("miss");
    expect(await semanticOf(made)).toMatchObject({ served: 0, would_serve: 1 });
  });
});

describe("an adversarial twin", () => {
  it("is never given the other's answer, though the encoder takes both for the same", async () => {
    const made = await semanticStage("mode: guarded");
    const apart = (content: string, nth: number): object => ({
      messages: [
        { role: "system", content: `Pair ${nth}` },
        { role: "user", content },
      ],
    });
    const isCompared = (content: string): boolean =>
      !("reason" in semanticQuestion("ollama", "chat", { messages: [{ role: "user", content }] }));
    const pairs = Object.values(nearTwins).flat();
    let vectors = 0;
    for (const [nth, [asked, known]] of pairs.entries()) {
      await chat(made, "", apart(known, nth));
      vectors += isCompared(known) ? 1 : 0;
      await eventually(async () => (await semanticOf(made)).vectors === vectors, `${known} is known`);
      expect([cacheOf(await chat(made, "", apart(asked, nth))), asked]).toEqual(["miss", asked]);
      vectors += isCompared(asked) ? 1 : 0;
    }

    expect(pairs.length).toBeGreaterThan(200);
    expect(vectors).toBeGreaterThan(300);
    expect((await semanticOf(made)).served).toBe(0);
  }, 60_000);
});

describe("an encoder that is sick", () => {
  it("costs a question no more than its budget, and then nothing", async () => {
    const made = await semanticStage("mode: guarded, budget: 60ms");
    await teach(made, capital);
    made.one.respond = (seen) =>
      seen.path === "/api/embed" ? { status: 500, body: '{"error":"no room"}' } : plainAnswer(seen);
    for (let turn = 0; turn < 6; turn++)
      expect(cacheOf(await chat(made, `What is the capital of France, dear ${"abcdef"[turn]}?`))).toBe(
        "miss",
      );

    expect((await semanticOf(made)).state).not.toBe("up");
    expect(made.one.to("/api/embed").length).toBeLessThan(12);
    expect(cacheOf(await chat(made, capital))).toBe("hit");
  });
});

describe("a pair that a model has judged the same", () => {
  const other = "What is the capital city of France?";
  const judged =
    (same: boolean) =>
    (seen: Seen): Scripted | undefined =>
      seen.path === "/api/chat" && seen.body.includes('"format"')
        ? plainAnswer(seen, JSON.stringify({ same }))
        : sameVector(seen);

  it("is an exact hit from then on", async () => {
    const made = await semanticStage("mode: verified, judge: tiny", judged(true));
    await teach(made, capital);
    expect(cacheOf(await chat(made, other))).toBe("miss");
    await eventually(async () => (await semanticOf(made)).pairs["verified"] === 1, "it is judged", 5_000);

    const judgements = made.one.to("/api/chat").filter(({ body }) => body.includes('"format"'));
    expect(judgements).toHaveLength(2);
    expect(JSON.parse(judgements[0]?.body ?? "")).toMatchObject({
      options: { temperature: 0 },
      stream: false,
    });
    expect(cacheOf(await chat(made, other))).toBe("hit");
  });

  it("is refused when the model says no", async () => {
    const made = await semanticStage("mode: verified, judge: tiny", judged(false));
    await teach(made, capital);
    await chat(made, other);

    await eventually(async () => (await semanticOf(made)).pairs["refused"] === 1, "it is judged", 5_000);
    expect((await semanticOf(made)).pairs).toMatchObject({ verified: 0, refused: 1 });
  });
});

describe("a complaint", () => {
  const complain = (made: Stage, id: unknown, more: object = {}): Promise<Answer> =>
    ask(made.url("/api/cache/feedback"), { id, bad: true, ...more });

  it("takes a wrong answer away, for good for the two that were paired", async () => {
    const made = await semanticStage("mode: guarded");
    await teach(made, capital);
    const near = await chat(made, alsoCapital);

    const { status, text } = await complain(made, near.headers["x-chasqui-request-id"]);

    expect([status, text]).toEqual([200, '{"removed":true}']);
    expect(cacheOf(await chat(made, capital))).toBe("miss");
    expect(cacheOf(await chat(made, alsoCapital))).toBe("miss");
    expect((await semanticOf(made)).pairs["blocked"]).toBe(1);
  });

  it("takes an exact one away as well, without a semantic layer", async () => {
    const made = await cachedStage();
    await chat(made, capital);
    const hit = await chat(made, capital);
    expect(cacheOf(hit)).toBe("hit");

    expect((await complain(made, hit.headers["x-chasqui-request-id"])).status).toBe(200);
    expect(cacheOf(await chat(made, capital))).toBe("miss");
  });

  it.each([
    [{ id: "unknown" }, 404, "id: no stored answer"],
    [{ id: 7 }, 400, "id: expected"],
    [{ id: "x", bad: false }, 400, "bad: expected true"],
    [{ id: "x", good: true }, 400, "good: unknown"],
    ["no json", 400, "expected a JSON object"],
  ])("of %j is refused with %i", async (body, status, text) => {
    const made = await cachedStage();
    const answer = await ask(made.url("/api/cache/feedback"), body);

    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(text)]);
  });

  it("counts only from who was given the answer", async () => {
    const keys = "api_keys: [{ name: a, key: chq-aaaaaaaaaaaaaaaa }, { name: b, key: chq-bbbbbbbbbbbbbbbb }]";
    const made = await cachedStage(`{}\n${keys}`);
    const [a, b] = ["a", "b"].map((one) => ({ headers: { authorization: `Bearer chq-${one.repeat(16)}` } }));
    await ask(made.url("/api/chat"), asking(capital), a);
    const hit = await ask(made.url("/api/chat"), asking(capital), a);
    const id = hit.headers["x-chasqui-request-id"];

    expect((await ask(made.url("/api/cache/feedback"), { id }, b)).status).toBe(404);
    expect(cacheOf(await ask(made.url("/api/chat"), asking(capital), a))).toBe("hit");
    expect((await ask(made.url("/api/cache/feedback"), { id }, a)).status).toBe(200);
    expect(cacheOf(await ask(made.url("/api/chat"), asking(capital), a))).toBe("miss");
  });
});
