import { describe, expect, it } from "vitest";
import type { Call } from "../../../src/core/call.ts";
import { priceFromUsdPerMillion } from "../../../src/core/price.ts";
import { costHeaders } from "../../../src/pipeline/auto/cost-headers.ts";
import type { Plan } from "../../../src/pipeline/auto/plan.ts";
import { createRecord } from "../../../src/stats/record.ts";
import type { Sent } from "../../../src/upstream/retry.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const price = priceFromUsdPerMillion({ input: 1, output: 10 });

interface Told {
  readonly isCloud?: boolean;
  readonly streams?: boolean;
  readonly costNanoUsd?: number;
  readonly maxCostNanoUsd?: number;
  readonly hasBaseline?: boolean;
  readonly addedTokens?: number;
}

function headers({ isCloud = false, streams = false, hasBaseline = true, ...told }: Told) {
  const wire = { model: "auto", messages: [{ role: "user", content: "hi" }], options: { num_predict: 100 } };
  const call = { dialect: "ollama", operation: "chat", wire } as unknown as Call;
  const holder = {
    upstream: { name: "u" },
    target: { model: "m" },
    candidate: { maxCostNanoUsd: told.maxCostNanoUsd ?? 0 },
  };
  const answered = {
    call,
    plan: { holders: [holder] } as unknown as Plan,
    record: {
      ...createRecord("r", "POST"),
      usage: { inputTokens: 1_000, outputTokens: 100 },
      costNanoUsd: told.costNanoUsd,
      addedTokens: told.addedTokens ?? 0,
    },
    sent: { upstream: "u", model: "m", isCloud } as Sent,
  };
  const body = streams ? (async function* () {})() : Buffer.from("{}");
  const reply = { status: 200, contentType: undefined, headers: {}, body };
  const cost = {
    clock: createFakeClock(),
    priceOf: () => price,
    outputTokensMax: 1_000,
    fallbackModels: [],
  };
  return costHeaders(answered, reply, { cost, baseline: () => (hasBaseline ? price : undefined) });
}

describe("what an answer of auto says of its cost", () => {
  it("is what it cost, and what the baseline model would have, where the answer is whole", () => {
    expect(headers({})).toEqual({ "X-Chasqui-Cost": "0.00", "X-Chasqui-Baseline-Cost": "0.002" });
    expect(headers({ isCloud: true, costNanoUsd: 1_500_000 })).toEqual({
      "X-Chasqui-Cost": "0.0015",
      "X-Chasqui-Baseline-Cost": "0.002",
    });
  });

  it("compares without the web results, which the baseline model would not have been sent", () => {
    expect(headers({ addedTokens: 900 })["X-Chasqui-Baseline-Cost"]).toBe("0.0011");
  });

  it("is the most that it can be while it streams", () => {
    const told = headers({ isCloud: true, streams: true, maxCostNanoUsd: 2_000_000 });

    expect(told["X-Chasqui-Cost-Max"]).toBe("0.002");
    expect(Number(told["X-Chasqui-Baseline-Cost-Max"])).toBeGreaterThan(0.001);
    expect(Object.keys(told)).toHaveLength(2);
  });

  it("is nothing where nobody knows a price", () => {
    expect(headers({ isCloud: true, hasBaseline: false })).toEqual({});
    expect(headers({ streams: true, maxCostNanoUsd: Number.NaN, hasBaseline: false })).toEqual({});
  });
});
