import { describe, expect, it } from "vitest";
import { createSessions, floorOf, sessionKey, type Turn } from "../../src/router/session.ts";
import type { Complexity } from "../../src/router/analyze.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { analysisOf, requestOf, sessionOf, user } from "./requests.ts";

const system = (text: string) => ({ role: "system", text });
const tool = { name: "f", description: "does f", parameters: { type: "object" } };

describe("the key of a conversation", () => {
  const keyOf = (
    messages: Parameters<typeof requestOf>[0],
    more: { session?: string; owner?: string; tools?: (typeof tool)[] } = {},
  ) =>
    sessionKey({
      session: more.session,
      owner: more.owner ?? "local",
      request: requestOf(messages, { tools: more.tools ?? [] }),
    });
  const begins = [system("Be kind."), user("What is Rust?")];

  it("stays the same while the conversation grows", () => {
    expect(keyOf([...begins, { role: "assistant", text: "A language." }, user("Why?")])).toBe(keyOf(begins));
    expect(keyOf(begins, { tools: [tool] })).toBe(keyOf(begins));
  });

  it("does not see what programs write into their part: the time, counters, and what was said before", () => {
    const turn = user("What is Rust?");

    expect(keyOf([system("It is 12:07. So far: the user gave a password."), turn])).toBe(keyOf([turn]));
    expect(keyOf([system("Be kind."), system("Summary: ..."), turn])).toBe(keyOf(begins));
    expect(keyOf([user("What is 1 + 1?")])).not.toBe(keyOf([user("What is 1 + 2?")]));
  });

  it("is another for another beginning, another owner", () => {
    const keys = [
      keyOf(begins),
      keyOf([system("Be kind."), user("What is Go?")]),
      keyOf(begins, { owner: "key:a" }),
      keyOf(begins, { session: "a" }),
      keyOf(begins, { session: "b" }),
      keyOf(begins, { session: "a", owner: "key:a" }),
    ];

    expect(new Set(keys).size).toBe(keys.length);
  });

  it("is the client's own name for it, whatever is said", () => {
    expect(keyOf([user("something else")], { session: "a" })).toBe(keyOf(begins, { session: "a" }));
  });
});

