import { describe, expect, it } from "vitest";
import { derivedSession, namedSession } from "../../src/http/session.ts";

const system = { role: "system", content: "Be kind." };
const first = { role: "user", content: "Hello" };

describe("the name of a conversation", () => {
  it("is what its client calls it", () => {
    expect(namedSession("chat-17:a.b_c")).toBe("chat-17:a.b_c");
    expect(namedSession(undefined)).toBeUndefined();
  });

  it.each(["", "two words", "x".repeat(129), "naïve", "a\tb"])("is not %j", (header) => {
    expect(() => namedSession(header)).toThrow(
      "X-Chasqui-Session: expected at most 128 letters, digits and any of . _ : -",
    );
  });

  it("stays while it goes on", () => {
    const begun = derivedSession({ messages: [system, first] }, "local");
    const later = {
      messages: [system, first, { role: "assistant", content: "Hi" }, { role: "user", content: "And?" }],
    };

    expect(begun).toMatch(/^auto:[0-9a-f]{16}$/);
    expect(derivedSession(later, "local")).toBe(begun);
    expect(derivedSession({ messages: [first], system: "Be kind." }, "local")).toBe(
      derivedSession({ messages: [first, first], system: "Be kind." }, "local"),
    );
  });

  it("is another one for somebody else, another beginning or other instructions", () => {
    const names = [
      derivedSession({ messages: [system, first] }, "local"),
      derivedSession({ messages: [system, first] }, "key:laptop"),
      derivedSession({ messages: [system, { role: "user", content: "Hello!" }] }, "local"),
      derivedSession({ messages: [first] }, "local"),
    ];

    expect(new Set(names).size).toBe(4);
  });

  it.each([{}, { prompt: "Hi" }, { messages: [] }, { messages: [system] }])("is none for %j", (wire) => {
    expect(derivedSession(wire, "local")).toBeUndefined();
  });
});
