/** Nobody is left alone for longer than this because of a header. */
const believedMaxMs = 3_600_000;

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * How long a provider wants to be left alone, in milliseconds and at most an hour: `Retry-After` as seconds or date
 * (RFC 9110, 10.2.3), else the reset of the used-up windows in Brave's `X-RateLimit-*`.
 */
export function retryAfterMs(headers: AnswerHeaders, nowMs: number): number | undefined {
  const waitMs = fromRetryAfter(one(headers["retry-after"]), nowMs) ?? fromWindows(headers);
  return waitMs === undefined || !(waitMs > 0) ? undefined : Math.min(waitMs, believedMaxMs);
}

function fromRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined || header.trim() === "") return undefined;
  const seconds = Number(header);
  const waitMs = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - nowMs;
  return Number.isNaN(waitMs) ? undefined : waitMs;
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
