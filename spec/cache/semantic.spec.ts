import { createHash } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import type { Finding } from "../../src/cache/semantic/choose.ts";
import type { Question } from "../../src/cache/semantic/known.ts";
import { createSemantic, type Semantic, type SemanticParts } from "../../src/cache/semantic/semantic.ts";
import {
  createVectorIndex,
  openVectorIndex,
  type VectorIndex,
} from "../../src/cache/semantic/vector-index.ts";
import { createVectors } from "../../src/cache/semantic/vectors.ts";
import type { Logger } from "../../src/lib/log.ts";
import { createFakeClock, pass, type FakeClock } from "../support/fake-clock.ts";
import { nearTwins, paraphrases } from "./near-twins.ts";

const france = "What is the capital of France?";
const sameAsFrance = "please, what's the capital of france";
const tire = "How do I fix a flat tire?";
const otherTire = "How do I repair a flat tire?";

const keyOf = (text: string): Buffer => createHash("md5").update(text).digest();
const questionOf = (text: string, partition = "p"): Question => ({
  partition: Buffer.from(partition),
  text,
  key: keyOf(text),
});

/** The index without its thread. */
const indexHere: typeof openVectorIndex = ({ vectorsMax, onGone }) => {
  const vectors = createVectors({ vectorsMax, onEvict: onGone });
  return {
    search: (partition, vector) => Promise.resolve(vectors.search(partition, vector)),
    add: (one) => void (vectors.add(one) || onGone(one.id)),
    remove: vectors.remove,
    close: () => Promise.resolve(),
  };
};

interface Stage {
  readonly semantic: Semantic;
  readonly clock: FakeClock;
  readonly embed: ReturnType<typeof vi.fn<SemanticParts["embed"]>>;
  readonly judge: ReturnType<typeof vi.fn<SemanticParts["judge"]>>;
  readonly onVerified: ReturnType<typeof vi.fn<SemanticParts["onVerified"]>>;
  readonly logged: string[];
  idle: boolean;
}

const same = (): Promise<Float32Array> => Promise.resolve(Float32Array.of(1, 2, 3));
/** Two vectors with this cosine: that of what is known, and that of what is asked. */
const cosine = (similarity: number): SemanticParts["embed"] => {
  const known = new Set([france, tire]);
  return (text) =>
    Promise.resolve(
      known.has(text) ? Float32Array.of(1, 0) : Float32Array.of(similarity, Math.sqrt(1 - similarity ** 2)),
    );
};

