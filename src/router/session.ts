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
  /** How many conversations are remembered; the one that was silent for longest is forgotten first. */
  readonly sessionsMax: number;
  readonly clock: Clock;
}

/** A tier goes down a step after this many easy turns, */
const easyTurnsMax = 2;
/** or for every time of this length in which nothing was asked. */
const idleStepMs = 30 * 60_000;
/** Who begins another conversation with the same words after so long is not taken for the one before. */
const privateMs = 12 * 3_600_000;

/** Remembers conversations, a bounded number of them. */
export function createSessions({ sessionsMax, clock }: SessionsOptions): Sessions {
  const sessions = new LRUCache<string, Remembered>({ max: sessionsMax });
  // Apart, because a conversation can be private before anybody has answered in it. By the time of its last turn.
  const privates = new LRUCache<string, number>({ max: sessionsMax });
  const isPrivate = (key: string): boolean => {
    const seenMs = privates.get(key);
    return seenMs !== undefined && clock.monotonicMs() - seenMs <= privateMs;
  };
  return {
    find(key) {
      const session = sessions.get(key);
      return session === undefined ? undefined : { ...session, isPrivate: isPrivate(key) };
    },
    isPrivate,
    notePrivate: (key) => void privates.set(key, clock.monotonicMs()),
    note(key, turn) {
      const nowMs = clock.monotonicMs();
      if (turn.isPrivate) privates.set(key, nowMs);
      sessions.set(key, after(sessions.peek(key), turn, nowMs));
    },
  };
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
 * while it grows: leading system messages and the first turn of its user. Numbers of the system's part do not count,
 * because programs write the time and counters into it; tools do not, because they come and go.
 */
export function sessionKey({ session, owner, request }: SessionKeyParts): string {
  const of = session === undefined ? beginningOf(request) : ["named", session];
  return createHash("sha256")
    .update(JSON.stringify([owner, ...of]))
    .digest("base64url");
}

function beginningOf({ messages }: SessionKeyParts["request"]): string[] {
  const firstOther = messages.findIndex(({ role }) => role !== "system");
  const system = messages.slice(0, firstOther < 0 ? messages.length : firstOther).map(({ text }) => text);
  const user = messages.find(({ role }) => role === "user");
  const images = user?.images?.map(({ base64 }) => `${base64.length}:${base64.slice(-64)}`) ?? [];
  return ["begins", system.join("\n").replaceAll(/\d+/g, "0"), user?.text ?? "", ...images];
}
