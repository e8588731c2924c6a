import { createSlab, grown, ranked, unitVector, write } from "./slab.ts";

/** A neighbour of a vector. */
export interface Near {
  readonly id: string;
  /** The cosine of the angle between both, -1 to 1. */
  readonly similarity: number;
}

/** Vectors by name, each in one partition; a search never leaves its partition. */
export interface Vectors {
  /**
   * Keeps a vector, in the place of one with the same name. False when it is refused: no length, a length that is not
   * finite, or another number of dimensions than those that are kept. When there is no room, the one that was used
   * longest ago goes; its name is told to `onEvict`.
   */
  readonly add: (one: {
    readonly id: string;
    readonly partition: string;
    readonly vector: Float32Array;
  }) => boolean;
  /** The nearest of a partition, nearest first. What was found counts as used. */
  readonly search: (partition: string, vector: Float32Array) => Near[];
  readonly remove: (id: string) => void;
  readonly size: number;
}

export interface VectorsOptions {
  /** Vectors of all partitions together. */
  readonly vectorsMax: number;
  readonly onEvict: (id: string) => void;
}

const firstSlots = 64;

/** The vectors of a partition: their names, and their slots beside them. */
interface List {
  readonly ids: string[];
  readonly slots: number[];
}

/** Where a vector lies: its partition's list, its place there, and its slot in the arrays. */
interface Place {
  readonly partition: string;
  readonly slot: number;
  index: number;
}

/** Everything lies in two arrays that grow by doubling. */
export function createVectors({ vectorsMax, onEvict }: VectorsOptions): Vectors {
  const partitions = new Map<string, List>();
  const places = new Map<string, Place>();
  const free: number[] = [];
  let slab = createSlab(0, 0);

  const remove = (id: string): void => {
    const place = places.get(id);
    if (place === undefined) return;
    places.delete(id);
    free.push(place.slot);
    const list = partitions.get(place.partition);
    if (list === undefined) return;
    takeOut(list, place.index, places);
    if (list.ids.length === 0) partitions.delete(place.partition);
  };

  const slotFor = (dimensions: number): number => {
    if (places.size === 0 && slab.dimensions !== dimensions) {
      free.length = 0;
      slab = createSlab(dimensions, Math.min(firstSlots, vectorsMax));
    }
    const slot = free.pop() ?? places.size;
    if (slot >= slab.slots) slab = grown(slab, Math.min(slab.slots * 2, vectorsMax));
    return slot;
  };

  return {
    add({ id, partition, vector }) {
      const unit = unitVector(vector);
      if (unit === undefined || (places.size > 0 && vector.length !== slab.dimensions)) return false;
      remove(id);
      const [oldest] = places.keys();
      if (oldest !== undefined && places.size >= vectorsMax) {
        remove(oldest);
        onEvict(oldest);
      }
      const slot = slotFor(vector.length);
      write(slab, slot, unit);
      const list = partitions.get(partition) ?? { ids: [], slots: [] };
      partitions.set(partition, list);
      places.set(id, { partition, slot, index: list.ids.length });
      list.ids.push(id);
      list.slots.push(slot);
      return true;
    },
    search(partition, vector) {
      const list = partitions.get(partition);
      const unit = unitVector(vector);
      if (list === undefined || unit === undefined || vector.length !== slab.dimensions) return [];
      const found = ranked(slab, list.slots, unit).map(({ index, similarity }) => ({
        id: list.ids[index] ?? "",
        similarity,
      }));
      for (const { id } of found.toReversed()) touch(places, id);
      return found;
    },
    remove,
    get size() {
      return places.size;
    },
  };
}

/** Puts the last of a list into the place that becomes free. */
function takeOut(list: List, index: number, places: ReadonlyMap<string, Place>): void {
  const [lastId, lastSlot] = [list.ids.pop(), list.slots.pop()];
  const last = lastId === undefined ? undefined : places.get(lastId);
  if (last === undefined || lastId === undefined || lastSlot === undefined) return;
  list.ids[index] = lastId;
  list.slots[index] = lastSlot;
  last.index = index;
}

function touch(places: Map<string, Place>, id: string): void {
  const place = places.get(id);
  if (place === undefined) return;
  places.delete(id);
  places.set(id, place);
}