function staged(options: Partial<SemanticParts["options"]> = {}, more: Partial<SemanticParts> = {}): Stage {
  const clock = createFakeClock();
  const embed = vi.fn<SemanticParts["embed"]>(more.embed ?? same);
  const judge = vi.fn<SemanticParts["judge"]>(more.judge ?? (() => Promise.resolve(true)));
  const onVerified = vi.fn<SemanticParts["onVerified"]>(more.onVerified ?? (() => Promise.resolve()));
  const logged: string[] = [];
  const line = (message: string, fields?: object): void =>
    void logged.push(`${message} ${JSON.stringify(fields)}`);
  const log: Logger = { error: line, warn: line, info: line, debug: line, trace: line };
  const stage = { clock, embed, judge, onVerified, logged, idle: true };
  const semantic = createSemantic({
    openIndex: indexHere,
    ...more,
    options: { mode: "guarded", ...options },
    isIdle: () => stage.idle,
    embed,
    judge,
    onVerified,
    clock,
    log,
  });
  return Object.assign(stage, { semantic });
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function knowing(stage: Stage, ...texts: string[]): Promise<Stage> {
  for (const text of texts) {
    stage.semantic.add(questionOf(text));
    await settled();
  }
  return stage;
}

const found = async ({ semantic }: Stage, text: string, partition?: string): Promise<string> => {
  const finding = await semantic.find(questionOf(text, partition));
  return finding.kind === "near" ? finding.text : finding.reason;
};

describe("the semantic layer", () => {
  it("finds the key of a question that asks for the same", async () => {
    const { semantic } = await knowing(staged(), france);

    const finding = await semantic.find(questionOf(sameAsFrance));

    expect(finding).toEqual({
      kind: "near",
      key: keyOf(france),
      text: france,
      similarity: expect.closeTo(1, 6),
    });
    expect(semantic.state()).toMatchObject({ lookups: 1, eligible: 1, candidates: 1, served: 1, vectors: 1 });
  });

  it("serves no near twin, not even when all vectors are the same", async () => {
    for (const [asked, known] of Object.values(nearTwins).flat()) {
      const stage = await knowing(staged(), known);
      expect([asked, await found(stage, asked)]).toEqual([asked, "guard"]);
    }
  });

  it("serves paraphrases, when all vectors are the same", async () => {
    let served = 0;
    for (const [asked, known] of paraphrases) {
      const { semantic } = await knowing(staged(), known);
      const finding = await semantic.find(questionOf(asked));
      if (finding.kind === "near") served += 1;
    }

    expect(served).toBeGreaterThanOrEqual(40);
  });

  it("looks behind the nearest that the guard refuses", async () => {
    const stage = await knowing(staged(), "What is the capital of Finland?", france);

    expect(await found(stage, sameAsFrance)).toBe(france);
  });

  it("never leaves the partition, and asks no encoder for an empty one", async () => {
    const stage = await knowing(staged(), france);
    stage.embed.mockClear();

    expect(await found(stage, sameAsFrance, "q")).toBe("no_candidate");
    expect(stage.embed).not.toHaveBeenCalled();
  });

  it("does not find a question by itself", async () => {
    expect(await found(await knowing(staged(), france), france)).toBe("no_candidate");
  });

  it("serves nothing in shadow, and counts what it would", async () => {
    const stage = await knowing(staged({ mode: "shadow" }), france);

    expect(await found(stage, sameAsFrance)).toBe("shadow");
    expect(stage.semantic.state()).toMatchObject({ served: 0, wouldServe: 1 });
  });

  it.each([
    [0.96, 0.95, france],
    [0.94, 0.95, "no_candidate"],
    [0.3, 0, france],
    [0.99, 1, "no_candidate"],
  ])("compares a cosine of %d with a threshold of %d", async (similarity, threshold, expected) => {
    const stage = await knowing(staged({ threshold }, { embed: cosine(similarity) }), france);

    expect(await found(stage, sameAsFrance)).toBe(expected);
  });

  it("has a threshold of 0.95 unless told", async () => {
    expect(await found(await knowing(staged({}, { embed: cosine(0.951) }), france), sameAsFrance)).toBe(
      france,
    );
    expect(await found(await knowing(staged({}, { embed: cosine(0.949) }), france), sameAsFrance)).not.toBe(
      france,
    );
  });

  it.each([
    { threshold: 1.1 },
    { threshold: -0.1 },
    { threshold: Number.NaN },
    { verifyFrom: 2 },
    { budgetMs: 0 },
    { vectorsMax: 0 },
  ])("does not begin with %j", (options) => {
    expect(() => staged(options)).toThrow(RangeError);
  });

  it("lets nothing through when its guard throws", async () => {
    const guard = (): never => {
      throw new Error("broken");
    };
    const stage = await knowing(staged({}, { guard }), france);

    expect(await found(stage, sameAsFrance)).toBe("guard");
    expect(stage.semantic.state().guardRejects).toEqual({ error: 1 });
  });

  it("counts what the guard refuses by its test", async () => {
    const stage = await knowing(staged(), "Is port 6379 open by default?");
    await found(stage, "Is port 6379 closed by default?");
    await found(stage, "Is port 6380 open by default?");

    expect(stage.semantic.state().guardRejects).toEqual({ antonyms: 1, numbers: 1 });
  });

  it("asks for the vector of a text once", async () => {
    const stage = await knowing(staged(), france);
    await found(stage, sameAsFrance);
    await knowing(stage, sameAsFrance);
    await found(stage, sameAsFrance);

    expect(stage.embed.mock.calls.map(([text]) => text)).toEqual([france, sameAsFrance]);
    expect(stage.semantic.state().vectors).toBe(2);
  });

  it("keeps no more questions than it may, and forgets the text with the vector", async () => {
    const stage = await knowing(staged({ vectorsMax: 2 }), france, tire, "Who wrote War and Peace?");

    expect(stage.semantic.state().vectors).toBe(2);
    expect(await found(stage, sameAsFrance)).toBe("guard");
  });

  it("forgets", async () => {
    const stage = await knowing(staged(), france, tire);
    stage.semantic.forget(keyOf(france));

    expect(await found(stage, sameAsFrance)).toBe("guard");
    expect(stage.semantic.state().vectors).toBe(1);
    stage.semantic.clear();
    expect(await found(stage, `${tire} Thanks!`)).toBe("no_candidate");
  });

  it("forgets what has not come to be known yet", async () => {
    const { semantic } = staged();
    semantic.add(questionOf(france));
    semantic.forget(keyOf(france));
    await settled();

    expect(semantic.state().vectors).toBe(0);
  });

  it("never pairs again what was said to be wrong", async () => {
    const stage = await knowing(staged(), france);
    stage.semantic.reject({ askedKey: keyOf(sameAsFrance), knownKey: keyOf(france) });
    expect(await found(stage, sameAsFrance)).toBe("no_candidate");
    await knowing(stage, france);

    expect(await found(stage, sameAsFrance)).toBe("blocked");
    expect(await found(stage, "What is the capital of France? Thanks!")).toBe(france);
    expect(stage.semantic.state().blockedPairs).toBe(1);
  });

  it("says nothing of a text in its log", async () => {
    const stage = await knowing(
      staged({ mode: "verified" }, { judge: () => Promise.reject(new Error(tire)) }),
      tire,
    );
    await found(stage, otherTire);
    await pass(stage.clock, 1_000);

    expect(stage.logged.length).toBeGreaterThan(0);
    expect(stage.logged.join("\n")).not.toContain("tire");
  });

  it("finds and learns nothing once it is closed", async () => {
    const stage = await knowing(staged(), france);
    await stage.semantic.close();
    stage.semantic.add(questionOf(tire));

    expect(await found(stage, sameAsFrance)).toBe("closed");
    expect(stage.clock.pending).toBe(0);
  });
});

describe("a lookup that takes too long", () => {
  const never = (): Promise<never> => new Promise(() => undefined);

  it("ends with its budget, and the encoder is told", async () => {
    const stage = await knowing(staged(), france);
    stage.embed.mockImplementation(never);
    const finding = found(stage, sameAsFrance);
    await pass(stage.clock, 59);
    expect(stage.embed.mock.lastCall?.[1].aborted).toBe(false);
    await pass(stage.clock, 1);

    expect(await finding).toBe("budget");
    expect(stage.embed.mock.lastCall?.[1].aborted).toBe(true);
    expect(stage.semantic.state().embedTimeouts).toBe(1);
  });

  it("ends with its budget when the search hangs", async () => {
    const openIndex = (): VectorIndex => ({
      ...indexHere({ vectorsMax: 9, onGone: vi.fn(), onLost: vi.fn() }),
      search: never,
    });
    const stage = await knowing(staged({}, { openIndex }), france);
    const finding = found(stage, sameAsFrance);
    await settled();
    await pass(stage.clock, 60);

    expect(await finding).toBe("budget");
  });

  it("finds nothing when the search fails", async () => {
    const search = (): Promise<never> => Promise.reject(new Error("gone"));
    const openIndex = (): VectorIndex => ({
      ...indexHere({ vectorsMax: 9, onGone: vi.fn(), onLost: vi.fn() }),
      search,
    });

    expect(await found(await knowing(staged({}, { openIndex }), france), sameAsFrance)).toBe("failed");
  });

  it("is not begun while eight others run", async () => {
    const stage = await knowing(staged(), france);
    stage.embed.mockImplementation(never);
    const running = Array.from({ length: 8 }, (_, at) =>
      found(stage, `What is the capital of Spain, ${at}?`),
    );

    expect(await found(stage, sameAsFrance)).toBe("busy");
    await pass(stage.clock, 60);
    expect(new Set(await Promise.all(running))).toEqual(new Set(["budget"]));
  });
});

describe("an encoder that fails", () => {
  const failing = (): Promise<never> => Promise.reject(new Error("no"));

  async function broken(): Promise<Stage> {
    const stage = await knowing(staged(), france);
    stage.embed.mockImplementation(failing);
    for (const at of [1, 2, 3])
      expect(await found(stage, `What is the capital of Spain, ${at}?`)).toBe("failed");
    stage.embed.mockClear();
    return stage;
  }

  it.each([
    [
      "throws",
      () => {
        throw new Error("at once");
      },
    ],
    ["rejects", failing],
    ["gives zeros", () => Promise.resolve(new Float32Array(3))],
    ["gives NaN", () => Promise.resolve(Float32Array.of(1, Number.NaN, 1))],
    ["gives other dimensions", () => Promise.resolve(Float32Array.of(1, 1))],
  ])("is a miss when it %s", async (_how, embed) => {
    const stage = await knowing(staged(), france);
    stage.embed.mockImplementation(embed);

    expect(await found(stage, sameAsFrance)).toBe("failed");
    expect(stage.semantic.state().embedFailures).toBe(1);
  });

  it("is left alone after three failures", async () => {
    const stage = await broken();

    expect(await found(stage, sameAsFrance)).toBe("breaker");
    await knowing(stage, tire);
    expect(stage.embed).not.toHaveBeenCalled();
    expect(stage.semantic.state().breaker).toBe("down");
  });

  it("is tried again with a question that can wait, and used again after that", async () => {
    const stage = await broken();
    stage.embed.mockImplementation(same);
    await pass(stage.clock, 1_000);

    expect(stage.semantic.state().breaker).toBe("half-open");
    expect(await found(stage, sameAsFrance)).toBe("breaker");
    await knowing(stage, tire);
    expect(stage.semantic.state().breaker).toBe("up");
    expect(await found(stage, sameAsFrance)).toBe(france);
  });

  it("is left alone for twice as long after each failed trial, up to 30 s", async () => {
    const stage = await broken();
    const waits: number[] = [];
    for (let trial = 0; trial < 7; trial++) {
      let waitedMs = 0;
      for (; stage.semantic.state().breaker === "down"; waitedMs += 1_000) stage.clock.advance(1_000);
      waits.push(waitedMs / 1_000);
      await knowing(stage, `How do I fix ${trial} flat tires?`);
    }

    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30]);
  });

  it("does not count failures that are not in a row", async () => {
    const stage = await knowing(staged(), france);
    for (let at = 0; at < 6; at++) {
      stage.embed.mockImplementation(at % 3 === 2 ? same : failing);
      await found(stage, `What is the capital of Spain, ${at}?`);
    }

    expect(stage.semantic.state().breaker).toBe("up");
  });
});

