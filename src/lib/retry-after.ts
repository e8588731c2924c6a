/**
 * `Retry-After` as milliseconds from now: seconds or an HTTP date. Undefined for nothing, nonsense and what is over. Longer
 * waits than `mostMs` are not believed. Source: RFC 9110, 10.2.3.
 */
export function retryAfterMs(
  header: string | undefined,
  mostMs: number,
  nowMs = Date.now(),
): number | undefined {
  if (header === undefined || header.trim() === "") return undefined;
  const seconds = Number(header);
  const waitMs = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - nowMs;
  return waitMs > 0 ? Math.min(waitMs, mostMs) : undefined;
}
