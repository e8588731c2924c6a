import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/daemon.ts";
import { called, type MoneyStage, moneyStages } from "../support/money-stage.ts";
import { chatPaths, errorTextOf } from "../support/wires.ts";

const stage = moneyStages();

const budget = "  budget: { day: 5 }";
const withoutCache = "cache: { enabled: false }";

const bodyOf = (tag: string, model = "openai/gpt-4o-mini"): object => ({
  model,
  messages: [{ role: "user", content: `tag-${tag} say hello` }],
  stream: false,
  max_tokens: 50,
});

const paid = (on: MoneyStage, tag: string, path = "/api/chat") => on.ask(path, bodyOf(tag), called(tag));
const inTheHouse = (on: MoneyStage, tag: string) => on.ask("/api/chat", bodyOf(tag, "tiny"), called(tag));

const statusesOf = async (on: MoneyStage, ...paths: string[]): Promise<number[]> => {
  const answers = await Promise.all(paths.map((path) => on.ask(path)));
  return answers.map(({ status }) => status);
};

const pages = ["/healthz", "/readyz", "/api/tags", "/api/stats"] as const;
const allWell = pages.map(() => 200);

/** Something that is no file, which nobody can write to, root included. */
const unwritable = (file: string): void => mkdirSync(file);

describe("a ledger that another process has locked", () => {
  it("keeps a paid call waiting, and nobody else", async () => {
    const on = await stage({ money: budget, yaml: withoutCache });
    await paid(on, "before");
    await on.rowOf("before");
    const lock = new Database(on.file);
    lock.exec("BEGIN IMMEDIATE");
    let isOver = false;
    const waiting = paid(on, "waiting").finally(() => (isOver = true));

    expect((await inTheHouse(on, "house")).status).toBe(200);
    expect(await statusesOf(on, ...pages)).toEqual(allWell);
    expect(isOver).toBe(false);
    expect(on.fake.billOf("tag-waiting")).toEqual([]);
    // SQLite waits by the system's clock.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(isOver).toBe(false);
    lock.exec("ROLLBACK");
    lock.close();

    expect((await waiting).status).toBe(200);
    expect(await on.rowOf("waiting")).toMatchObject({ cost_source: "provider" });
    expect(await on.rowOf("house")).toMatchObject({ cost_source: "free" });
    expect((await on.shown()).ledger).toMatchObject({ state: "ok", dropped_rows: 0 });
  });
});

describe("a ledger whose file is garbage at the start", () => {
  it("is set aside, said so, and begun anew", async () => {
    const garbage = "this was a ledger once ".repeat(500);
    const on = await stage({
      money: budget,
      yaml: withoutCache,
      prepare: (file) => writeFileSync(file, garbage),
    });

    expect((await paid(on, "after")).status).toBe(200);
    expect(await on.rowOf("after")).toMatchObject({ cost_source: "provider" });
    const { ledger } = await on.shown();
    expect(ledger.state).toBe("ok");
    expect(ledger.set_aside).toMatch(/usage\.db\.corrupt-\d+$/);
    expect(readFileSync(ledger.set_aside ?? "", "utf8")).toBe(garbage);
    expect(await statusesOf(on, ...pages)).toEqual(allWell);
  });
});

describe("a ledger that cannot be written", () => {
  it("refuses what a budget limits in every dialect, and nothing else", async () => {
    const on = await stage({ money: budget, yaml: withoutCache, prepare: unwritable });
    for (const path of chatPaths) {
      const { status, text } = await paid(on, "refused", path);
      expect(status).toBe(503);
      expect(errorTextOf(path, text)).toMatch(/^the ledger cannot be written \(.+\), and a budget applies/);
    }
    expect(on.fake.to("/chat/completions")).toEqual([]);

    expect((await inTheHouse(on, "house")).status).toBe(200);
    expect(await statusesOf(on, ...pages)).toEqual(allWell);
    expect((await on.shown()).ledger).toMatchObject({
      state: "unavailable",
      error: expect.any(String) as string,
    });
    expect((await on.ask("/api/usage")).status).toBe(503);
  });

  it("counts in memory where no budget applies, and writes it down when it can", async () => {
    const on = await stage({ yaml: withoutCache, prepare: unwritable });
    expect((await paid(on, "kept")).status).toBe(200);
    await eventually(async () => (await on.shown()).today["calls"] === 1, "it is counted");
    const { ledger, today } = await on.shown();
    expect(ledger).toMatchObject({ state: "unavailable", waiting_rows: 1 });
    const [bill] = on.fake.billOf("tag-kept");
    expect(today["cost_nano_usd"]).toBe(bill?.costNanoUsd);

    rmdirSync(on.file);
    await eventually(async () => (await on.shown()).ledger.state === "ok", "it is written again", 20_000);
    expect(await on.rowOf("kept")).toMatchObject({
      cost_nano_usd: bill?.costNanoUsd,
      cost_source: "provider",
    });
    expect((await on.shown()).today["calls"]).toBe(1);
  });
});
