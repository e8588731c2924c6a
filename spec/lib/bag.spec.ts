import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBag } from "../../src/lib/bag.ts";

type Step = { readonly act: "add" } | { readonly act: "take"; readonly who: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ act: "add" } as const) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("take" as const), who: fc.nat(40) }) },
);

const sorted = (items: Iterable<number>): number[] => [...items].sort((a, b) => a - b);

describe("a bag", () => {
  it("holds what a Set would hold after any comings and goings, those repeated included", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const bag = createBag<number>();
        const model = new Set<number>();
        const takes: (() => void)[] = [];
        for (const one of steps) {
          if (one.act === "add") {
            model.add(takes.length);
            takes.push(bag.add(takes.length));
          } else if (takes.length > 0) {
            const who = one.who % takes.length;
            model.delete(who);
            takes[who]?.();
          }
          expect(bag.size).toBe(model.size);
          expect(sorted(bag)).toEqual(sorted(model));
        }
      }),
    );
  });

  it("keeps two that are equal apart", () => {
    const bag = createBag<string>();
    const take = bag.add("same");
    bag.add("same");

    take();
    take();

    expect([...bag]).toEqual(["same"]);
  });

  it("can change while it is looked through: who began to look sees what was there", () => {
    const bag = createBag<number>();
    const takes = [1, 2, 3, 4].map((item) => bag.add(item));
    const seen: number[] = [];

    for (const item of bag) {
      seen.push(item);
      takes[item - 1]?.();
    }

    expect(sorted(seen)).toEqual([1, 2, 3, 4]);
    expect(bag.size).toBe(0);
  });
});
