import type { Logger } from "../../lib/log.ts";
import type { Clock } from "../../lib/time.ts";
import type { BreakerState } from "../breaker.ts";
import { type Finding, look, none, type Room, type Tally } from "./choose.ts";
import { createDeadline, type Deadline } from "./deadline.ts";
import { createEmbedder, type Embed } from "./embedder.ts";
import { createAdder, type Adder } from "./adder.ts";
import { guardPair, type GuardTest, type Verdict } from "./guard.ts";
import { createBlocked, createKnown, nameOf, type Question } from "./known.ts";
import { checked, type SemanticOptions } from "./options.ts";
import { openVectorIndex } from "./vector-index.ts";
import { createVerifier, type Judge } from "./verifier.ts";

export interface SemanticParts {
  readonly options: SemanticOptions;
  readonly embed: Embed;
  readonly judge: Judge;
  /** Whether the backend has nothing to do. */
  readonly isIdle: () => boolean;
  /** Both questions ask for the same: the answer under the known key is to be found under the asked one as well. */
  readonly onVerified: (pair: { readonly askedKey: Buffer; readonly knownKey: Buffer }) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Compares two texts; {@link guardPair} unless told. */
  readonly guard?: (asked: string, known: string) => Verdict;
  /** Opens what searches; a thread unless told. */
  readonly openIndex?: typeof openVectorIndex;
}

export interface SemanticState {
  readonly lookups: number;
  /** Lookups that had something to be compared with. */
  readonly eligible: number;
  readonly embedFailures: number;
  readonly embedTimeouts: number;
  /** Known questions that were near enough. */
  readonly candidates: number;
  readonly guardRejects: Readonly<Partial<Record<GuardTest | "error", number>>>;
  readonly served: number;
  readonly wouldServe: number;
  readonly verifiedPairs: number;
  readonly refusedPairs: number;
  readonly waitingPairs: number;
  readonly blockedPairs: number;
  /** Questions that are known. */
  readonly vectors: number;
  readonly breaker: BreakerState;
}

/**
 * Finds a known question that asks for the same in other words. Texts and vectors are in memory only; they are never
 * written to disk, and never in a log.
 */
export interface Semantic {
  /** Never throws, and takes no longer than the budget. */
  readonly find: (question: Question) => Promise<Finding>;
  /** Makes a question known, once its answer is stored. Never waits. */
  readonly add: (question: Question) => void;
  /** The answer under a key is gone. */
  readonly forget: (key: Buffer) => void;
  /** All answers are gone. */
  readonly clear: () => void;
  /** An answer was wrong for a question: the two are never paired again, and both are forgotten. */
  readonly reject: (pair: { readonly askedKey: Buffer; readonly knownKey: Buffer }) => void;
  readonly state: () => SemanticState;
  readonly close: () => Promise<void>;
}

/** So many lookups run at once; further ones find nothing. */
const lookupsMax = 8;

/** Throws a RangeError for options that make no sense. */
export function createSemantic(parts: SemanticParts): Semantic {
  const room = furnish(parts);
  const { known, blocked, index, adder, verifier } = room;
  const running = new Set<Deadline>();
  let isClosed = false;

  const drop = (name: string): void => {
    known.remove(name);
    index.remove(name);
    adder.drop(name);
  };

  return {
    async find(question) {
      room.tally.lookups += 1;
      if (isClosed) return none("closed");
      if (!known.has(question.partition)) return none("no_candidate");
      room.tally.eligible += 1;
      if (running.size >= lookupsMax) return none("busy");
      const deadline = createDeadline(parts.clock, room.options.budgetMs);
      running.add(deadline);
      try {
        return await look(room, question, deadline);
      } catch {
        parts.log.debug("could not search for near questions");
        return none("failed");
      } finally {
        deadline.end();
        running.delete(deadline);
      }
    },
    add: (question) => void (isClosed || adder.add(question)),
    forget: (key) => drop(nameOf(key)),
    clear: () => [...known.names(), ...adder.names()].forEach(drop),
    reject({ askedKey, knownKey }) {
      blocked.add(askedKey, knownKey);
      drop(nameOf(askedKey));
      drop(nameOf(knownKey));
    },
    state: () => stateOf(room),
    async close() {
      isClosed = true;
      for (const deadline of running) deadline.end();
      verifier.close();
      adder.close();
      await index.close();
    },
  };
}

function furnish(parts: SemanticParts): Room & { readonly adder: Adder } {
  const options = checked(parts.options);
  const { log, clock } = parts;
  const known = createKnown();
  const blocked = createBlocked();
  const embedder = createEmbedder(parts.embed, clock);
  const index = (parts.openIndex ?? openVectorIndex)({
    vectorsMax: options.vectorsMax,
    onGone: (id) => known.remove(id),
    onLost: (reason) => {
      for (const name of known.names()) known.remove(name);
      log.warn("the thread that searches for near questions ended; it begins anew", { reason });
    },
  });
  const verifier = createVerifier({
    ...parts,
    isWanted: (doubt) =>
      known.get(nameOf(doubt.known.key)) !== undefined && !blocked.has(doubt.asked.key, doubt.known.key),
  });
  const keep = (question: Question, vector: Float32Array): void => {
    known.set(question);
    index.add({ id: nameOf(question.key), partition: nameOf(question.partition), vector });
  };
  const adder = createAdder({ embedder, clock, keep });
  const tally: Tally = { lookups: 0, eligible: 0, candidates: 0, served: 0, wouldServe: 0, guardRejects: {} };
  return {
    guard: parts.guard ?? guardPair,
    options,
    known,
    blocked,
    embedder,
    index,
    verifier,
    adder,
    tally,
  };
}

function stateOf({ tally, embedder, verifier, blocked, known }: Room): SemanticState {
  const { breaker, failures, timeouts } = embedder.state();
  const { verified, refused, waiting } = verifier.state();
  return {
    lookups: tally.lookups,
    eligible: tally.eligible,
    embedFailures: failures,
    embedTimeouts: timeouts,
    candidates: tally.candidates,
    guardRejects: { ...tally.guardRejects },
    served: tally.served,
    wouldServe: tally.wouldServe,
    verifiedPairs: verified,
    refusedPairs: refused,
    waitingPairs: waiting,
    blockedPairs: blocked.size,
    vectors: known.size,
    breaker,
  };
}
