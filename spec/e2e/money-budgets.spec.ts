import { describe, expect, it } from "vitest";
import type { Answer } from "../support/ask.ts";
import { eventually } from "../support/daemon.ts";
import { as, keysYaml, type MoneyStage, moneyStages } from "../support/money-stage.ts";
import { chatPaths, errorTextOf } from "../support/wires.ts";

const stage = moneyStages();

const model = "anthropic/claude-sonnet-4.5";
/** At 15 dollars a million tokens an answer of a thousand costs 1.5 cents, and what is asked a little more. */
const tokensMax = 1_000;
const fitting = 5;
const day = "0.08";

function bodyOf(path: string, name: string, asked = model): object {
  const messages = [{ role: "user", content: `tag-${name} say hello` }];
  const limit = path === "/api/chat" ? { options: { num_predict: tokensMax } } : { max_tokens: tokensMax };
  return { model: asked, messages, stream: false, ...limit };
}

const withoutCache = "cache: { enabled: false }";

/** Asks as many times at once; those that are let in stand still until all others are refused. */
async function flood(on: MoneyStage, headers: Record<string, string> = {}): Promise<Answer[]> {
  on.fake.faults = ({ path }) =>
    path === "/chat/completions" ? { kind: "hold", afterDeltas: 0 } : undefined;
  let over = 0;
  const asking = Array.from({ length: 50 }, async (_, index) => {
    const path = chatPaths[index % chatPaths.length] ?? "/api/chat";
    const answer = await on.ask(path, bodyOf(path, `${index}`), { headers });
    over += 1;
    return answer;
  });
  await eventually(() => over + on.fake.to("/chat/completions").length >= 50, "all were let in or refused");
  on.fake.release();
  return Promise.all(asking);
}

const spent = ({ fake }: MoneyStage): number =>
  [...fake.bill.values()].reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0);

const refusalIn = (answers: readonly Answer[]) =>
  answers.flatMap((answer, index) => {
    const path = chatPaths[index % chatPaths.length] ?? "/api/chat";
    return answer.status === 402 ? [{ path, text: errorTextOf(path, answer.text) ?? "" }] : [];
  });

describe("a budget", () => {
  it("of all lets in what fits, however many ask at once, and refuses the rest in their dialect", async () => {
    const on = await stage({ money: `  budget: { day: ${day} }`, yaml: withoutCache });
    const answers = await flood(on);

    expect(on.fake.to("/chat/completions")).toHaveLength(fitting);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(fitting);
    const refusals = refusalIn(answers);
    expect(refusals).toHaveLength(50 - fitting);
    expect(new Set(refusals.map(({ path }) => path))).toEqual(new Set(chatPaths));
    for (const { text } of refusals)
      expect(text).toMatch(/the budget of all calls for the day 20\d\d-\d\d-\d\d \(UTC\) is 0\.08 USD/);
    expect(spent(on)).toBeLessThanOrEqual(80_000_000);
    const { budgets } = await on.shown();
    expect(budgets).toMatchObject([
      { scope: "all", period: "day", spent_nano_usd: spent(on), reserved_nano_usd: 0 },
    ]);
  });

  it("of a key binds that key alone", async () => {
    const yaml = `${keysYaml(`, budget: { month: ${day} }`)}${withoutCache}`;
    const on = await stage({ yaml });
    const answers = await flood(on, as("ada"));

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(fitting);
    for (const { text } of refusalIn(answers))
      expect(text).toMatch(/^the budget of the key "ada" for the month /);
    on.fake.faults = [];
    const other = await on.ask("/api/chat", bodyOf("/api/chat", "bob"), { headers: as("bob") });
    expect(other.status).toBe(200);
  });

  it("that is used up has a model of `fallbacks` answer, and says so", async () => {
    const yaml = `${withoutCache}\nfallbacks: [{ match: "${model}", to: ["tiny"] }]`;
    const on = await stage({ money: `  budget: { day: ${day} }`, yaml });
    const answers = await flood(on);

    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(on.fake.to("/chat/completions")).toHaveLength(fitting);
    const local = answers.filter(({ headers }) => headers["x-chasqui-upstream"] === "local");
    expect(local).toHaveLength(50 - fitting);
    for (const { headers } of local) {
      expect(headers["x-chasqui-model"]).toMatch(/^tiny/);
      expect(headers["x-chasqui-hops"]).toBe("openrouter=budget_exceeded");
    }
  });

  it("still holds after a restart", async () => {
    const on = await stage({ money: "  budget: { day: 0.016 }", yaml: withoutCache });
    const ask = (name: string) => on.ask("/api/chat", bodyOf("/api/chat", name));
    expect((await ask("first")).status).toBe(200);
    await eventually(async () => (await on.shown()).today["calls"] === 1, "it is counted");
    const before = await on.shown();

    await on.restart();
    await eventually(async () => (await on.shown()).ledger.state === "ok", "the ledger is open");

    const after = await on.shown();
    expect(after.budgets).toEqual(before.budgets);
    expect(after.budgets[0]?.["spent_nano_usd"]).toBe(spent(on));
    expect(spent(on)).toBeGreaterThan(0);
    let asked = 0;
    while ((await ask(`more-${asked}`)).status === 200) expect((asked += 1)).toBeLessThan(50);
    expect(spent(on)).toBeLessThanOrEqual(16_000_000);
  });
});

describe("what a provider tells later", () => {
  it("corrects the call that it is about, and no other one under the same id", async () => {
    const on = await stage({ yaml: withoutCache });
    on.fake.faults = [{ kind: "no-usage" }];
    const headers = { "x-request-id": "same" };
    const ask = (name: string) => on.ask("/api/chat", bodyOf("/api/chat", name), { headers });
    await ask("small");
    await ask("much larger, with many more words to be paid for");
    await eventually(() => on.rows().length === 2, "both are written");
    expect(on.rows().map((row) => row.cost_source)).toEqual(["estimated", "provider"]);

    await eventually(() => on.rows()[0]?.cost_source === "provider", "the first is corrected", 15_000);

    const costs = on.rows().map((row) => row.cost_nano_usd);
    expect(costs).toEqual([...on.fake.bill.values()].map(({ costNanoUsd }) => costNanoUsd));
    expect(costs[1]).toBeGreaterThan(costs[0] ?? Infinity);
    expect((await on.shown()).today["cost_nano_usd"]).toBe(spent(on));
  });
});

describe("a model whose price nobody knows", () => {
  const body = bodyOf("/api/chat", "auto", "openrouter/auto");

  it("is refused under a budget", async () => {
    const on = await stage({ money: "  budget: { day: 1000 }", yaml: withoutCache });
    const { status, text } = await on.ask("/api/chat", body);

    expect(status).toBe(402);
    expect(errorTextOf("/api/chat", text)).toBe(
      'the price of "openrouter/auto" is not known, so that no budget can be kept: add it to money.prices',
    );
    expect(on.fake.to("/chat/completions")).toEqual([]);
  });

  it("is answered without one, for what the provider says, or for what nobody knows", async () => {
    const on = await stage({ yaml: withoutCache });
    const asked = async (id: string) => {
      expect((await on.ask("/api/chat", body, { headers: { "x-request-id": id } })).status).toBe(200);
      return on.rowOf(id);
    };

    expect(await asked("told")).toMatchObject({ cost_source: "provider", cost_nano_usd: spent(on) });
    on.fake.faults = [{ kind: "no-usage" }];
    expect(await asked("untold")).toMatchObject({ cost_source: "unknown", cost_nano_usd: 0 });
  });
});
