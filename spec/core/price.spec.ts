import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costOf, priceFromUsdPerMillion, type Price, readPrice, usdText } from "../../src/core/price.ts";

const noon = Date.UTC(2026, 0, 1, 12);
const at = (time: string): number => Date.parse(`2026-01-01T${time}:00Z`);
const more = { images: 0, nowMs: noon };
const gpt = {
  prompt: "0.0000025",
  completion: "0.00001",
  request: "0",
  image: "0.003",
  web_search: "0",
  internal_reasoning: "0",
  input_cache_read: "0.00000125",
  discount: 0,
};

function read(pricing: Record<string, unknown>): Price {
  const price = readPrice(pricing as never);
  if (price === undefined) throw new Error("it is not read");
  return price;
}

describe("a price in OpenRouter's words", () => {
  it("is read digit by digit", () => {
    expect(read(gpt)).toEqual({
      inputPicoUsd: 2_500_000,
      outputPicoUsd: 10_000_000,
      cacheReadPicoUsd: 1_250_000,
      reasoningPicoUsd: 0,
      requestPicoUsd: 0,
      imagePicoUsd: 3_000_000_000,
      discount: 0,
      overrides: [],
    });
  });

  it.each([
    ["1e-7", 100_000],
    ["0.00000000000099", 1],
    [".5", 500_000_000_000],
    [0.000_000_15, 150_000],
    ["0", 0],
    ["1E+1", 10_000_000_000_000],
  ])("%j USD are %i pico-dollars", (prompt, picoUsd) => {
    expect(read({ prompt }).inputPicoUsd).toBe(picoUsd);
  });

  it.each([
    [{ prompt: "-1", completion: "-1" }],
    [{ prompt: "1", input_cache_read: "-1" }],
    [{ prompt: "much" }],
    [{ prompt: "" }],
    [{ prompt: "NaN" }],
    [{ prompt: true }],
    [{ prompt: "99999999999999999999" }],
    [{ prompt: "1", discount: 2 }],
    [{ prompt: "1", overrides: [{ prompt: "-1" }] }],
    [{ prompt: "1", overrides: ["x"] }],
    [{ image: "0.1" }],
    [{}],
  ])("%j is not known", (pricing) => {
    expect(readPrice(pricing as never)).toBeUndefined();
  });

  it("is read whatever decimals it has, to the pico-dollar", () => {
    const digits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 900 }), digits, (whole, fraction) => {
        const prompt = `${whole}.${fraction.join("")}`;
        expect(read({ prompt }).inputPicoUsd).toBe(whole * 1e12 + Number(fraction.join("")));
      }),
    );
  });
});

