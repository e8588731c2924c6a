import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { ChatRequest } from "../core/chat.ts";
import type { Clock } from "../lib/time.ts";
import type { Analysis, Complexity } from "./analyze.ts";
import { rankOf, stepFrom } from "./tiers.ts";

/** What is remembered of a conversation. */
export interface Session {
  readonly tier: Complexity;
  /** Who answered last. */
  readonly model: string;
  readonly upstream: string;
  /** Whether the last question needed facts that change. */
  readonly needsSearch: boolean;
  /** Once private, a conversation stays so: what was said is still in it, or was summed up in it. */
  readonly isPrivate: boolean;
  /** Turns in a row that stood for themselves and were easier than the tier. */
  readonly easyTurns: number;
  /** When it was last heard of, as the clock's `monotonicMs`. */
  readonly seenMs: number;
}

/** What the router had to do in one turn. */
export interface Turn {
  readonly analysis: Pick<Analysis, "is_follow_up" | "is_tool_loop" | "needs_search">;
  /** The tier of this turn by itself, before the conversation raised it. */
  readonly ownTier: Complexity;
  /** The tier that it was answered with. */
  readonly tier: Complexity;
  readonly model: string;
  readonly upstream: string;
  readonly isPrivate: boolean;
}

/** The conversations of late. */
export interface Sessions {
  readonly find: (key: string) => Session | undefined;
  /** Notes a turn that was answered. */
  readonly note: (key: string, turn: Turn) => void;
  /** Notes that a conversation is private, before anything of it is sent. It is so until nothing came for 12 hours. */
  readonly notePrivate: (key: string) => void;
  readonly isPrivate: (key: string) => boolean;
}

export interface SessionsOptions {
  /** How many conversations of one owner are remembered; the one that was silent for longest is forgotten first. */
  readonly sessionsMax: number;
  readonly clock: Clock;
}

/** A tier goes down a step after this many easy turns, */
const easyTurnsMax = 2;
/** or for every time of this length in which nothing was asked. */
const idleStepMs = 30 * 60_000;
/** Who begins another conversation with the same words after so long is not taken for the one before. */
const privateMs = 12 * 3_600_000;

/** Remembers conversations, a bounded number of each owner's, so that nobody makes another's be forgotten. */
export function createSessions({ sessionsMax, clock }: SessionsOptions): Sessions {
  /** Until when owners that were forgotten may have had a private conversation. */
  let strangersUntilMs = Number.NEGATIVE_INFINITY;
  const owners = new LRUCache<string, Owned>({
    max: ownersMax,
    dispose({ privates, overflowUntilMs }) {
      const seenMs = Math.max(...privates.values(), Number.NEGATIVE_INFINITY);
      strangersUntilMs = Math.max(strangersUntilMs, overflowUntilMs, seenMs + privateMs);
    },
  });
  const ownedBy = (key: string): Owned => {
    const owner = ownerIn(key);
    const known = owners.get(owner);
    if (known !== undefined) return known;
    const owned = createOwned(sessionsMax, strangersUntilMs);
    owners.set(owner, owned);
    return owned;
  };
  const isPrivate = (key: string): boolean => {
    const nowMs = clock.monotonicMs();
    const owned = owners.get(ownerIn(key));
    if (owned === undefined) return nowMs <= strangersUntilMs;
    const seenMs = owned.privates.get(key);
    return nowMs <= owned.overflowUntilMs || (seenMs !== undefined && nowMs - seenMs <= privateMs);
  };
  const notePrivate = (key: string): void => void ownedBy(key).privates.set(key, clock.monotonicMs());
  return {
    find(key) {
      const session = owners.get(ownerIn(key))?.sessions.get(key);
      return session === undefined ? undefined : { ...session, isPrivate: isPrivate(key) };
    },
    isPrivate,
    notePrivate,
    note(key, turn) {
      if (turn.isPrivate) notePrivate(key);
      const { sessions } = ownedBy(key);
      sessions.set(key, after(sessions.peek(key), turn, clock.monotonicMs()));
    },
  };
}

