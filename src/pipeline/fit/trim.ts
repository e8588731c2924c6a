import type { Json } from "../../lib/json.ts";
import { type Turn, turnsOf } from "./turns.ts";

/** A conversation that is too long. */
export interface Trimming {
  readonly messages: readonly Json[];
  /** What each of them takes. */
  readonly turnTokens: readonly number[];
  /** What all of them may take. */
  readonly tokensMax: number;
}

/**
 * The conversation without its oldest turns, as many as it takes. System messages stay, and so does everything from the
 * last user message on; a result goes with its call. Undefined when that is not enough.
 */
export function trim({ messages, turnTokens, tokensMax }: Trimming): Json[] | undefined {
  const turns = turnsOf(messages);
  const left = tokensFrom(turns, turnTokens);
  const start = startsOf(turns).find((place) => (left[place] ?? 0) <= tokensMax);
  if (start === undefined) return undefined;
  return messages.filter((_, place) => place >= start || turns[place]?.kind === "system");
}

/** For each place, what a conversation takes that begins there after its system messages. */
function tokensFrom(turns: readonly Turn[], turnTokens: readonly number[]): number[] {
  let left = turnTokens.reduce((sum, tokens) => sum + tokens, 0);
  return turnTokens.map((tokens, place) => {
    const here = left;
    if (turns[place]?.kind !== "system") left -= tokens;
    return here;
  });
}

/**
 * Where a conversation may begin anew, best first: early rather than late, but with a user's turn wherever one is early
 * enough. No result after such a place answers a call before it.
 */
function startsOf(turns: readonly Turn[]): number[] {
  const last = turns.findLastIndex(({ kind }) => kind === "user");
  const users: number[] = [];
  const others: number[] = [];
  let firstCaller = Infinity;
  // From the end, so that one pass is enough: a conversation may have very many turns.
  for (const [back, { kind, caller }] of turns.toReversed().entries()) {
    const place = turns.length - 1 - back;
    firstCaller = Math.min(firstCaller, caller ?? Infinity);
    if (place > last || firstCaller < place) continue;
    if (kind === "user") users.push(place);
    if (kind === "other") others.push(place);
  }
  return [...users.toReversed(), ...others.toReversed()];
}
