import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import {
  chat,
  dated,
  doubtful,
  easy,
  fresh,
  hard,
  type House,
  leave,
  says,
  setUp,
} from "../support/auto-house.ts";
import { eventually } from "../support/daemon.ts";

afterEach(leave);

const routingOf = async (house: House): Promise<Record<string, unknown>> => {
  const { text } = await house.ask("/api/stats", undefined as never);
  return (JSON.parse(text) as { routing: Record<string, unknown> }).routing;
};

/** Log lines of calls, the oldest first. */
const linesOf = async ({ daemon }: House, count: number): Promise<Record<string, unknown>[]> => {
  const lines = (): Record<string, unknown>[] =>
    daemon.lines.filter(({ message, route }) => message === "request" && route === "/api/chat");
  await eventually(() => lines().length === count, "every call has its line");
  return lines();
};

describe("GET /api/stats", () => {
  it("counts what auto decided, and calls of other models not", async () => {
    const house = await setUp();
    for (const content of [easy, fresh, hard]) await house.ask("/api/chat", chat(content));
    await house.ask("/api/chat", chat(easy, { model: "tiny" }));
    says(house, dated);
    await house.ask("/api/chat", chat(fresh), doubtful);

    expect(await routingOf(house)).toMatchObject({
      decided: 4,
      by_tier: { low: 1, medium: 2, high: 1 },
      by_model: { "tiny:latest": 2 },
      searched: { yes: 1, no: 3 },
      verified: 1,
      escalated: { dated: 1 },
      private: 0,
      missing: { cloud: 0, search: 0, local: 0 },
    });
  });

  it("counts what was missing, what is private, and who could not be answered", async () => {
    const house = await setUp({ hasCloud: false, hasSearch: false });
    await house.ask("/api/chat", chat(hard));
    await house.ask("/api/chat", chat(fresh));
    await house.ask("/api/chat", chat("password: hunter2-hunter2, is it good?"));
    await house.local.refuse();
    await house.ask("/api/chat", chat(easy));

    expect(await routingOf(house)).toMatchObject({
      decided: 4,
      by_model: { "tiny:latest": 3 },
      private: 1,
      missing: { cloud: 1, search: 1 },
    });
  });
});

describe("the log line of a request", () => {
  it("tells how auto routed it, and nothing of that for other models", async () => {
    const house = await setUp();
    await house.ask("/api/chat", chat(fresh));
    await house.ask("/api/chat", chat(easy, { model: "tiny" }));
    says(house, dated);
    await house.ask("/api/chat", chat(fresh), doubtful);

    const [searched, pinned, escalated] = await linesOf(house, 3);
    expect(searched).toMatchObject({ model: "auto", tier: "medium", searched: "yes" });
    expect(searched).not.toHaveProperty("escalated");
    for (const name of ["tier", "searched", "escalated"]) expect(pinned).not.toHaveProperty(name);
    expect(escalated).toMatchObject({ tier: "medium", searched: "no", escalated: "dated" });
    expect(JSON.stringify(house.daemon.lines)).not.toContain("bitcoin");
  });

  it("tells it of a call that nobody answers, and of one that is answered from the cache", async () => {
    const house = await setUp({ yaml: "cache: {}" });
    says(house, "That is easy to say.");
    const call = chat(easy, { options: { temperature: 0 } });
    for (let times = 0; times < 3; times += 1) await house.ask("/api/chat", call);
    await house.local.refuse();
    house.cloud.faults = [{ kind: "http", status: 500 }];
    await house.ask("/api/chat", chat("hello, who are you?", { model: "auto:local" }));

    const lines = await linesOf(house, 4);
    expect(lines.map(({ cache }) => cache)).toEqual(["miss", "hit", "hit", "miss"]);
    expect(lines.map(({ tier }) => tier)).toEqual(["low", "low", "low", "low"]);
    expect(lines.at(-1)).toMatchObject({
      searched: "no",
      status: 502,
    });
    expect(await routingOf(house)).toMatchObject({ decided: 2 });
  });
});

describe("the first example of the README", () => {
  it("is searched for", async () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    const [, body = ""] = /curl -si localhost:5732\/api\/chat -d '(.*)'/.exec(readme) ?? [];
    const house = await setUp();

    const { status, headers } = await house.ask("/api/chat", JSON.parse(body) as object);

    expect([status, headers["x-chasqui-searched"]]).toEqual([200, "yes"]);
  });
});
