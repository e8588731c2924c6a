import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../lib/time.ts";
import { createBreaker, type BreakerState } from "../breaker.ts";
import type { Deadline } from "./deadline.ts";
import { unitVector } from "./slab.ts";

export type Embed = (text: string, signal: AbortSignal) => Promise<Float32Array>;

/** Makes vectors of texts, remembers the last of them, and leaves an encoder alone that fails. */
export interface Embedder {
  /** The vector of a text that is remembered. */
  readonly recall: (text: string) => Float32Array | undefined;
  /**
   * The vector of a text, or why there is none. While the breaker is not up, only a `trial` asks the encoder: one that
   * can wait, as an encoder that is just being loaded never answers within the budget of a search.
   */
  readonly embed: (
    text: string,
    deadline: Deadline,
    isTrial: boolean,
  ) => Promise<Float32Array | "breaker" | "budget" | "failed">;
  readonly state: () => EmbedderState;
}

export interface EmbedderState {
  readonly breaker: BreakerState;
  readonly failures: number;
  readonly timeouts: number;
}

const remembered = 1_000;

export function createEmbedder(embed: Embed, clock: Clock): Embedder {
  const breaker = createBreaker(clock);
  const memo = new LRUCache<string, Float32Array>({ max: remembered });
  let failures = 0;
  let timeouts = 0;
  let dimensions: number | undefined;

  const fail = (): "failed" => {
    failures += 1;
    breaker.bad();
    return "failed";
  };
  const late = (): "budget" => {
    timeouts += 1;
    breaker.bad();
    return "budget";
  };
  const accept = (text: string, vector: Float32Array): Float32Array | "failed" => {
    const isSound = unitVector(vector) !== undefined && vector.length === (dimensions ?? vector.length);
    if (!isSound) return fail();
    dimensions = vector.length;
    memo.set(hashOf(text), vector);
    breaker.good();
    return vector;
  };

  return {
    recall: (text) => memo.get(hashOf(text)),
    async embed(text, deadline, isTrial) {
      const known = memo.get(hashOf(text));
      if (known !== undefined) return known;
      if ((!isTrial && breaker.state !== "up") || !breaker.enter()) return "breaker";
      try {
        const vector = await deadline.within(embed(text, deadline.signal));
        return vector === undefined ? late() : accept(text, vector);
      } catch {
        return deadline.signal.aborted ? late() : fail();
      }
    },
    state: () => ({ breaker: breaker.state, failures, timeouts }),
  };
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("base64");