describe("a pair that only the strictest test refuses", () => {
  const verified = (more: Partial<SemanticParts> = {}): Promise<Stage> =>
    knowing(staged({ mode: "verified" }, { embed: cosine(0.9), ...more }), tire);

  it("is judged in both orders, and then told to be the same", async () => {
    const stage = await verified();
    expect(await found(stage, otherTire)).toBe("no_candidate");
    expect(stage.judge).not.toHaveBeenCalled();
    await pass(stage.clock, 1_000);

    expect(stage.judge.mock.calls.map(([pair]) => pair)).toEqual([
      { asked: otherTire, known: tire },
      { asked: tire, known: otherTire },
    ]);
    expect(stage.onVerified.mock.calls).toEqual([[{ askedKey: keyOf(otherTire), knownKey: keyOf(tire) }]]);
    expect(stage.semantic.state()).toMatchObject({ verifiedPairs: 1, refusedPairs: 0, served: 0 });
  });

  it("waits until the backend has nothing to do", async () => {
    const stage = await verified();
    stage.idle = false;
    await found(stage, otherTire);
    await pass(stage.clock, 10_000);
    expect(stage.judge).not.toHaveBeenCalled();
    expect(stage.semantic.state().waitingPairs).toBe(1);
    stage.idle = true;
    await pass(stage.clock, 1_000);

    expect(stage.onVerified).toHaveBeenCalledOnce();
  });

  it.each<[string, Partial<SemanticParts>]>([
    ["the judge says no", { judge: () => Promise.resolve(false) }],
    ["the judge says no to the other order", { judge: ({ asked }) => Promise.resolve(asked === otherTire) }],
    ["the judge says yes to the other order only", { judge: ({ asked }) => Promise.resolve(asked === tire) }],
    ["the judge fails", { judge: () => Promise.reject(new Error("no")) }],
    ["the alias cannot be stored", { onVerified: () => Promise.reject(new Error("no")) }],
  ])("is refused, once and for all, when %s", async (_why, more) => {
    const stage = await verified(more);
    await found(stage, otherTire);
    await pass(stage.clock, 1_000);
    expect(stage.semantic.state()).toMatchObject({ verifiedPairs: 0, refusedPairs: 1 });
    stage.judge.mockClear();
    await found(stage, otherTire);
    await pass(stage.clock, 5_000);

    expect(stage.judge).not.toHaveBeenCalled();
  });

  it("is refused when the judge takes longer than 30 s", async () => {
    const stage = await verified({ judge: () => new Promise(() => undefined) });
    await found(stage, otherTire);
    await pass(stage.clock, 1_000);
    await pass(stage.clock, 30_000);

    expect(stage.judge.mock.lastCall?.[1].aborted).toBe(true);
    expect(stage.semantic.state().refusedPairs).toBe(1);
  });

  it("is not paired when someone complains while it is judged", async () => {
    const stage = await verified();
    stage.judge.mockImplementation(() => {
      stage.semantic.reject({ askedKey: keyOf(otherTire), knownKey: keyOf(tire) });
      return Promise.resolve(true);
    });
    await found(stage, otherTire);
    await pass(stage.clock, 1_000);

    expect(stage.onVerified).not.toHaveBeenCalled();
  });

  it("is not judged when the known question is gone", async () => {
    const stage = await verified();
    await found(stage, otherTire);
    stage.semantic.forget(keyOf(tire));
    await pass(stage.clock, 1_000);

    expect(stage.judge).not.toHaveBeenCalled();
  });

  it("is not judged when it is too far away, when another test refuses it, or when pairs are only guarded", async () => {
    const far = await verified({ embed: cosine(0.84) });
    await found(far, otherTire);
    const other = await verified();
    await found(other, "How do I not fix a flat tire?");
    const guarded = await knowing(staged({}, { embed: cosine(0.9) }), tire);
    await found(guarded, otherTire);
    for (const stage of [far, other, guarded]) {
      await pass(stage.clock, 5_000);
      expect(stage.judge).not.toHaveBeenCalled();
    }
  });

  it("waits with at most 1,000 others", async () => {
    const stage = await verified();
    stage.idle = false;
    for (let at = 0; at < 1_010; at++)
      await stage.semantic.find({ ...questionOf(otherTire), key: keyOf(`${at}`) });

    expect(stage.semantic.state().waitingPairs).toBe(1_000);
  });
});

