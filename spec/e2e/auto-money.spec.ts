import { afterEach, describe, expect, it } from "vitest";
import type { Answer } from "../support/ask.ts";
import { eventually } from "../support/daemon.ts";
import { type FakeSearch, startFakeSearch } from "../support/fake-search.ts";
import { type MoneyStage, moneyStages } from "../support/money-stage.ts";
import { chatPaths } from "../support/wires.ts";
import { ownPrompts, type Prompt } from "../train/prompts.ts";

const stage = moneyStages();
const model = "anthropic/claude-sonnet-4.5";

const standing: FakeSearch[] = [];
afterEach(async () => {
  for (const one of standing.splice(0)) await one.stop();
});

async function setUp(money: string): Promise<{ on: MoneyStage; web: FakeSearch }> {
  const web = await startFakeSearch("searxng");
  standing.push(web);
  const yaml = [
    "cache: { enabled: false }",
    `search: { providers: [{ type: searxng, url: "${web.url}" }] }`,
    `routing: { cloud: ["${model}"] }`,
  ].join("\n");
  return { on: await stage({ money: `  baseline: "${model}"\n${money}`, yaml }), web };
}

const tokensMax = 200;

/** A body that each of the dialects takes; its limit keeps what a call may cost small. */
function bodyOf(path: string, messages: readonly object[], asked = "auto"): object {
  const limit = path === "/api/chat" ? { options: { num_predict: tokensMax } } : { max_tokens: tokensMax };
  return { model: asked, messages, stream: false, ...limit };
}

const pathOf = (index: number): string => chatPaths[index % chatPaths.length] ?? "/api/chat";

/** Prompts of a label from all over the data. */
function some(complexity: Prompt["complexity"], count: number): string[] {
  const all = ownPrompts().filter((one) => one.complexity === complexity && one.text.length < 300);
  const step = Math.floor(all.length / count);
  return all
    .filter((_, index) => index % step === 0)
    .map(({ text }) => text)
    .slice(0, count);
}

/** Hard ones come between easy ones, from the first to the last. */
function mixed(): string[] {
  const [low, medium, high] = [some("low", 10), some("medium", 10), some("high", 20)];
  return high.flatMap((text, index) => [text, (index % 2 === 0 ? low : medium)[index >> 1] ?? ""]);
}

/** Asks all, in their order, so many at once. */
async function askAll<Item>(
  items: readonly Item[],
  atOnce: number,
  act: (item: Item, index: number) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const left = [...items.entries()];
  const client = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [index, item] = next;
      answers[index] = await act(item, index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  return answers;
}

const billed = ({ fake }: MoneyStage): number =>
  [...fake.bill.values()].reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0);

const usageOf = async (on: MoneyStage): Promise<Record<"calls" | "cost_nano_usd", number>> =>
  (JSON.parse((await on.ask("/api/usage")).text) as { total: Record<"calls" | "cost_nano_usd", number> })
    .total;

const wasLocal = ({ headers }: Answer): boolean => headers["x-chasqui-upstream"] === "local";
/** By the gate, or by the reservation where another call was quicker. */
const metBudget = ({ headers }: Answer): boolean =>
  headers["x-chasqui-reasons"]?.includes("over_budget") === true ||
  headers["x-chasqui-hops"]?.includes("openrouter=budget_exceeded") === true;

describe("auto under a budget that runs out", () => {
  const budgetUsd = 0.008;

  it.each([1, 8])("answers every call, in the house once it is gone, with %i at once", async (atOnce) => {
    const { on } = await setUp(`  budget: { day: ${budgetUsd} }`);

    const answers = await askAll(mixed(), atOnce, (content, index) => {
      const path = pathOf(index);
      return on.ask(path, bodyOf(path, [{ role: "user", content }]));
    });

    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 40 }, () => 200));
    const paid = answers.filter((one) => !wasLocal(one));
    const refused = answers.filter(metBudget);
    expect(paid.length).toBeGreaterThanOrEqual(3);
    expect(refused.length).toBeGreaterThanOrEqual(3);
    expect(refused.every(wasLocal)).toBe(true);
    expect(answers.slice(-10).some(metBudget)).toBe(true);
    expect(on.fake.to("/chat/completions")).toHaveLength(paid.length);
    expect(billed(on)).toBeGreaterThan(0);
    expect(billed(on)).toBeLessThanOrEqual(budgetUsd * 1e9);
    await eventually(async () => (await usageOf(on)).calls === 40, "all are written down");
    expect(await usageOf(on)).toMatchObject({ calls: 40, cost_nano_usd: billed(on) });
    const { budgets } = await on.shown();
    expect(budgets).toMatchObject([{ spent_nano_usd: billed(on), reserved_nano_usd: 0 }]);
  });
});

describe("auto with something private in it", () => {
  const secret = "sk-proj-abcdEFGH1234567890abcdEFGH1234567890abcdEFGH12345678";
  /** Where in a conversation it may stand. */
  const hidden: readonly ((content: string) => object[])[] = [
    (content) => [{ role: "user", content: `${content}\n\nMy key is ${secret}` }],
    (content) => [{ role: "user", content: `{"OPENAI_API_KEY":"${secret}"} ${content}` }],
    (content) => [
      { role: "user", content: `Keep ${secret} for later` },
      { role: "assistant", content: "I will." },
      { role: "user", content },
    ],
    (content) => [
      { role: "user", content: "Which key do I have?" },
      { role: "assistant", content: `It is ${secret}.` },
      { role: "user", content },
    ],
  ];

  it("never leaves the house, however hard it is said to be", async () => {
    const { on, web } = await setUp("");
    const before = on.fake.to("/chat/completions").length;

    const answers = await askAll(some("high", 10).concat(some("medium", 10)), 8, (content, index) => {
      const path = pathOf(index);
      const messages = hidden[index % hidden.length]?.(content) ?? [];
      const asked = index % 5 === 0 ? "auto:cloud" : "auto";
      return on.ask(path, bodyOf(path, messages, asked), { headers: { "x-chasqui-tier": "high" } });
    });

    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(answers.every(wasLocal)).toBe(true);
    expect([before, on.fake.to("/chat/completions").length, web.seen.length]).toEqual([0, 0, 0]);
    expect(on.fake.seen.some(({ text }) => text.includes("sk-proj"))).toBe(false);
    expect(on.local.calls()).toHaveLength(20);
    expect(billed(on)).toBe(0);
  });

  it("would have left it without that", async () => {
    const { on } = await setUp("");
    const [content = ""] = some("high", 1);

    await on.ask("/api/chat", bodyOf("/api/chat", [{ role: "user", content }]), {
      headers: { "x-chasqui-tier": "high" },
    });

    expect(on.fake.to("/chat/completions")).toHaveLength(1);
  });
});
