import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createVectors, type Vectors } from "../../src/cache/semantic/vectors.ts";

/** Numbers that look drawn at random, and are the same every time. */
function drawn(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

const vectorOf = (dimensions: number, draw: () => number): Float32Array =>
  Float32Array.from({ length: dimensions }, () => draw());

function opened(vectorsMax = 1_000): Vectors & { readonly evicted: string[] } {
  const evicted: string[] = [];
  const vectors = createVectors({ vectorsMax, onEvict: (id) => evicted.push(id) });
  return {
    ...vectors,
    evicted,
    get size() {
      return vectors.size;
    },
  };
}

const idsOf = (vectors: Vectors, partition: string, vector: Float32Array): string[] =>
  vectors.search(partition, vector).map(({ id }) => id);

describe("the vectors", () => {
  it("tell the cosine, whatever the length of a vector is", () => {
    const vectors = opened();
    vectors.add({ id: "a", partition: "p", vector: Float32Array.of(3, 0) });
    const [near] = vectors.search("p", Float32Array.of(5, 5));

    expect(near?.id).toBe("a");
    expect(near?.similarity).toBeCloseTo(Math.SQRT1_2, 6);
  });

  it("are found in their partition only", () => {
    const vectors = opened();
    vectors.add({ id: "a", partition: "p", vector: Float32Array.of(1, 0) });
    vectors.add({ id: "b", partition: "q", vector: Float32Array.of(1, 0) });

    expect(idsOf(vectors, "p", Float32Array.of(1, 0))).toEqual(["a"]);
    expect(idsOf(vectors, "r", Float32Array.of(1, 0))).toEqual([]);
  });

  it.each([
    ["of zeros", Float32Array.of(0, 0)],
    ["with a NaN", Float32Array.of(1, Number.NaN)],
    ["with an infinity", Float32Array.of(1, Number.POSITIVE_INFINITY)],
    ["of no dimensions", new Float32Array(0)],
    ["of other dimensions", Float32Array.of(1, 0, 0)],
  ])("refuse one %s, and find nothing with it", (_name, vector) => {
    const vectors = opened();
    vectors.add({ id: "a", partition: "p", vector: Float32Array.of(1, 0) });

    expect(vectors.add({ id: "b", partition: "p", vector })).toBe(false);
    expect(vectors.search("p", vector)).toEqual([]);
    expect(vectors.size).toBe(1);
  });

  it("take other dimensions once they are empty", () => {
    const vectors = opened();
    vectors.add({ id: "a", partition: "p", vector: Float32Array.of(1, 0) });
    vectors.remove("a");

    expect(vectors.add({ id: "b", partition: "p", vector: Float32Array.of(1, 0, 0) })).toBe(true);
    expect(idsOf(vectors, "p", Float32Array.of(1, 0, 0))).toEqual(["b"]);
  });

  it("find near ones among many as a full comparison does", () => {
    const draw = drawn(7);
    const vectors = opened(3_000);
    const kept = Array.from({ length: 2_000 }, () => vectorOf(256, draw));
    for (const [at, vector] of kept.entries()) vectors.add({ id: `${at}`, partition: "p", vector });
    for (let at = 0; at < 2_000; at += 97) {
      const near = kept[at]!.map((value) => value + draw() * 0.2);
      const [first, ...rest] = vectors.search("p", near);

      expect(first?.id).toBe(`${at}`);
      expect(first?.similarity).toBeGreaterThan(0.95);
      expect(rest.length).toBe(4);
      expect(rest.every(({ similarity }) => similarity <= first!.similarity)).toBe(true);
    }
  });

  it("let the one go that was used longest ago", () => {
    const vectors = opened(2);
    vectors.add({ id: "a", partition: "p", vector: Float32Array.of(1, 0) });
    vectors.add({ id: "b", partition: "q", vector: Float32Array.of(1, 0) });
    vectors.search("p", Float32Array.of(1, 0));
    vectors.add({ id: "c", partition: "q", vector: Float32Array.of(0, 1) });

    expect(vectors.evicted).toEqual(["b"]);
    expect(vectors.size).toBe(2);
    expect(idsOf(vectors, "q", Float32Array.of(1, 0))).toEqual(["c"]);
  });

  it("keep the last vector of a name", () => {
    const vectors = opened();
    vectors.add({ id: "a", partition: "p", vector: Float32Array.of(1, 0) });
    vectors.add({ id: "a", partition: "q", vector: Float32Array.of(0, 1) });

    expect(idsOf(vectors, "p", Float32Array.of(1, 0))).toEqual([]);
    expect(vectors.search("q", Float32Array.of(0, 1))).toEqual([{ id: "a", similarity: 1 }]);
    expect(vectors.size).toBe(1);
  });

  it("hold what a plain list would hold, whatever comes and goes", () => {
    const step = fc.record({ add: fc.boolean(), id: fc.nat(20), partition: fc.constantFrom("p", "q") });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const vectors = opened();
        const model = new Map<string, string>();
        for (const { add, id, partition } of steps) {
          const name = `${id}`;
          if (add) vectors.add({ id: name, partition, vector: vectorOf(40, drawn(id + 1)) });
          else vectors.remove(name);
          if (add) model.set(name, partition);
          else model.delete(name);
        }
        expect(vectors.size).toBe(model.size);
        for (const [name, partition] of model) {
          expect(idsOf(vectors, partition, vectorOf(40, drawn(Number(name) + 1)))[0]).toBe(name);
        }
      }),
    );
  });
});
