import { groupPlaces, homeOf, type Vocabulary } from "../../src/router/vocabulary.ts";

/** More than any set of prompts has. */
const featuresMax = 2 ** 20;

/** A vocabulary that knows whatever it is asked for, and of each place which feature it was given to. */
export function createOpenVocabulary(): Vocabulary & { readonly hashes: readonly number[] } {
  const places = new Map<number, number>();
  const hashes: number[] = [];
  return {
    size: featuresMax,
    hashes,
    placeOf(hash) {
      const known = places.get(hash);
      if (known !== undefined) return known;
      places.set(hash, hashes.length);
      hashes.push(hash);
      return hashes.length - 1;
    },
  };
}

/** How full a table may be: beyond it hardly any feature finds a place. */
const fullest = 0.97;
const movesMax = 500;

/** The prints of the first features, as many as there is room for; few of the last ones may be left out. */
export function printsOf(hashes: readonly number[], places: number): Uint8Array {
  const table = new Table(places);
  for (const hash of hashes.slice(0, Math.floor(places * fullest))) table.put(hash);
  return table.prints;
}

/** A cuckoo filter that is being filled: a feature that finds both groups full moves one out, to its other group. */
class Table {
  readonly prints: Uint8Array;
  readonly #hashes: Int32Array;
  readonly #groups: number;

  constructor(places: number) {
    this.prints = new Uint8Array(places);
    this.#hashes = new Int32Array(places);
    this.#groups = places / groupPlaces;
  }

  put(hash: number): void {
    const { first, second } = homeOf(hash, this.#groups);
    if (this.#settles(hash, first)) return;
    let homeless = hash;
    let group = second;
    for (let moves = 0; moves < movesMax && !this.#settles(homeless, group); moves += 1) {
      const place = group * groupPlaces + (moves % groupPlaces);
      const moved = this.#hashes[place] ?? 0;
      this.#set(place, homeless);
      homeless = moved;
      group = this.#other(moved, group);
    }
  }

  #other(hash: number, group: number): number {
    const { first, second } = homeOf(hash, this.#groups);
    return group === first ? second : first;
  }

  #settles(hash: number, group: number): boolean {
    const from = group * groupPlaces;
    const free = this.prints.subarray(from, from + groupPlaces).indexOf(0);
    if (free < 0) return false;
    this.#set(from + free, hash);
    return true;
  }

  #set(place: number, hash: number): void {
    this.#hashes[place] = hash;
    this.prints[place] = homeOf(hash, this.#groups).print;
  }
}
