/** Things in no order that come and go quickly. */
export interface Bag<Item> extends Iterable<Item> {
  /** Puts one in and returns the function that takes it out again; calling that twice is harmless. */
  add(item: Item): () => void;
  readonly size: number;
}

/**
 * A Set under steady churn makes a new table every few dozen changes, and each table left behind keeps what was in it
 * alive until the next full collection. An array whose places are filled again does not.
 */
export function createBag<Item>(): Bag<Item> {
  const slots: { item: Item; at: number }[] = [];
  return {
    add(item) {
      const slot = { item, at: slots.length };
      slots.push(slot);
      return () => {
        if (slots[slot.at] !== slot) return;
        const last = slots.pop();
        if (last === undefined || last === slot) return;
        last.at = slot.at;
        slots[slot.at] = last;
      };
    },
    get size() {
      return slots.length;
    },
    [Symbol.iterator]: () => slots.map((slot) => slot.item).values(),
  };
}
