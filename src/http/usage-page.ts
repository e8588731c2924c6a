import type { Reply } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import { type Clock, parseDuration, systemClock } from "../lib/time.ts";
import type { Ledger } from "../stats/ledger/ledger.ts";
import { totalsBy, type TotalsBy, type UsageTotal } from "../stats/ledger/messages.ts";
import { addSums, noSums } from "../stats/ledger/sums.ts";
import { shownSums } from "../stats/ledger/tally.ts";

export type UsagePage = (query: URLSearchParams) => Promise<Reply>;

const known = ["by", "since", "format"];
const formats = ["json", "csv"] as const;

/**
 * `GET /api/usage?by=model|key|day|upstream&since=30d&format=json|csv`: what was called and what it cost. Rejects with
 * ProxyError for a query that it does not understand, and when the ledger cannot be read.
 */
export function createUsagePage(
  ledger: Pick<Ledger, "totals"> | undefined,
  clock: Clock = systemClock,
): UsagePage {
  return async (query) => {
    if (ledger === undefined)
      throw new ProxyError("ledger_unavailable", "nothing is written down: money.enabled is false");
    for (const name of query.keys())
      if (!known.includes(name)) throw bad(`${name}: unknown; there are ${known.join(", ")}`);
    const by = oneOf(query, "by", totalsBy);
    const format = oneOf(query, "format", formats);
    const sinceMs = sinceFrom(query, clock);
    const totals = await ledger.totals({ by, sinceMs });
    return format === "csv" ? csvReply(by, totals) : jsonReply({ by, sinceMs, totals });
  };
}

/** The first one when nothing is said. */
function oneOf<Word extends string>(
  query: URLSearchParams,
  name: string,
  words: readonly [Word, ...Word[]],
): Word {
  const said = query.get(name) ?? words[0];
  const word = words.find((one) => one === said);
  if (word === undefined) throw bad(`${name}: expected one of ${words.join(", ")}`);
  return word;
}

function sinceFrom(query: URLSearchParams, clock: Clock): number | undefined {
  const said = query.get("since");
  if (said === null) return undefined;
  const agoMs = parseDuration(said);
  if (agoMs === undefined) throw bad("since: expected a duration such as 24h or 30d");
  return Math.max(0, Math.floor(clock.epochMs() - agoMs));
}

const bad = (text: string): ProxyError => new ProxyError("invalid_request", text);

interface Shown {
  readonly by: TotalsBy;
  readonly sinceMs: number | undefined;
  readonly totals: readonly UsageTotal[];
}

function jsonReply({ by, sinceMs, totals }: Shown): Reply {
  const page = {
    by,
    since: sinceMs === undefined ? null : new Date(sinceMs).toISOString(),
    rows: totals.map((total) => ({ name: total.name, ...shownSums(total) })),
    total: shownSums(totals.reduce(addSums, noSums)),
  };
  return reply("application/json; charset=utf-8", JSON.stringify(page));
}

function csvReply(by: TotalsBy, totals: readonly UsageTotal[]): Reply {
  const columns = Object.keys(shownSums(noSums));
  const rows = totals.map((total) => [cell(total.name), ...Object.values(shownSums(total))].join(","));
  return reply("text/csv; charset=utf-8", `${[[by, ...columns].join(","), ...rows].join("\r\n")}\r\n`);
}

/** A name that a client made up must not become a formula in somebody's spreadsheet. */
function cell(name: string): string {
  const plain = /^[=+\-@\t\r]/.test(name) ? `'${name}` : name;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

const reply = (contentType: string, body: string): Reply => ({
  status: 200,
  contentType,
  headers: { "Cache-Control": "no-store" },
  body: Buffer.from(body),
});
