import { isObject, type Json, type JsonObject } from "../lib/json.ts";
import type { Usage } from "./usage.ts";

/** What one unit costs, in integer pico-dollars (USD 1e-12): a token, or where the name says so a call or an image. */
export interface Rates {
  readonly inputPicoUsd: number;
  readonly outputPicoUsd: number;
  /** A token that the provider had read before; without it such a token costs what others do. */
  readonly cacheReadPicoUsd?: number | undefined;
  /** A token that the provider stores for later; without it such a token costs what others do. */
  readonly cacheWritePicoUsd?: number | undefined;
  /** What a thought token costs beside what it costs as output. */
  readonly reasoningPicoUsd?: number | undefined;
  readonly requestPicoUsd: number;
  readonly imagePicoUsd: number;
}

/** Prices that hold under conditions, instead of the usual ones. */
export interface PriceOverride {
  /** Holds from this many input tokens on. */
  readonly inputTokensMin?: number | undefined;
  /** Holds from this time of the day on, in UTC as HHMM: 1630 is 16:30. */
  readonly utcStart?: number | undefined;
  /** Holds until this time of the day, which may lie on the next one. */
  readonly utcEnd?: number | undefined;
  readonly rates: Partial<Rates>;
}

/** What a model costs. */
export interface Price extends Rates {
  /** The part of the sum that is not charged, 0 to 1. */
  readonly discount: number;
  /** Applied in their order; the later one wins. */
  readonly overrides: readonly PriceOverride[];
}

/** The names of the rates in OpenRouter's `pricing`. */
const wireNames = {
  prompt: "inputPicoUsd",
  completion: "outputPicoUsd",
  input_cache_read: "cacheReadPicoUsd",
  input_cache_write: "cacheWritePicoUsd",
  internal_reasoning: "reasoningPicoUsd",
  request: "requestPicoUsd",
  image: "imagePicoUsd",
} as const satisfies Record<string, keyof Rates>;

const picoDigits = 12;

/**
 * The price in an object of OpenRouter's `pricing` (decimal strings, USD a token). Undefined when it is not known: a
 * negative price means that it varies, and an object that names neither input nor output says nothing.
 */
export function readPrice(pricing: JsonObject): Price | undefined {
  const rates = ratesFrom(pricing);
  const overrides = overridesFrom(pricing["overrides"]);
  const discount = Number(pricing["discount"] ?? 0);
  if (rates === undefined || overrides === undefined || !(discount >= 0 && discount <= 1)) return undefined;
  if (rates.inputPicoUsd === undefined && rates.outputPicoUsd === undefined) return undefined;
  return { ...noRates, ...rates, discount, overrides };
}

function overridesFrom(said: Json | undefined): PriceOverride[] | undefined {
  const overrides: PriceOverride[] = [];
  for (const one of Array.isArray(said) ? said : []) {
    const override = isObject(one) ? overrideFrom(one) : undefined;
    if (override === undefined) return undefined;
    overrides.push(override);
  }
  return overrides;
}

const noRates = { inputPicoUsd: 0, outputPicoUsd: 0, requestPicoUsd: 0, imagePicoUsd: 0 };

/** Undefined when one of them is not a price. */
function ratesFrom(pricing: JsonObject): Partial<Rates> | undefined {
  const rates: { -readonly [Name in keyof Rates]?: number } = {};
  for (const [wire, name] of Object.entries(wireNames)) {
    const said = pricing[wire];
    if (said === undefined || said === null) continue;
    const picoUsd = scaledUp(said, picoDigits);
    if (picoUsd === undefined) return undefined;
    rates[name] = picoUsd;
  }
  return rates;
}

function overrideFrom(said: JsonObject): PriceOverride | undefined {
  const rates = ratesFrom(said);
  if (rates === undefined) return undefined;
  return {
    inputTokensMin: numberFrom(said["min_prompt_tokens"]),
    utcStart: numberFrom(said["utc_start"]),
    utcEnd: numberFrom(said["utc_end"]),
    rates,
  };
}

const numberFrom = (said: Json | undefined): number | undefined =>
  said === undefined || said === null || !Number.isFinite(Number(said)) ? undefined : Number(said);

/**
 * A decimal text times ten to the power of `digits`, digit by digit, since a float would drift. What is finer than one
 * unit rounds up. Undefined for what is negative, no number, or larger than a number holds exactly.
 */
function scaledUp(said: Json, digits: number): number | undefined {
  if (typeof said !== "string" && typeof said !== "number") return undefined;
  const parts = /^\+?(\d{0,30})(?:\.(\d{0,60}))?(?:e([+-]?\d{1,2}))?$/i.exec(String(said).trim());
  const [, whole = "", fraction = "", exponent = "0"] = parts ?? [];
  if (whole + fraction === "") return undefined;
  const power = digits - fraction.length + Number(exponent);
  const number = BigInt(whole + fraction);
  const scaled = power >= 0 ? number * 10n ** BigInt(power) : dividedUp(number, 10n ** BigInt(-power));
  return scaled <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(scaled) : undefined;
}

