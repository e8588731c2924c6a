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

interface Noted {
  readonly scope: string;
  readonly id: string;
  readonly given: GivenAnswer;
}

/** A ring: noting is done with every hit, and must cost nothing; complaints are few. */
export function createRecent(): Recent {
  const ring: Noted[] = [];
  let next = 0;
  return {
    note(scope, id, given) {
      ring[next] = { scope, id, given };
      next = (next + 1) % rememberedMax;
    },
    get(scope, id) {
      const newestFirst = [...ring.slice(next), ...ring.slice(0, next)].toReversed();
      return newestFirst.find((one) => one.id === id && one.scope === scope)?.given;
    },
  };
}
