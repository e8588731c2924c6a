import { afterEach, describe, expect, it } from "vitest";
import { ask } from "../support/ask.ts";
import { chat, easy, fresh, hard, type House, leave, setUp } from "../support/auto-house.ts";

afterEach(leave);

const asked = async ({ daemon }: House, query: string, headers: Record<string, string> = {}) => {
  const { status, text } = await ask(`${daemon.url}/api/decisions${query}`, undefined, { headers });
  return {
    status,
    text,
    rows: (JSON.parse(text) as { decisions?: { id: string; tier: string; model: string }[] }).decisions ?? [],
  };
};

describe("GET /api/decisions", () => {
  it("gives those of a tier or of a model, the newest first, and no more than asked for", async () => {
    const house = await setUp();
    for (const content of [easy, hard, "thanks a lot", fresh]) await house.ask("/api/chat", chat(content));

    const tiers = async (query: string): Promise<string[]> =>
      (await asked(house, query)).rows.map(({ tier }) => tier);
    expect(await tiers("")).toEqual(["medium", "low", "high", "low"]);
    expect(await tiers("?limit=2")).toEqual(["medium", "low"]);
    expect(await tiers("?tier=low&limit=1")).toEqual(["low"]);
    expect(await tiers("?tier=high")).toEqual(["high"]);
    expect(await tiers("?model=tiny")).toEqual(["medium", "low", "low"]);
    expect(await tiers("?model=*gpt*")).toEqual(["high"]);
    expect(await tiers("?model=tiny*&tier=medium")).toEqual(["medium"]);
  });

  it("gives those of a conversation that the asker named, and shows no name", async () => {
    const house = await setUp();
    await house.ask("/api/chat", chat(easy), { "x-chasqui-session": "trip-to-cusco" });
    await house.ask("/api/chat", chat(easy));

    const { rows, text } = await asked(house, "?session=trip-to-cusco");
    expect(rows).toHaveLength(1);
    expect(text).not.toContain("cusco");
    expect((await asked(house, "?session=another")).rows).toEqual([]);
  });

  it("gives nobody another's conversation by its name", async () => {
    const keys = "api_keys: [{ name: a, key: key-a, admin: true }, { name: b, key: key-b, admin: true }]";
    const house = await setUp({ yaml: keys });
    const as = (key: string) => ({ authorization: `Bearer ${key}` });
    await house.ask("/api/chat", chat(easy), { ...as("key-a"), "x-chasqui-session": "mine" });

    expect((await asked(house, "?session=mine", as("key-a"))).rows).toHaveLength(1);
    expect((await asked(house, "?session=mine", as("key-b"))).rows).toEqual([]);
  });

  it.each([
    ["?tire=low", "tire: unknown; there are limit, tier, model, session"],
    ["?tier=hard", "tier: expected one of low, medium, high"],
    ["?tier=", "tier: expected a value"],
    ["?model=", "model: expected a value"],
    ["?limit=0", "limit: expected a whole number from 1 to 99999"],
    ["?limit=many", "limit: expected a whole number from 1 to 99999"],
    ["?session=a%20b", "session: expected at most 128 letters, digits and any of . _ : -"],
  ])("refuses %s", async (query, error) => {
    const { status, text } = await asked(await setUp(), query);

    expect([status, JSON.parse(text)]).toEqual([400, { error }]);
  });
});
