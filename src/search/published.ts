const dayMs = 86_400_000;

const unitMs: Readonly<Record<string, number>> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: dayMs,
  week: 7 * dayMs,
  month: 30 * dayMs,
  year: 365 * dayMs,
};

/** The web is not older than this. */
const earliestMs = Date.UTC(1990, 0, 1);

/**
 * When a page was published, in milliseconds since 1970: an ISO or English date, or an age such as `3 days ago`.
 * Undefined for anything else, and for dates before the web or more than a day ahead.
 */
export function parsePublished(text: unknown, nowMs: number): number | undefined {
  if (typeof text !== "string" || text.length > 60) return undefined;
  const ms = ageOf(text, nowMs) ?? dateOf(text);
  if (ms === undefined || Number.isNaN(ms)) return undefined;
  return ms >= earliestMs && ms <= nowMs + dayMs ? ms : undefined;
}

function ageOf(text: string, nowMs: number): number | undefined {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === "yesterday") return nowMs - dayMs;
  const [, amount, unit] =
    /^(an?|\d{1,4}) (second|minute|hour|day|week|month|year)s? ago$/.exec(trimmed) ?? [];
  const size = unitMs[unit ?? ""];
  if (size === undefined || amount === undefined) return undefined;
  return nowMs - size * (amount.startsWith("a") ? 1 : Number(amount));
}

/** Dates without a zone are read as UTC, so that the answer does not depend on where the daemon runs. */
function dateOf(text: string): number | undefined {
  if (!/\b\d{4}\b/.test(text)) return undefined;
  const hasZone = /(?:z|gmt|utc|[+-]\d{2}:?\d{2})\s*\)?$/i.test(text.trim()) && /:|gmt|utc/i.test(text);
  const isDateOnly = /^\d{4}-\d{2}-\d{2}$/.test(text.trim());
  if (hasZone || isDateOnly) return Date.parse(text);
  return Date.parse(/^\d{4}-\d{2}-\d{2}T/.test(text.trim()) ? `${text.trim()}Z` : `${text} UTC`);
}
