import { retryAfterMs } from "../lib/retry-after.ts";

/** Nobody is left alone for longer than this because of a header. */
const believedMaxMs = 3_600_000;

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * How long a provider wants to be left alone, in milliseconds and at most an hour: `Retry-After` as seconds or date
 * (RFC 9110, 10.2.3), else the reset of the used-up windows in Brave's `X-RateLimit-*`.
 */
export function waitMsIn(headers: AnswerHeaders, nowMs: number): number | undefined {
  const saidMs = retryAfterMs(one(headers["retry-after"]), believedMaxMs, nowMs);
  if (saidMs !== undefined) return saidMs;
  const waitMs = fromWindows(headers);
  return waitMs === undefined || !(waitMs > 0) ? undefined : Math.min(waitMs, believedMaxMs);
}

/** Both headers list their windows in the same order, e.g. per second, per month. */
function fromWindows(headers: AnswerHeaders): number | undefined {
  const remaining = numbers(headers["x-ratelimit-remaining"]);
  const resets = numbers(headers["x-ratelimit-reset"]);
  const waits = resets.filter((_, at) => remaining[at] === 0);
  return waits.length === 0 ? undefined : Math.max(...waits) * 1_000;
}

const numbers = (header: string | string[] | undefined): number[] =>
  (one(header) ?? "").split(",").flatMap((part) => (part.trim() === "" ? [] : [Number(part)]));

const one = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join(",") : header;
