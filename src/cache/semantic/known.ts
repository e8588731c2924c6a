import { LRUCache } from "lru-cache";

/** A question whose answer lies in the cache. */
export interface Question {
  /** Everything of its request but the text, its scope, its epoch and the encoder; only within one are texts compared. */
  readonly partition: Buffer;
  readonly text: string;
  /** Where its answer lies. */
  readonly key: Buffer;
}

/** Texts by the name of their key, and how many each partition has. */
export interface Known {
  readonly get: (name: string) => Question | undefined;
  readonly set: (question: Question) => void;
  readonly remove: (name: string) => void;
  readonly has: (partition: Buffer) => boolean;
  readonly names: () => string[];
  readonly size: number;
}

export const nameOf = (bytes: Buffer): string => bytes.toString("hex");

export function createKnown(): Known {
  const questions = new Map<string, Question>();
  const counts = new Map<string, number>();
  const count = (partition: Buffer, step: number): void => {
    const name = nameOf(partition);
    const next = (counts.get(name) ?? 0) + step;
    if (next > 0) counts.set(name, next);
    else counts.delete(name);
  };
  const remove = (name: string): void => {
    const question = questions.get(name);
    if (question === undefined) return;
    questions.delete(name);
    count(question.partition, -1);
  };
  return {
    get: (name) => questions.get(name),
    set(question) {
      const name = nameOf(question.key);
      remove(name);
      questions.set(name, question);
      count(question.partition, 1);
    },
    remove,
    has: (partition) => counts.has(nameOf(partition)),
    names: () => [...questions.keys()],
    get size() {
      return questions.size;
    },
  };
}

/** Pairs that were served and were wrong. */
export interface Blocked {
  readonly add: (one: Buffer, other: Buffer) => void;
  readonly has: (one: Buffer, other: Buffer) => boolean;
  readonly size: number;
}

const blockedMax = 10_000;

/** A pair counts in both orders. */
export function createBlocked(): Blocked {
  const pairs = new LRUCache<string, true>({ max: blockedMax });
  const pairName = (one: Buffer, other: Buffer): string => [nameOf(one), nameOf(other)].sort().join(" ");
  return {
    add: (one, other) => void pairs.set(pairName(one, other), true),
    has: (one, other) => pairs.has(pairName(one, other)),
    get size() {
      return pairs.size;
    },
  };
}