const ownersMax = 200;

/** The conversations of one owner. Private ones stand apart, because one can be so before anybody has answered in it. */
interface Owned {
  readonly sessions: LRUCache<string, Remembered>;
  /** By the time of its last turn. */
  readonly privates: LRUCache<string, number>;
  /** Until when one that was forgotten may have been private: all are taken to be so. */
  overflowUntilMs: number;
}

function createOwned(sessionsMax: number, overflowUntilMs: number): Owned {
  const owned: Owned = {
    sessions: new LRUCache({ max: sessionsMax }),
    privates: new LRUCache({
      max: sessionsMax,
      dispose(seenMs, _key, why) {
        if (why === "evict") owned.overflowUntilMs = Math.max(owned.overflowUntilMs, seenMs + privateMs);
      },
    }),
    overflowUntilMs,
  };
  return owned;
}

/** Whether it is private is known elsewhere. */
type Remembered = Omit<Session, "isPrivate">;

function after(before: Remembered | undefined, turn: Turn, nowMs: number): Remembered {
  const { analysis, model, upstream } = turn;
  const leans = analysis.is_follow_up || analysis.is_tool_loop;
  const { tier, easyTurns } = leans ? kept(before, turn) : counted(before, turn, nowMs);
  return {
    tier,
    easyTurns,
    model,
    upstream,
    needsSearch: analysis.needs_search || (leans && before?.needsSearch === true),
    seenMs: nowMs,
  };
}

type Steps = Pick<Session, "tier" | "easyTurns">;

/** A turn that leans on the one before says nothing of how hard the conversation is, unless it was harder. */
const kept = (before: Remembered | undefined, { tier }: Turn): Steps => ({
  tier: before !== undefined && rankOf(before.tier) > rankOf(tier) ? before.tier : tier,
  easyTurns: before?.easyTurns ?? 0,
});

function counted(before: Remembered | undefined, { ownTier, tier }: Turn, nowMs: number): Steps {
  const floor = before === undefined ? tier : floorOf(before, nowMs);
  const isEasy = before !== undefined && rankOf(ownTier) < rankOf(floor);
  if (!isEasy) return { tier, easyTurns: 0 };
  const easyTurns = before.easyTurns + 1;
  return easyTurns < easyTurnsMax ? { tier: floor, easyTurns } : { tier: stepFrom(floor, -1), easyTurns: 0 };
}

/** The tier below which a turn that stands for itself does not go, for now. */
export const floorOf = ({ tier, seenMs }: Pick<Session, "tier" | "seenMs">, nowMs: number): Complexity =>
  stepFrom(tier, -Math.floor(Math.max(0, nowMs - seenMs) / idleStepMs));

export interface SessionKeyParts {
  /** The client's own name for the conversation. */
  readonly session: string | undefined;
  /** Whose conversations these are: two of them never share one. */
  readonly owner: string;
  readonly request: Pick<ChatRequest, "messages">;
}

/**
 * What tells a conversation from others: the name the client gave it, or else how it begins, which stays the same
 * while it grows: the first turn of its user. Of system messages and tools nothing counts, because programs write the time,
 * counters and what was said before into them.
 */
export function sessionKey({ session, owner, request }: SessionKeyParts): string {
  const of = session === undefined ? beginningOf(request) : ["named", session];
  return `${digestOf([owner])}${ownerEnd}${digestOf(of)}`;
}

const ownerEnd = ":";
const ownerIn = (key: string): string => key.slice(0, key.indexOf(ownerEnd));

const digestOf = (parts: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("base64url");

function beginningOf({ messages }: SessionKeyParts["request"]): string[] {
  const user = messages.find(({ role }) => role === "user");
  const images = user?.images?.map(({ base64 }) => `${base64.length}:${base64.slice(-64)}`) ?? [];
  return ["begins", user?.text ?? "", ...images];
}
