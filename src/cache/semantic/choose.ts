import type { Deadline } from "./deadline.ts";
import type { Embedder } from "./embedder.ts";
import type { GuardTest, Verdict } from "./guard.ts";
import { type Blocked, type Known, nameOf, type Question } from "./known.ts";
import type { SemanticOptions } from "./options.ts";
import type { VectorIndex } from "./vector-index.ts";
import type { Near } from "./vectors.ts";
import type { Verifier } from "./verifier.ts";

/** Why nothing is served. `failed`: the encoder or the search did, or a vector could not be compared. */
export type NoneReason =
  | "closed"
  | "busy"
  | "breaker"
  | "budget"
  | "failed"
  | "no_candidate"
  | "blocked"
  | "guard"
  | "shadow";

export type Finding =
  | { readonly kind: "near"; readonly key: Buffer; readonly text: string; readonly similarity: number }
  | { readonly kind: "none"; readonly reason: NoneReason };

/** What the lookups share. */
export interface Room {
  readonly guard: (asked: string, known: string) => Verdict;
  readonly options: Required<SemanticOptions>;
  readonly known: Known;
  readonly blocked: Blocked;
  readonly embedder: Embedder;
  readonly index: VectorIndex;
  readonly verifier: Verifier;
  readonly tally: Tally;
}

export interface Tally {
  lookups: number;
  eligible: number;
  candidates: number;
  served: number;
  wouldServe: number;
  readonly guardRejects: Partial<Record<GuardTest | "error", number>>;
}

export const none = (reason: NoneReason): Finding => ({ kind: "none", reason });

/** Looks for a known question that may be served in the place of the one that is asked. Rejects when the search fails. */
export async function look(room: Room, question: Question, deadline: Deadline): Promise<Finding> {
  const vector = await room.embedder.embed(question.text, deadline, false);
  if (typeof vector === "string") return none(vector);
  const near = await deadline.within(room.index.search(nameOf(question.partition), vector));
  return near === undefined ? none("budget") : choose(room, question, near);
}

/** The nearest that passes everything; else why the nearest did not. */
function choose(room: Room, asked: Question, near: readonly Near[]): Finding {
  let reason: NoneReason = "no_candidate";
  for (const { id, similarity } of near) {
    const known = room.known.get(id);
    if (known === undefined || known.key.equals(asked.key) || !known.partition.equals(asked.partition))
      continue;
    const refusal = refusalOf(room, { asked, known, similarity });
    if (refusal === undefined) return serve(room, known, similarity);
    if (reason === "no_candidate") reason = refusal;
  }
  return none(reason);
}

interface Match {
  readonly asked: Question;
  readonly known: Question;
  readonly similarity: number;
}

function refusalOf(room: Room, match: Match): NoneReason | undefined {
  const { asked, known, similarity } = match;
  const isNear = similarity >= room.options.threshold;
  if (!isNear && !isDoubtful(room, similarity)) return "no_candidate";
  if (room.blocked.has(asked.key, known.key)) return "blocked";
  const test = failedTest(room, asked.text, known.text);
  const isServed = isNear && test === undefined;
  if (!isServed && (test ?? "content") === "content" && isDoubtful(room, similarity)) {
    room.verifier.offer({ asked, known });
  }
  return isNear ? guardReason(room, test) : "no_candidate";
}

const isDoubtful = ({ options }: Room, similarity: number): boolean =>
  options.mode === "verified" && similarity >= options.verifyFrom;

/** Counts what the guard says about a question that is near enough. */
function guardReason({ tally }: Room, test: GuardTest | "error" | undefined): NoneReason | undefined {
  tally.candidates += 1;
  if (test === undefined) return undefined;
  tally.guardRejects[test] = (tally.guardRejects[test] ?? 0) + 1;
  return "guard";
}

/** A guard that throws lets nothing through. */
function failedTest({ guard }: Room, asked: string, known: string): GuardTest | "error" | undefined {
  try {
    const verdict = guard(asked, known);
    return verdict.pass ? undefined : verdict.test;
  } catch {
    return "error";
  }
}

function serve({ options, tally }: Room, { key, text }: Question, similarity: number): Finding {
  if (options.mode === "shadow") {
    tally.wouldServe += 1;
    return none("shadow");
  }
  tally.served += 1;
  return { kind: "near", key, text, similarity };
}
