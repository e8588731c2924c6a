import type { Care } from "../cache/care.ts";
import type { EntryFilter } from "../cache/sqlite/messages.ts";
import { TierError } from "../cache/tier.ts";
import type { Reply } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import { parseDuration, type Clock } from "../lib/time.ts";

/** `/api/cache`, for administrators. */
export interface CachePages {
  /** `GET`: what is on disk. */
  list(query: URLSearchParams): Promise<Reply>;
  /** `DELETE`: removes it. */
  purge(query: URLSearchParams): Promise<Reply>;
}

const filters = ["model", "scope", "key", "older_than"];
const limitMax = 1_000;

/** Pages reject with ProxyError for a query they do not understand, and when the disk does not answer. */
export function createCachePages({
  care,
  clock,
}: {
  readonly care: Care;
  readonly clock: Clock;
}): CachePages {
  return {
    async list(query) {
      check(query, [...filters, "after", "limit"]);
      const limit = Number(query.get("limit") ?? 100);
      if (!Number.isInteger(limit) || limit < 1 || limit > limitMax)
        throw bad(`limit: expected a whole number from 1 to ${limitMax}`);
      const after = hex(query.get("after") ?? "", "after");
      const rows = await orUnavailable(care.list(filterFrom(query, clock), after, limit));
      const entries = rows.map(({ key, scope, model, ...row }) => ({
        key,
        model,
        scope,
        created_at: new Date(row.createdMs).toISOString(),
        last_hit_at: new Date(row.lastHitMs).toISOString(),
        kept_until: new Date(row.keepUntilMs).toISOString(),
        hits: row.hits,
        bytes: row.bytes,
      }));
      return page({ entries, next: rows.length < limit ? null : (rows.at(-1)?.key ?? null) });
    },
    async purge(query) {
      check(query, [...filters, "dry_run"]);
      const said = query.get("dry_run") ?? "false";
      if (said !== "true" && said !== "false") throw bad("dry_run: expected true or false");
      const dryRun = said === "true";
      const { entries, bytes } = await orUnavailable(care.purge(filterFrom(query, clock), dryRun));
      return page({ dry_run: dryRun, entries, bytes });
    },
  };
}

function filterFrom(query: URLSearchParams, clock: Clock): EntryFilter {
  const olderThan = query.get("older_than");
  const ageMs = olderThan === null ? undefined : parseDuration(olderThan);
  if (olderThan !== null && ageMs === undefined)
    throw bad("older_than: expected a duration such as 30m or 7d");
  const key = query.get("key");
  return {
    model: query.get("model") ?? undefined,
    scope: query.get("scope") ?? undefined,
    keyPrefix: key === null ? undefined : hex(key, "key"),
    beforeMs: ageMs === undefined ? undefined : clock.epochMs() - ageMs,
  };
}

/** A misspelt filter must not remove everything. */
function check(query: URLSearchParams, known: readonly string[]): void {
  for (const [name, value] of query) {
    if (!known.includes(name)) throw bad(`${name}: unknown; there are ${known.join(", ")}`);
    if (value === "") throw bad(`${name}: expected a value`);
  }
}

function hex(text: string, name: string): string {
  if (/^[0-9a-f]{0,32}$/i.test(text)) return text;
  throw bad(`${name}: expected up to 32 hexadecimal digits`);
}

const bad = (text: string): ProxyError => new ProxyError("invalid_request", text);

async function orUnavailable<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (thrown) {
    if (!(thrown instanceof TierError)) throw thrown;
    throw new ProxyError("overloaded", thrown.message, { cause: thrown });
  }
}

function page(value: unknown): Reply {
  return {
    status: 200,
    contentType: "application/json; charset=utf-8",
    headers: { "Cache-Control": "no-store" },
    body: Buffer.from(JSON.stringify(value)),
  };
}