describe("the memory of conversations", () => {
  const turn = (ownTier: Complexity, more: Partial<Turn> = {}): Turn => ({
    analysis: analysisOf(),
    ownTier,
    tier: ownTier,
    model: "big",
    upstream: "far",
    isPrivate: false,
    ...more,
  });
  const remembering = (sessionsMax = 10) => {
    const clock = createFakeClock();
    return { clock, sessions: createSessions({ sessionsMax, clock }) };
  };

  it("goes a tier down after two easy turns that stand for themselves", () => {
    const { sessions } = remembering();
    const tiers = (["high", "low", "low", "low", "low", "low"] as const).map((own) => {
      sessions.note("a", turn(own));
      return sessions.find("a")?.tier;
    });

    expect(tiers).toEqual(["high", "high", "medium", "medium", "low", "low"]);
  });

  it("counts easy turns in a row only", () => {
    const { sessions } = remembering();
    for (const own of ["high", "low", "high", "low"] as const) sessions.note("a", turn(own));

    expect(sessions.find("a")).toMatchObject({ tier: "high", easyTurns: 1 });
  });

  it("counts neither follow-ups nor tool loops", () => {
    const { sessions } = remembering();
    sessions.note("a", turn("high"));
    for (let nth = 0; nth < 3; nth += 1) {
      sessions.note("a", turn("low", { tier: "high", analysis: analysisOf({ is_follow_up: true }) }));
      sessions.note("a", turn("low", { tier: "high", analysis: analysisOf({ is_tool_loop: true }) }));
    }

    expect(sessions.find("a")).toMatchObject({ tier: "high", easyTurns: 0 });
  });

  it("goes a tier down with every half hour of silence", () => {
    const { sessions, clock } = remembering();
    sessions.note("a", turn("high"));
    clock.advance(30 * 60_000);
    sessions.note("a", turn("medium"));

    expect(sessions.find("a")).toMatchObject({ tier: "medium", easyTurns: 0 });
    expect(floorOf(sessionOf({ seenMs: 5 }), 4)).toBe("high");
  });

  it("knows whether the last question needed a search, and what leans on it does too", () => {
    const { sessions } = remembering();
    const needs = () => sessions.find("a")?.needsSearch;
    sessions.note("a", turn("medium", { analysis: analysisOf({ needs_search: true }) }));
    sessions.note("a", turn("low", { analysis: analysisOf({ is_follow_up: true }) }));
    expect(needs()).toBe(true);
    sessions.note("a", turn("low"));
    expect(needs()).toBe(false);
  });

  it("does not forget that one was private for all that others say", () => {
    const { sessions, clock } = remembering(5);
    const keyAt = (owner: string, session: string): string =>
      sessionKey({ session, owner, request: requestOf([]) });
    sessions.notePrivate(keyAt("b", "mine"));
    for (let nth = 0; nth < 50; nth += 1) sessions.notePrivate(keyAt("a", `${nth}`));

    expect(sessions.isPrivate(keyAt("b", "mine"))).toBe(true);
    expect(sessions.isPrivate(keyAt("b", "another"))).toBe(false);
    // Of its own so many were private that some are forgotten: then all are taken to be so, for a while.
    expect(sessions.isPrivate(keyAt("a", "never seen"))).toBe(true);
    clock.advance(13 * 3_600_000);
    expect(sessions.isPrivate(keyAt("a", "never seen"))).toBe(false);
  });

  it("takes a stranger's for private while an owner of one may have been forgotten", () => {
    const { sessions, clock } = remembering(5);
    const keyAt = (owner: number): string =>
      sessionKey({ session: undefined, owner: `${owner}`, request: requestOf([user("hi")]) });
    for (let owner = 0; owner < 300; owner += 1) sessions.notePrivate(keyAt(owner));

    expect([sessions.isPrivate(keyAt(0)), sessions.isPrivate(keyAt(299))]).toEqual([true, true]);
    clock.advance(13 * 3_600_000);
    expect(sessions.isPrivate(keyAt(0))).toBe(false);
  });

  it("keeps a conversation private until nothing came for half a day", () => {
    const { sessions, clock } = remembering();
    const isPrivateAfter = (hours: number): boolean => {
      clock.advance(hours * 3_600_000);
      return sessions.isPrivate("a");
    };
    sessions.notePrivate("a");
    sessions.note("a", turn("low", { isPrivate: true }));

    expect(isPrivateAfter(11)).toBe(true);
    sessions.notePrivate("a");
    expect(isPrivateAfter(11)).toBe(true);
    expect(isPrivateAfter(2)).toBe(false);
    expect(sessions.find("a")?.isPrivate).toBe(false);
  });

  it("keeps a conversation private once it was, also before anybody answered", () => {
    const { sessions } = remembering();
    sessions.notePrivate("a");
    expect([sessions.isPrivate("a"), sessions.isPrivate("b")]).toEqual([true, false]);
    sessions.note("a", turn("low"));
    sessions.note("b", turn("low", { isPrivate: true }));
    sessions.note("b", turn("low"));

    expect(sessions.find("a")?.isPrivate).toBe(true);
    expect(sessions.find("b")?.isPrivate).toBe(true);
    expect(sessions.isPrivate("b")).toBe(true);
  });

  it("forgets the one that was silent for longest", () => {
    const { sessions } = remembering(2);
    sessions.note("a", turn("low"));
    sessions.note("b", turn("low"));
    sessions.find("a");
    sessions.note("c", turn("low"));

    expect(["a", "b", "c"].map((key) => sessions.find(key) !== undefined)).toEqual([true, false, true]);
  });
});