const dividedUp = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor;

/** Prices as people write them: USD for a million tokens, and USD for a call or an image. */
export interface UsdPerMillion {
  readonly input: number | string;
  readonly output: number | string;
  readonly cacheRead?: number | string | undefined;
  readonly cacheWrite?: number | string | undefined;
  readonly reasoning?: number | string | undefined;
  readonly request?: number | string | undefined;
  readonly image?: number | string | undefined;
}

const millionDigits = 6;

/** The price that a configuration says. Throws RangeError for what is no price: whoever reads the file has checked. */
export function priceFromUsdPerMillion(said: UsdPerMillion): Price {
  const scaled = (text: number | string, digits: number): number => {
    const picoUsd = scaledUp(text, digits);
    if (picoUsd === undefined) throw new RangeError("a price is a number from 0");
    return picoUsd;
  };
  const perToken = (text: number | string | undefined): number | undefined =>
    text === undefined ? undefined : scaled(text, picoDigits - millionDigits);
  return {
    inputPicoUsd: scaled(said.input, picoDigits - millionDigits),
    outputPicoUsd: scaled(said.output, picoDigits - millionDigits),
    cacheReadPicoUsd: perToken(said.cacheRead),
    cacheWritePicoUsd: perToken(said.cacheWrite),
    reasoningPicoUsd: perToken(said.reasoning),
    requestPicoUsd: scaled(said.request ?? 0, picoDigits),
    imagePicoUsd: scaled(said.image ?? 0, picoDigits),
    discount: 0,
    overrides: [],
  };
}

/** What the counts of tokens do not tell about a call. */
export interface CostContext {
  readonly images: number;
  /** When it was made, in milliseconds since 1970: some prices depend on the time of day. */
  readonly nowMs: number;
}

/**
 * What a call costs, in nano-dollars, rounded up; never negative. Cached and stored tokens are part of the input, and
 * thought tokens part of the output (OpenRouter's formula).
 */
export function costOf(price: Price, usage: Usage, more: CostContext): number {
  const input = whole(usage.inputTokens);
  const cached = least(whole(usage.cachedTokens), input);
  const stored = least(whole(usage.cacheWriteTokens), input - cached);
  const output = whole(usage.outputTokens);
  const thought = least(whole(usage.reasoningTokens), output);
  const rates = ratesAt(price, Number(input), more.nowMs);
  const picoUsd =
    (input - cached - stored) * BigInt(rates.inputPicoUsd) +
    cached * BigInt(rates.cacheReadPicoUsd ?? rates.inputPicoUsd) +
    stored * BigInt(rates.cacheWritePicoUsd ?? rates.inputPicoUsd) +
    output * BigInt(rates.outputPicoUsd) +
    thought * BigInt(rates.reasoningPicoUsd ?? 0) +
    BigInt(rates.requestPicoUsd) +
    whole(more.images) * BigInt(rates.imagePicoUsd);
  const charged = picoUsd * BigInt(Math.round((1 - price.discount) * discountUnits));
  const nanoUsd = dividedUp(charged, 1_000n * BigInt(discountUnits));
  return Number(least(nanoUsd, BigInt(Number.MAX_SAFE_INTEGER)));
}

/** A discount counts in billionths. */
const discountUnits = 1e9;

/** A count as an upstream reports it; what is no count is none. */
const whole = (count: number | undefined): bigint =>
  count === undefined || !(count > 0) ? 0n : BigInt(Math.ceil(Math.min(count, Number.MAX_SAFE_INTEGER)));

const least = (one: bigint, other: bigint): bigint => (one < other ? one : other);

function ratesAt(price: Price, inputTokens: number, nowMs: number): Rates {
  let rates: Rates = price;
  for (const override of price.overrides)
    if (holds(override, inputTokens, nowMs)) rates = replaced(rates, override.rates);
  return rates;
}

const replaced = (rates: Rates, by: Partial<Rates>): Rates => ({ ...rates, ...by });

function holds(
  { inputTokensMin, utcStart, utcEnd }: PriceOverride,
  inputTokens: number,
  nowMs: number,
): boolean {
  if (inputTokens < (inputTokensMin ?? 0)) return false;
  if (utcStart === undefined && utcEnd === undefined) return true;
  const now = new Date(nowMs);
  const time = now.getUTCHours() * 100 + now.getUTCMinutes();
  const start = utcStart ?? 0;
  const end = utcEnd ?? 2400;
  return start < end ? time >= start && time < end : time >= start || time < end;
}

/** Nano-dollars as a decimal number of dollars, exactly, with two digits behind the point at least. */
export function usdText(nanoUsd: number): string {
  const digits = Math.abs(nanoUsd).toString().padStart(10, "0");
  const fraction = digits.slice(-9).replace(/0{1,7}$/, "");
  return `${nanoUsd < 0 ? "-" : ""}${digits.slice(0, -9)}.${fraction}`;
}