describe("what a call costs", () => {
  const usage = { inputTokens: 194, outputTokens: 20, cachedTokens: 64, reasoningTokens: 5 };

  it("counts cached tokens as a part of the input, and thought ones as a part of the output", () => {
    // 130 x 2,500 + 64 x 1,250 + 20 x 10,000 nano-dollars
    expect(costOf(read(gpt), usage, more)).toBe(605_000);
    expect(costOf(read({ ...gpt, internal_reasoning: "0.000001" }), usage, more)).toBe(610_000);
    expect(costOf(read({ ...gpt, request: "0.01" }), usage, { ...more, images: 2 })).toBe(16_605_000);
    expect(costOf(read({ ...gpt, discount: 0.25 }), usage, more)).toBe(453_750);
  });

  it("takes the price of the input for what is cached or stored when they have none", () => {
    const price = read({ prompt: "0.000001" });
    const stored = { inputTokens: 10, outputTokens: 0, cachedTokens: 3, cacheWriteTokens: 4 };
    expect(costOf(price, stored, more)).toBe(10_000);
    expect(costOf(read({ prompt: "0.000001", input_cache_write: "0.000002" }), stored, more)).toBe(14_000);
  });

  it("rounds up, and only once", () => {
    expect(costOf(read({ prompt: "0.000000000001" }), { inputTokens: 1, outputTokens: 0 }, more)).toBe(1);
    expect(costOf(read({ prompt: "0.000000000001" }), { inputTokens: 1_001, outputTokens: 0 }, more)).toBe(2);
  });

  it("takes later prices before earlier ones where they hold", () => {
    const price = read({
      ...gpt,
      overrides: [
        { min_prompt_tokens: 200_000, prompt: "0.000005", completion: "0.00002" },
        { utc_start: 1630, utc_end: 30, prompt: "0.000001" },
      ],
    });
    const tokens = (inputTokens: number) => ({ inputTokens, outputTokens: 0 });
    expect(costOf(price, tokens(199_999), more)).toBe(199_999 * 2_500);
    expect(costOf(price, tokens(200_000), more)).toBe(200_000 * 5_000);
    for (const [time, nanoUsd] of [
      ["16:29", 2_500],
      ["16:30", 1_000],
      ["23:59", 1_000],
      ["00:29", 1_000],
      ["00:30", 2_500],
    ] as const)
      expect(costOf(price, tokens(1), { images: 0, nowMs: at(time) })).toBe(nanoUsd);
    expect(costOf(price, tokens(200_000), { images: 0, nowMs: at("17:00") })).toBe(200_000 * 1_000);
  });

  it("knows a window within one day", () => {
    const price = read({
      prompt: "0.000002",
      overrides: [{ utc_start: 900, utc_end: 1700, prompt: "0.000001" }],
    });
    const cost = (time: string) =>
      costOf(price, { inputTokens: 1, outputTokens: 0 }, { images: 0, nowMs: at(time) });
    expect(["08:59", "09:00", "16:59", "17:00"].map(cost)).toEqual([2_000, 1_000, 1_000, 2_000]);
  });

  it("is nothing for counts that are none", () => {
    const broken = { inputTokens: Number.NaN, outputTokens: -5, cachedTokens: 7 };
    expect(costOf(read(gpt), broken, { images: -1, nowMs: noon })).toBe(0);
  });

  const rate = fc.integer({ min: 0, max: 1e9 });
  const prices: fc.Arbitrary<Price> = fc.record({
    inputPicoUsd: rate,
    outputPicoUsd: rate,
    cacheReadPicoUsd: fc.option(rate, { nil: undefined }),
    cacheWritePicoUsd: fc.option(rate, { nil: undefined }),
    reasoningPicoUsd: fc.option(rate, { nil: undefined }),
    requestPicoUsd: rate,
    imagePicoUsd: rate,
    discount: fc.double({ min: 0, max: 1, noNaN: true }),
    overrides: fc.constant([]),
  });
  const tokens = fc.integer({ min: 0, max: 1e7 });
  const usages = fc.record({
    inputTokens: tokens,
    outputTokens: tokens,
    cachedTokens: tokens,
    cacheWriteTokens: tokens,
    reasoningTokens: tokens,
  });

  it("is a whole number from 0, and does not fall when more is said", () => {
    fc.assert(
      fc.property(prices, usages, tokens, (price, usage, extra) => {
        const cost = costOf(price, usage, more);
        expect(Number.isSafeInteger(cost) && cost >= 0).toBe(true);
        const longer = { ...usage, inputTokens: usage.inputTokens + extra };
        const wordier = { ...usage, outputTokens: usage.outputTokens + extra };
        expect(costOf(price, longer, more)).toBeGreaterThanOrEqual(cost);
        expect(costOf(price, wordier, more)).toBeGreaterThanOrEqual(cost);
        expect(costOf(price, usage, { ...more, images: extra })).toBeGreaterThanOrEqual(cost);
      }),
    );
  });

  it("is the exact sum of its parts", () => {
    const nano = fc.integer({ min: 0, max: 1e6 });
    fc.assert(
      fc.property(nano, nano, tokens, tokens, (input, output, inputTokens, outputTokens) => {
        const price = priceFromUsdPerMillion({ input: `${input}e-3`, output: `${output}e-3` });
        expect(costOf(price, { inputTokens, outputTokens }, more)).toBe(
          Number(BigInt(input) * BigInt(inputTokens) + BigInt(output) * BigInt(outputTokens)),
        );
      }),
    );
  });
});

describe("a price for a million tokens", () => {
  it("is the same as one for a token", () => {
    expect(priceFromUsdPerMillion({ input: 2.5, output: "10", cacheRead: 1.25, image: 0.003 })).toMatchObject(
      {
        inputPicoUsd: 2_500_000,
        outputPicoUsd: 10_000_000,
        cacheReadPicoUsd: 1_250_000,
        imagePicoUsd: 3_000_000_000,
        requestPicoUsd: 0,
      },
    );
    expect(() => priceFromUsdPerMillion({ input: -1, output: 1 })).toThrow(RangeError);
  });
});

describe("dollars as text", () => {
  it.each([
    [0, "0.00"],
    [1, "0.000000001"],
    [605_000, "0.000605"],
    [1_500_000_000, "1.50"],
    [-20_000_000, "-0.02"],
    [12_345_678_901_234, "12345.678901234"],
  ])("%i nano-dollars are %s", (nanoUsd, text) => {
    expect(usdText(nanoUsd)).toBe(text);
  });
});
