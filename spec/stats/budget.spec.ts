import { describe, expect, it } from "vitest";
import {
  allBudgets,
  budgetsFor,
  createSpending,
  exceeded,
  exceededText,
  leftOf,
} from "../../src/stats/budget.ts";

const nowMs = Date.UTC(2026, 0, 31, 23, 59);
const tomorrowMs = Date.UTC(2026, 1, 1);
const budgets = {
  all: { dayNanoUsd: 100, monthNanoUsd: 1_000 },
  keys: { ada: { dayNanoUsd: 10 }, bob: { monthNanoUsd: 50 } },
};

describe("budgets", () => {
  it("are those of all and of the key that asks", () => {
    const at = { spending: createSpending(), nowMs };
    const names = (keyName: string | undefined) =>
      budgetsFor(budgets, keyName, at).map(({ keyName: whose, period, when }) => [whose, period, when]);
    expect(names(undefined)).toEqual([
      [undefined, "day", "2026-01-31"],
      [undefined, "month", "2026-01"],
    ]);
    expect(names("ada").slice(2)).toEqual([["ada", "day", "2026-01-31"]]);
    expect(names("constructor")).toHaveLength(2);
    expect(allBudgets(budgets, at)).toHaveLength(4);
    expect(budgetsFor({}, "ada", at)).toEqual([]);
  });

  it("may be used up to the last nano-dollar, and not beyond it", () => {
    const spending = createSpending();
    const ask = (maxNanoUsd: number) => exceeded(budgetsFor(budgets, "ada", { spending, nowMs }), maxNanoUsd);
    spending.spend("ada", nowMs, 4);
    spending.hold("ada", 3);

    expect(ask(3)).toBeUndefined();
    expect(ask(4)).toMatchObject({ keyName: "ada", limitNanoUsd: 10, spentNanoUsd: 4, reservedNanoUsd: 3 });
    spending.hold("ada", -3);
    expect(ask(6)).toBeUndefined();
    spending.spend("ada", nowMs, 100);
    expect(ask(1)).toBeDefined();
    expect(ask(0)).toBeUndefined();
  });

  it("leave what the strictest of them does, and never less than nothing", () => {
    const spending = createSpending();
    const left = (keyName?: string) => leftOf(budgetsFor(budgets, keyName, { spending, nowMs }));
    expect([left(), left("ada"), leftOf([])]).toEqual([100, 10, undefined]);
    spending.spend("ada", nowMs, 4);
    spending.hold("ada", 3);

    expect([left(), left("ada"), left("bob")]).toEqual([93, 3, 50]);
    spending.spend("ada", nowMs, 100);
    expect([left(), left("ada")]).toEqual([0, 0]);
  });

  it("of all count what every key spends, and that of a key its own alone", () => {
    const spending = createSpending();
    spending.spend("ada", nowMs, 5);
    spending.spend(undefined, nowMs, 7);
    spending.hold("bob", 2);

    expect([spending.spent(undefined, "2026-01"), spending.spent("ada", "2026-01-31")]).toEqual([12, 5]);
    expect([spending.spent("bob", "2026-01-31"), spending.reserved(undefined)]).toEqual([0, 2]);
  });

  it("begin anew with the day and the month, but for what is still held", () => {
    const spending = createSpending();
    spending.spend("ada", nowMs, 9);
    spending.hold("ada", 1);

    const [all, month, own] = budgetsFor(budgets, "ada", { spending, nowMs: tomorrowMs });
    expect(all).toMatchObject({ when: "2026-02-01", spentNanoUsd: 0, reservedNanoUsd: 1 });
    expect(month).toMatchObject({ when: "2026-02", spentNanoUsd: 0 });
    expect(own).toMatchObject({ spentNanoUsd: 0, reservedNanoUsd: 1 });
    // A clock that is set back opens no day that was used up.
    expect(budgetsFor(budgets, "ada", { spending, nowMs })[2]).toMatchObject({ spentNanoUsd: 9 });
  });

  it("forget the days that are long past", () => {
    const spending = createSpending();
    for (let day = 0; day < 400; day += 1) spending.spend("ada", day * 86_400_000, 1);
    expect(spending.spent("ada", "1970-01-01")).toBe(0);
    expect(spending.spent("ada", "1971-02-04")).toBe(1);
    expect(spending.spent("ada", "1971-01")).toBe(31);
  });

  it("say which one is too small, and by what", () => {
    const spending = createSpending();
    spending.spend("ada", nowMs, 9);
    const at = { spending, nowMs };
    const [, , own] = budgetsFor(budgets, "ada", at);
    if (own === undefined) throw new Error("the key has a budget");
    expect(exceededText(own, 5)).toBe(
      'the budget of the key "ada" for the day 2026-01-31 (UTC) is 0.00000001 USD: 0.000000009 USD are spent, ' +
        "0.00 USD are reserved by calls under way, and this call may cost up to 0.000000005 USD",
    );
  });
});
