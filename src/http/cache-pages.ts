import { CareError } from "../cache/care/error.ts";
import type { Care } from "../cache/care/care.ts";
import type { OnStep } from "../cache/care/parts.ts";
import type { PurgeReport } from "../cache/care/purge.ts";
import { TierError } from "../cache/tier.ts";
import type { Reply } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import type { Clock } from "../lib/time.ts";
import { bad, check, filterFrom, filters, flag, hex, wholeFrom } from "./cache-query.ts";
import { progressReply } from "./progress.ts";

/**
 * `/api/cache`, for administrators. The pages that take long answer with lines of progress as Ollama's `/api/pull` does,
 * or with `stream=false` when they are done.
 */
export interface CachePages {
  /** `GET`: what is on disk. */
  list(query: URLSearchParams): Promise<Reply>;
  /** `DELETE`: removes it. */
  purge(query: URLSearchParams): Promise<Reply>;
  /** `GET /stats`: what is stored where, by model and scope, and which copies there are. */
  stats(query: URLSearchParams): Promise<Reply>;
  /** `POST /verify`: looks at every entry. */
  verify(query: URLSearchParams): Promise<Reply>;
  /** `POST /backup`: makes a copy. */
  backup(query: URLSearchParams): Promise<Reply>;
  /** `POST /restore`: takes a copy in. */
  restore(query: URLSearchParams): Promise<Reply>;
}

export interface CachePagesParts {
  readonly care: Care;
  readonly clock: Clock;
  /** The state and the counts of the tiers, as in `/api/stats`. */
  readonly counted: () => object;
}

/** Pages reject with ProxyError for a query they do not understand, and when the disk does not answer. */
export function createCachePages(parts: CachePagesParts): CachePages {
  return { ...createEntryPages(parts), ...createFilePages(parts) };
}

type EntryPages = Pick<CachePages, "list" | "purge" | "stats">;

function createEntryPages({ care, clock, counted }: CachePagesParts): EntryPages {
  return {
    async list(query) {
      check(query, [...filters, "after", "limit"]);
      const limit = wholeFrom(query, "limit", { byDefault: 100, most: 1_000 });
      const after = hex(query.get("after") ?? "", "after");
      const rows = await care.list(filterFrom(query, clock), after, limit).catch(toProxyError);
      const entries = rows.map(({ key, scope, model, ...row }) => ({
        key,
        model,
        scope,
        created_at: iso(row.createdMs),
        last_hit_at: iso(row.lastHitMs),
        kept_until: iso(row.keepUntilMs),
        hits: row.hits,
        bytes: row.bytes,
      }));
      return page({ entries, next: rows.length < limit ? null : (rows.at(-1)?.key ?? null) });
    },
    async purge(query) {
      check(query, [...filters, "dry_run", "stream"]);
      const filter = filterFrom(query, clock);
      const dryRun = flag(query, "dry_run", false);
      return job(flag(query, "stream", false), async (onStep) =>
        purgeShown(await care.purge(filter, dryRun, onStep), dryRun),
      );
    },
    async stats(query) {
      check(query, []);
      const { census, backups, busy } = await care.state();
      const copies = backups.copies.map(({ name, bytes, createdMs }) => ({
        name,
        bytes,
        created_at: iso(createdMs),
      }));
      return page({
        ...counted(),
        stored: census ?? null,
        backups: { dir: backups.dir, copies },
        busy: busy ?? null,
      });
    },
  };
}

type FilePages = Pick<CachePages, "verify" | "backup" | "restore">;

function createFilePages({ care, clock }: CachePagesParts): FilePages {
  const timed = (name: string): string => `${name}-${iso(clock.epochMs()).replaceAll(/[-:]/g, "")}.db`;
  return {
    async verify(query) {
      check(query, ["dry_run", "stream"]);
      const dryRun = flag(query, "dry_run", false);
      return job(flag(query, "stream", true), async (onStep) => {
        const { entries, damaged, tookMs } = await care.verify(dryRun, onStep);
        return { dry_run: dryRun, entries, damaged, took_ms: tookMs };
      });
    },
    async backup(query) {
      check(query, ["name", "stream"]);
      const name = query.get("name") ?? timed("cache");
      return job(flag(query, "stream", true), async (onStep) => {
        const { tookMs, ...made } = await care.backup(name, onStep);
        return { ...made, took_ms: tookMs };
      });
    },
    async restore(query) {
      check(query, ["name", "stream"]);
      const name = query.get("name");
      if (name === null) throw bad("name: expected the name of a copy");
      return job(flag(query, "stream", true), async (onStep) => {
        const { tookMs, isWhole, ...made } = await care.restore(name, timed("before-restore"), onStep);
        return { ...made, whole: isWhole, took_ms: tookMs };
      });
    },
  };
}

/** `entries` and `bytes` count what is on disk, or without a disk in memory. */
function purgeShown(report: PurgeReport, dryRun: boolean) {
  const { entries = 0, bytes = 0 } = report.sqlite ?? report.memory ?? {};
  return { dry_run: dryRun, entries, bytes, tiers: report };
}

async function job(streams: boolean, work: (onStep: OnStep) => Promise<object>): Promise<Reply> {
  const told = (onStep: OnStep): Promise<object> => work(onStep).catch(toProxyError);
  return streams ? progressReply(told) : page(await told(() => undefined));
}

/** What the one who asked is told. */
function toProxyError(thrown: unknown): never {
  if (thrown instanceof CareError)
    throw new ProxyError(thrown.kind === "invalid" ? "invalid_request" : "overloaded", thrown.message, {
      cause: thrown,
    });
  if (thrown instanceof TierError) throw new ProxyError("overloaded", thrown.message, { cause: thrown });
  throw thrown;
}

const iso = (ms: number): string => new Date(ms).toISOString();

function page(value: unknown): Reply {
  return {
    status: 200,
    contentType: "application/json; charset=utf-8",
    headers: { "Cache-Control": "no-store" },
    body: Buffer.from(JSON.stringify(value)),
  };
}
