import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Cache } from "../cache/cache.ts";
import { keyBytes } from "../cache/key.ts";
import type { Place } from "../cache/policy.ts";
import { semanticQuestion } from "../cache/semantic/eligible.ts";
import type { Embed } from "../cache/semantic/embedder.ts";
import type { Question } from "../cache/semantic/known.ts";
import type { SemanticOptions } from "../cache/semantic/options.ts";
import { createSemantic, type Semantic, type SemanticState } from "../cache/semantic/semantic.ts";
import type { Judge } from "../cache/semantic/verifier.ts";
import { keptOf } from "../cache/stored.ts";
import type { Call } from "../core/call.ts";
import type { JsonObject } from "../lib/json.ts";
import type { Logger } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";

/** Another question that asks for the same, and where its answer lies. */
export interface Near {
  readonly place: Place;
  readonly similarity: number;
}

/** A question that was asked in other words before. */
export interface Meaning {
  /** Takes no longer than the budget; undefined when there is none that may be served. Never rejects. */
  readonly find: (call: Call, place: Place) => Promise<Near | undefined>;
  /** The answer that {@link find} led to is gone. */
  readonly forget: (place: Place) => void;
  /** A question whose answer is stored. Never waits. */
  readonly learn: (call: Call, place: Place) => void;
  /** An answer was wrong for a question; also where it came from, when it is there as a verified one. */
  readonly reject: (pair: { readonly askedKey: Buffer; readonly knownKey: Buffer }) => void;
  readonly state: () => SemanticState;
  readonly close: () => Promise<void>;
}

export interface MeaningParts {
  readonly options: SemanticOptions;
  readonly cache: Cache;
  readonly placeOf: (call: Call, wire: JsonObject) => Place;
  /** Counted up when everything is forgotten. */
  readonly epoch: () => number;
  /** What tells the encoder of now from another one of the same name. */
  readonly encoderDigest: () => string | undefined;
  readonly embed: Embed;
  readonly judge: Judge;
  readonly isIdle: () => boolean;
  readonly clock: Clock;
  readonly log: () => Logger;
}

/** More than there are vectors, because questions that are only asked are remembered too. */
const placesMax = 40_000;

export function createMeaning(parts: MeaningParts): Meaning {
  const places = new LRUCache<string, Place>({ max: placesMax });
  /** From the key of a verified question to the key of the one whose answer it was given. */
  const aliases = new LRUCache<string, Buffer>({ max: placesMax });
  const current = createCurrent(parts, () => begin());

  const begin = (): Semantic =>
    createSemantic({
      ...parts,
      log: parts.log(),
      onVerified: async ({ askedKey, knownKey }) => {
        const [asked, known] = [places.get(nameOf(askedKey)), places.get(nameOf(knownKey))];
        if (asked === undefined || known === undefined) throw new Error("one of them is forgotten");
        await copyAnswer(parts, known, asked);
        aliases.set(nameOf(askedKey), knownKey);
      },
    });

  const questionOf = (call: Call, place: Place): Question | undefined => {
    const found = semanticQuestion(call.dialect, call.operation, call.wire);
    if ("reason" in found) return undefined;
    const frame = parts.placeOf(call, found.frame).key;
    places.set(nameOf(place.key), place);
    return { text: found.text, key: place.key, partition: partitionOf(frame, parts.encoderDigest()) };
  };

  return {
    async find(call, place) {
      const question = questionOf(call, place);
      if (question === undefined) return undefined;
      const finding = await current.semantic.find(question);
      if (finding.kind === "none") return undefined;
      const known = places.get(nameOf(finding.key));
      if (known !== undefined) return { place: known, similarity: finding.similarity };
      current.semantic.forget(finding.key);
      return undefined;
    },
    forget: ({ key }) => current.semantic.forget(key),
    learn(call, place) {
      const question = questionOf(call, place);
      if (question !== undefined) current.semantic.add(question);
    },
    reject({ askedKey, knownKey }) {
      const origin = aliases.get(nameOf(askedKey)) ?? knownKey;
      aliases.delete(nameOf(askedKey));
      current.semantic.reject({ askedKey, knownKey: origin });
      for (const key of [askedKey, knownKey, origin]) parts.cache.remove(key);
    },
    state: () => current.semantic.state(),
    close: () => current.semantic.close(),
  };
}

/** Vectors of one encoder mean nothing to another, and those of an epoch nothing to the next. */
function createCurrent({ encoderDigest, epoch, log }: MeaningParts, begin: () => Semantic) {
  let digest: string | undefined;
  let since = epoch();
  let semantic: Semantic | undefined;
  return {
    get semantic(): Semantic {
      if (semantic !== undefined && digest !== encoderDigest()) {
        log().info("the model that makes embeddings is another one: questions are learnt anew");
        // It ends by itself; nobody waits for its thread.
        void semantic.close();
        semantic = undefined;
      }
      semantic ??= begin();
      digest = encoderDigest();
      if (since !== epoch()) semantic.clear();
      since = epoch();
      return semantic;
    },
  };
}

async function copyAnswer({ cache, clock }: MeaningParts, from: Place, to: Place): Promise<void> {
  const nowMs = clock.epochMs();
  const { hit } = await cache.find(from, ({ expiresMs }) => nowMs < expiresMs);
  if (hit === undefined) throw new Error("the answer is gone");
  const { createdMs, expiresMs } = hit.stored;
  cache.fill(
    to,
    { ...keptOf(hit.stored), answer: withoutContext(hit.stored.answer) },
    { createdMs, expiresMs },
  );
}

/** The tokens of another conversation are no use to this one. */
export function withoutContext(answer: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(answer).filter(([name]) => name !== "context"));
}

const nameOf = (key: Buffer): string => key.toString("latin1");

function partitionOf(frame: Buffer, digest: string | undefined): Buffer {
  return createHash("sha256")
    .update(frame)
    .update(digest ?? "")
    .digest()
    .subarray(0, keyBytes);
}
