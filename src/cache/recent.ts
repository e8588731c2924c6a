import { LRUCache } from "lru-cache";

/** A stored answer that was given. */
export interface GivenAnswer {
  /** Where the answer to the question as it was asked would lie. */
  readonly askedKey: Buffer;
  /** Where the answer that was given lies. */
  readonly knownKey: Buffer;
}

/** Remembers which stored answer a request was given, so that its client may complain. */
export interface Recent {
  readonly note: (scope: string, id: string, given: GivenAnswer) => void;
  /** Undefined when the request was given none, was long ago, or was another scope's. */
  readonly get: (scope: string, id: string) => GivenAnswer | undefined;
}

const rememberedMax = 20_000;

export function createRecent(): Recent {
  const given = new LRUCache<string, GivenAnswer>({ max: rememberedMax });
  const nameOf = (scope: string, id: string): string => `${id}\n${scope}`;
  return {
    note: (scope, id, one) => void given.set(nameOf(scope, id), one),
    get: (scope, id) => given.get(nameOf(scope, id)),
  };
}
