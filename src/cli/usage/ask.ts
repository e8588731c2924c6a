import { existsSync } from "node:fs";
import path from "node:path";
import type { Loaded } from "../../config/load.ts";
import { createUsagePage } from "../../http/usage-page.ts";
import { systemClock } from "../../lib/time.ts";
import { readLedgerFile } from "../../stats/ledger/file.ts";
import { originOf } from "../daemon/address.ts";
import { askDaemon } from "../daemon/ask.ts";

/** The page, and where it comes from. */
export interface UsageAnswer {
  /** In a sentence. */
  readonly place: string;
  readonly body: string;
}

/** `/api/usage` of the daemon that this configuration means; without one, out of its file. Throws an Error for the user. */
export async function askUsage(loaded: Loaded, query: URLSearchParams): Promise<UsageAnswer> {
  const origin = originOf(loaded);
  const body = await askDaemon(origin, { path: `/api/usage?${query.toString()}`, isForAdmins: true });
  if (body !== undefined) return { place: `the daemon at ${origin}`, body };
  const file = loaded.config.money.path ?? path.join(loaded.dataDir, "usage.db");
  if (!existsSync(file)) throw new Error(`no daemon answers at ${origin}, and there is no file ${file}`);
  return { place: `no daemon runs: the file ${file}`, body: await fromFile(file, query) };
}

async function fromFile(file: string, query: URLSearchParams): Promise<string> {
  const ledger = readLedgerFile(file);
  try {
    const { body } = await createUsagePage(ledger, systemClock)(query);
    return body instanceof Uint8Array ? Buffer.from(body).toString() : "";
  } finally {
    ledger.close();
  }
}
