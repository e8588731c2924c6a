import { afterEach, describe, expect, it } from "vitest";
import { chat, counts, easy, fresh, hard, leave, says, setUp } from "../support/auto-house.ts";

afterEach(leave);

const yaml = "cache: {}";
const exact = { options: { temperature: 0 } };

describe("an answer of auto", () => {
  it("is given again, with all that is told of how it was made, and costs nothing then", async () => {
    const house = await setUp({ yaml });
    const body = chat(hard, exact);

    const first = await house.ask("/api/chat", body);
    const second = await house.ask("/api/chat", body);

    expect(first.headers["x-chasqui-cache"]).toBe("miss");
    expect(second.headers["x-chasqui-cache"]).toBe("hit");
    expect(counts(house)).toEqual([0, 1, 0]);
    for (const name of ["model", "tier", "reasons", "confidence", "searched", "baseline-cost"]) {
      expect(first.headers[`x-chasqui-${name}`], name).toBeDefined();
      expect(second.headers[`x-chasqui-${name}`], name).toBe(first.headers[`x-chasqui-${name}`]);
    }
    expect(Number(first.headers["x-chasqui-cost"])).toBeGreaterThan(0);
    expect(Number(second.headers["x-chasqui-cost"])).toBe(0);
    expect(JSON.parse(second.text)).toMatchObject({
      model: "auto",
      message: (JSON.parse(first.text) as { message: unknown }).message,
    });
  });

  it("is given again as a stream, its sources with it, and by the short way", async () => {
    const house = await setUp({ yaml });
    says(house, "That is easy to say.");
    const body = chat(fresh, { ...exact, stream: true });

    const texts = [];
    for (let nth = 0; nth < 4; nth += 1) texts.push((await house.ask("/api/chat", body)).text);

    expect(counts(house)).toEqual([1, 0, 1]);
    for (const text of texts) expect(text).toContain("Sources:");
  });

  it("is another one where its client says something else of the route", async () => {
    const house = await setUp({ yaml });
    says(house, "That is easy to say.");
    const body = chat("Tell me about llamas", exact);

    await house.ask("/api/chat", body);
    const other = await house.ask("/api/chat", body, { "x-chasqui-tier": "high" });
    const barred = await house.ask("/api/chat", body, { "x-chasqui-local-only": "1" });
    const again = await house.ask("/api/chat", body, { "x-chasqui-tier": "high" });

    expect(other.headers["x-chasqui-cache"]).toBe("miss");
    expect(barred.headers["x-chasqui-cache"]).toBe("miss");
    expect(again.headers["x-chasqui-cache"]).toBe("hit");
    expect(again.headers["x-chasqui-tier"]).toBe("high");
  });

  it.each(["/api/chat", "/v1/chat/completions"])(
    "is not given at %s where it must not leave the house, or where its client insists on another upstream",
    async (path) => {
      const house = await setUp({ yaml });
      says(house, "That is easy to say.");
      const body = (model: string) => chat(hard, { model, temperature: 0, ...exact });
      const cloud = { "x-chasqui-upstream": "cloud" };

      await house.ask(path, body("auto"));
      await house.ask(path, body("auto"), cloud);
      const kept = await house.ask(path, body("auto:local"), cloud);
      const local = await house.ask(path, body("auto:local"));
      const pinned = await house.ask(path, body("auto"), { "x-chasqui-upstream": "local" });

      expect(kept.status).toBe(403);
      for (const { status, headers } of [local, pinned])
        expect([status, headers["x-chasqui-upstream"]]).toEqual([200, "local"]);
    },
  );

  it("is made once for many who ask at the same time", async () => {
    const house = await setUp({ yaml });
    says(house, "That is easy to say.");
    const body = chat(easy, exact);

    const answers = await Promise.all(Array.from({ length: 20 }, () => house.ask("/api/chat", body)));

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(counts(house)).toEqual([1, 0, 0]);
  });

  it("costs only who made it, of many who ask at the same time", async () => {
    const house = await setUp({ yaml });
    const body = chat(hard, exact);

    const answers = await Promise.all(Array.from({ length: 20 }, () => house.ask("/api/chat", body)));

    expect(counts(house)).toEqual([0, 1, 0]);
    const costs = answers.map(({ headers }) => Number(headers["x-chasqui-cost"])).toSorted((a, b) => b - a);
    expect(costs[0]).toBeGreaterThan(0);
    expect(costs.slice(1).every((cost) => cost === 0)).toBe(true);
  });

  it("is given only when it is stored, where a client wants that", async () => {
    const house = await setUp({ yaml });
    says(house, "That is easy to say.");
    const body = chat(easy, exact);
    const only = { "cache-control": "only-if-cached" };

    const none = await house.ask("/api/chat", body, only);
    await house.ask("/api/chat", body);
    const some = await house.ask("/api/chat", body, only);

    expect([none.status, some.status]).toEqual([504, 200]);
    expect(counts(house)).toEqual([1, 0, 0]);
  });

  it("is not stored when it is private, or when nobody better could be asked", async () => {
    const house = await setUp({ hasSearch: false, yaml });
    const secret = chat(
      "my key is sk-proj-abcdEFGH1234567890abcdEFGH1234567890abcdEFGH12345678, is it safe?",
      exact,
    );
    says(house, "As of my knowledge cutoff I do not know that.");
    house.cloud.faults = () => ({ kind: "html", status: 503 });

    const answers = [];
    for (const body of [secret, secret, chat(fresh, exact), chat(fresh, exact)])
      answers.push(await house.ask("/api/chat", body));

    expect(answers.map(({ headers }) => headers["x-chasqui-cache"])).toEqual([
      "miss",
      "miss",
      "miss",
      "miss",
    ]);
  });
});
