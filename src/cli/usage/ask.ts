import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { request } from "undici";
import type { Loaded } from "../../config/load.ts";
import { createUsagePage } from "../../http/usage-page.ts";
import { formatHostPort } from "../../lib/address.ts";
import { isObject, tryParse } from "../../lib/json.ts";
import { systemClock } from "../../lib/time.ts";
import { readLedgerFile } from "../../stats/ledger/file.ts";

/** The page, and where it comes from. */
export interface UsageAnswer {
  /** In a sentence. */
  readonly place: string;
  readonly body: string;
}

/** `/api/usage` of the daemon that this configuration means; without one, out of its file. Throws an Error for the user. */
export async function askUsage(loaded: Loaded, query: URLSearchParams): Promise<UsageAnswer> {
  const { listen } = loaded.config.server;
  const host = listen.host === "0.0.0.0" ? "127.0.0.1" : listen.host === "::" ? "::1" : listen.host;
  const origin = `http://${formatHostPort({ host, port: listen.port })}`;
  const body = await fromDaemon(origin, query);
  if (body !== undefined) return { place: `the daemon at ${origin}`, body };
  const file = loaded.config.money.path ?? path.join(loaded.dataDir, "usage.db");
  if (!existsSync(file)) throw new Error(`no daemon answers at ${origin}, and there is no file ${file}`);
  return { place: `no daemon runs: the file ${file}`, body: await fromFile(file, query) };
}

/** Undefined when nobody listens there. */
async function fromDaemon(origin: string, query: URLSearchParams): Promise<string | undefined> {
  const key = keyFrom(process.env);
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const answer = await request(`${origin}/api/usage?${query.toString()}`, {
    headers,
    headersTimeout: 60_000,
  }).catch((thrown: unknown) => {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ECONNREFUSED") return undefined;
    throw new Error(`${origin} does not answer: ${messageOf(thrown)}`, { cause: thrown });
  });
  if (answer === undefined) return undefined;
  const body = await answer.body.text();
  if (answer.statusCode === 401 || answer.statusCode === 403)
    throw new Error(
      "the daemon wants the key of an administrator: say it in CHASQUI_API_KEY or CHASQUI_API_KEY_FILE",
    );
  if (answer.statusCode !== 200) throw new Error(errorOf(body) ?? `the daemon answers ${answer.statusCode}`);
  return body;
}

function errorOf(body: string): string | undefined {
  const value = tryParse(body);
  return isObject(value) && typeof value["error"] === "string" ? value["error"] : undefined;
}

function keyFrom(environment: NodeJS.ProcessEnv): string | undefined {
  const { CHASQUI_API_KEY: key, CHASQUI_API_KEY_FILE: file } = environment;
  if (key !== undefined && key !== "") return key;
  return file === undefined || file === "" ? undefined : readFileSync(file, "utf8").trim();
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

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
