import type { Pricing } from "./catalogue.ts";

/** How a generation was over: to its end, broken by this side, left by the client, or failed. */
export type Ended = "clean" | "cut" | "cancelled" | "error";

/** What one generation is charged, by an arithmetic of its own. */
export interface BillEntry {
  readonly model: string;
  /** The marker `tag-...` of the prompt. */
  readonly requestTag: string | undefined;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly costNanoUsd: number;
  readonly ended: Ended;
}

export interface Consumption {
  readonly inputTokens: number;
  /** Read from, and written to, the provider's prompt cache: parts of the input. */
  readonly cachedTokens: number;
  readonly writtenTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly images: number;
}

const decimals = 18;

/** A decimal string in units of 10^-18; integers only, as sums of such small floats drift. */
export function atto(decimal: string): bigint {
  const parts = /^(-?)(\d*)\.?(\d*)$/.exec(decimal);
  if (parts === null) throw new Error(`not a decimal: ${decimal}`);
  const [, sign = "", whole = "", fraction = ""] = parts;
  const size = BigInt(`${whole}${fraction.padEnd(decimals, "0").slice(0, decimals)}`);
  return sign === "-" ? -size : size;
}

export const wordsIn = (text: string): number => text.match(/\S+/gu)?.length ?? 0;

/** Hours and minutes of the UTC day as one number: 1630. */
function clockOf(epochMs: number): number {
  const date = new Date(epochMs);
  return date.getUTCHours() * 100 + date.getUTCMinutes();
}

function inWindow(now: number, start: number, end: number): boolean {
  return start <= end ? now >= start && now < end : now >= start || now < end;
}

/** The prices for a prompt of this length at this time; a later override wins, key by key. */
export function priceFor(pricing: Pricing, at: { inputTokens: number; epochMs: number }): Pricing {
  const now = clockOf(at.epochMs);
  const matching = (pricing.overrides ?? []).filter(
    ({ min_prompt_tokens = 0, utc_start, utc_end = 2400 }) =>
      at.inputTokens >= min_prompt_tokens && (utc_start === undefined || inWindow(now, utc_start, utc_end)),
  );
  return Object.assign({ ...pricing }, ...matching) as Pricing;
}

/** Nano-dollars, rounded once, half up. */
export function costNanoUsd(price: Pricing, used: Consumption): number {
  const full = used.inputTokens - used.cachedTokens - used.writtenTokens;
  const items: readonly (readonly [number, string])[] = [
    [full, price.prompt],
    [used.cachedTokens, price.input_cache_read ?? price.prompt],
    [used.writtenTokens, price.input_cache_write ?? price.prompt],
    [used.outputTokens, price.completion],
    [used.reasoningTokens, price.internal_reasoning ?? "0"],
    [used.images, price.image ?? "0"],
    [1, price.request ?? "0"],
  ];
  const sum = items.reduce((sum, [count, each]) => sum + BigInt(count) * atto(each), 0n);
  const charged = (sum * BigInt(Math.round((1 - (price.discount ?? 0)) * 1_000))) / 1_000n;
  const nano = 10n ** 9n;
  return Number((charged + nano / 2n) / nano);
}