describe("the thread that searches", () => {
  const open = (vectorsMax: number, gone: string[] = []): VectorIndex =>
    openVectorIndex({ vectorsMax, onGone: (id) => gone.push(id), onLost: vi.fn() });

  it("finds what it was given, in its partition", async () => {
    const index = open(10);
    index.add({ id: "a", partition: "p", vector: Float32Array.of(1, 0) });
    index.add({ id: "b", partition: "q", vector: Float32Array.of(1, 0) });
    index.add({ id: "c", partition: "p", vector: Float32Array.of(0, 1) });
    index.remove("c");

    expect(await index.search("p", Float32Array.of(2, 0))).toEqual([{ id: "a", similarity: 1 }]);
    await index.close();
  });

  it("tells what made room, and what it refused", async () => {
    const gone: string[] = [];
    const index = open(1, gone);
    for (const id of ["a", "b"]) index.add({ id, partition: "p", vector: Float32Array.of(1, 0) });
    index.add({ id: "c", partition: "p", vector: Float32Array.of(0, 0) });
    await index.search("p", Float32Array.of(1, 0));

    expect(gone).toEqual(["a", "c"]);
    await index.close();
  });

  it("lets a search fail that is under way when it is closed", async () => {
    const index = open(1);
    const searched = expect(index.search("p", Float32Array.of(1, 0))).rejects.toThrow("closed");
    await index.close();

    await searched;
    await expect(index.search("p", Float32Array.of(1, 0))).rejects.toThrow("closed");
  });

  it("is begun anew after it ended by itself, and says so once each time", async () => {
    const onLost = vi.fn();
    const program = new URL("data:text/javascript,throw new Error('broken')");
    const index = createVectorIndex({ vectorsMax: 1, onGone: vi.fn(), onLost, program });
    await expect(index.search("p", Float32Array.of(1, 0))).rejects.toThrow("gone");
    await expect(index.search("p", Float32Array.of(1, 0))).rejects.toThrow("gone");
    await index.close();

    expect(onLost.mock.calls).toEqual([["broken"], ["broken"]]);
  });

  it("takes all questions with it when it ends", async () => {
    let lose: ((reason: string) => void) | undefined;
    const openIndex: typeof openVectorIndex = (parts) => {
      lose = parts.onLost;
      return indexHere(parts);
    };
    const stage = await knowing(staged({}, { openIndex }), france);
    lose?.("exit");

    expect(await found(stage, sameAsFrance)).toBe("no_candidate");
    expect(stage.semantic.state().vectors).toBe(0);
  });

  it("works behind the semantic layer", async () => {
    const stage = staged({ budgetMs: 10_000 }, { openIndex: openVectorIndex });
    await knowing(stage, france);
    const finding: Finding = await stage.semantic.find(questionOf(sameAsFrance));
    await stage.semantic.close();

    expect(finding).toMatchObject({ kind: "near", text: france });
  });
});
