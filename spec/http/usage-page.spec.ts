import { describe, expect, it } from "vitest";
import { createUsagePage } from "../../src/http/usage-page.ts";
import type { TotalsQuery, UsageTotal } from "../../src/stats/ledger/messages.ts";
import { createFakeClock } from "../support/fake-clock.ts";

const nowMs = Date.UTC(2026, 0, 31);
const total = (name: string, costNanoUsd: number): UsageTotal => ({
  name,
  calls: 2,
  inputTokens: 10,
  outputTokens: 5,
  costNanoUsd,
  avoidedNanoUsd: 1_000_000,
  baselineNanoUsd: 2_000_000_000,
  savingNanoUsd: 2_000_000_000 - costNanoUsd,
});

async function pageOf(query: string, totals: UsageTotal[] = []) {
  const asked: TotalsQuery[] = [];
  const ledger = { totals: async (query: TotalsQuery) => (asked.push(query), totals) };
  const reply = await createUsagePage(ledger, createFakeClock(nowMs))(new URLSearchParams(query));
  return { asked, contentType: reply.contentType, text: Buffer.from(reply.body as Uint8Array).toString() };
}

describe("the page of usage", () => {
  it("shows what the ledger adds up, with dollars beside nano-dollars", async () => {
    const { asked, text } = await pageOf("by=key&since=30d", [total("ada", 1_500_000_000), total("none", 0)]);
    const page = JSON.parse(text) as Record<string, unknown>;

    expect(asked).toEqual([{ by: "key", sinceMs: Date.UTC(2026, 0, 1) }]);
    expect(page).toMatchObject({
      by: "key",
      since: "2026-01-01T00:00:00.000Z",
      rows: [
        { name: "ada", calls: 2, cost_nano_usd: 1_500_000_000, cost_usd: "1.50", saving_usd: "0.50" },
        { name: "none", cost_usd: "0.00", avoided_usd: "0.001", saving_usd: "2.00" },
      ],
      total: { calls: 4, input_tokens: 20, cost_usd: "1.50", baseline_usd: "4.00", saving_usd: "2.50" },
    });
  });

  it("is by model and of all time unless it is told", async () => {
    const { asked, text, contentType } = await pageOf("");
    expect(asked).toEqual([{ by: "model", sinceMs: undefined }]);
    expect(JSON.parse(text)).toMatchObject({ since: null, rows: [], total: { calls: 0 } });
    expect(contentType).toBe("application/json; charset=utf-8");
  });

  it("is also a table for a spreadsheet, in which no name is a formula", async () => {
    const { text, contentType } = await pageOf("by=model&format=csv", [
      total('=1+1,"x"', 5),
      total("gpt", 0),
    ]);
    expect(contentType).toBe("text/csv; charset=utf-8");
    expect(text.split("\r\n")).toEqual([
      "model,calls,input_tokens,output_tokens,cost_nano_usd,cost_usd,avoided_nano_usd,avoided_usd,baseline_nano_usd,baseline_usd,saving_nano_usd,saving_usd",
      `"'=1+1,""x""",2,10,5,5,0.000000005,1000000,0.001,2000000000,2.00,1999999995,1.999999995`,
      "gpt,2,10,5,0,0.00,1000000,0.001,2000000000,2.00,2000000000,2.00",
      "",
    ]);
  });

  it.each([
    ["by=colour", "by: expected one of model, key, day, upstream"],
    ["by=", "by: expected one of model, key, day, upstream"],
    ["since=yesterday", "since: expected a duration such as 24h or 30d"],
    ["since=30", "since: expected a duration such as 24h or 30d"],
    ["format=xml", "format: expected one of json, csv"],
    ["until=1d", "until: unknown; there are by, since, format"],
  ])("refuses %s", async (query, message) => {
    await expect(pageOf(query)).rejects.toMatchObject({ code: "invalid_request", message });
  });
});
