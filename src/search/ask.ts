import { Pool, type Dispatcher } from "undici";
import { createAbort, type Signal } from "../lib/abort.ts";
import { type Json, tryParse } from "../lib/json.ts";
import { codeOf, isConnectTimeout, isTrustFault, unreachable } from "../lib/net-fault.ts";
import type { Clock } from "../lib/time.ts";
import { SearchError } from "./error.ts";
import { waitMsIn } from "./retry-after.ts";

/** One request to a provider. */
export interface Question {
  readonly method: "GET" | "POST";
  /** Path under the base, beginning with a slash, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, or as it is with a content type of its own in `headers`. */
  readonly body?: object | string;
}

/** A provider's HTTP side. */
export interface Ask {
  /** The parsed answer. Rejects with SearchError, or with the signal's reason once that is aborted. */
  (question: Question, signal: Signal): Promise<Json>;
  readonly close: () => void;
}

export interface AskOptions {
  readonly name: string;
  readonly url: string;
  readonly clock: Clock;
  /** 4 s when left out. */
  readonly timeoutMs?: number | undefined;
  /** What a status other than 200 means for this provider; undefined for what it means in general. */
  readonly judge?: (status: number, told: Told) => SearchError | undefined;
}

/** What an answer that is no result says. */
export interface Told {
  readonly body: Json | undefined;
  /** How long it wants to be left alone, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

const defaultTimeoutMs = 4_000;
const bodyBytesMax = 2 * 1_024 * 1_024;
const headersBytesMax = 32_768;

/** Statuses that no later request will change: a bad key, no credit, or a plan's limit. */
const denials = new Set([401, 402, 403, 432, 433]);

/** One pool of connections; undici follows no redirect and takes no compression unless asked to. */
export function createAsk(options: AskOptions): Ask {
  const { name, clock, timeoutMs = defaultTimeoutMs } = options;
  const base = new URL(options.url);
  const prefix = base.pathname.replace(/\/+$/, "");
  const pool = new Pool(base.origin, {
    connections: null,
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: headersBytesMax,
    autoSelectFamily: true,
    connect: { timeout: timeoutMs },
  });

  const exchange = async (question: Question, signal: Signal): Promise<Json> => {
    const answer = await pool.request({
      method: question.method,
      path: prefix + question.path,
      headers: { accept: "application/json", "user-agent": "Chasqui", ...headersOf(question) },
      body: bodyOf(question),
      signal,
    });
    const text = await readText(answer, name);
    if (answer.statusCode !== 200) throw statusFault(options, answer, tryParse(text));
    return jsonOf(answer, text, name);
  };

  const ask = async (question: Question, caller: Signal): Promise<Json> => {
    caller.throwIfAborted();
    const { signal, abort } = createAbort();
    const late = new SearchError("timeout", `${name} did not answer within ${timeoutMs} ms`);
    const leave = (): void => abort(new Error("the caller left"));
    caller.addEventListener("abort", leave);
    const timer = clock.after(timeoutMs, () => abort(late));
    try {
      return await exchange(question, signal);
    } catch (thrown) {
      caller.throwIfAborted();
      throw signal.aborted ? late : faultOf(thrown, name);
    } finally {
      timer.cancel();
      caller.removeEventListener("abort", leave);
    }
  };
  return Object.assign(ask, { close: () => void pool.close().catch(() => pool.destroy()) });
}

function headersOf({ headers, body }: Question): Readonly<Record<string, string>> {
  return typeof body === "object" ? { "content-type": "application/json", ...headers } : (headers ?? {});
}

const bodyOf = ({ body }: Question): string | null =>
  typeof body === "object" ? JSON.stringify(body) : (body ?? null);

async function readText(answer: Dispatcher.ResponseData, name: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new SearchError("broken", `${name} answered with more than 2 MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const byteOrderMark = /^\uFEFF/;

function jsonOf({ headers }: Dispatcher.ResponseData, text: string, name: string): Json {
  const contentType = String(headers["content-type"] ?? "");
  // DuckDuckGo calls its JSON a script.
  if (!/\b(?:json|x-javascript)\b/i.test(contentType))
    throw new SearchError("broken", `${name} answered with something else than JSON`);
  const value = tryParse(text.replace(byteOrderMark, ""));
  if (value === undefined) throw new SearchError("broken", `${name} answered with JSON that cannot be read`);
  return value;
}

function statusFault(
  { name, judge, clock }: AskOptions,
  { statusCode: status, headers }: Dispatcher.ResponseData,
  body: Json | undefined,
): SearchError {
  const retryAfterMs = waitMsIn(headers, clock.epochMs());
  const judged = judge?.(status, { body, retryAfterMs });
  if (judged !== undefined) return judged;
  if (status === 429) return new SearchError("limited", `${name} wants fewer requests`, { retryAfterMs });
  if (denials.has(status))
    return new SearchError("denied", `${name} refused the key or the plan is used up (HTTP ${status})`);
  if (status >= 300 && status < 400)
    return new SearchError("broken", `${name} answered with a redirect, which is not followed`);
  return new SearchError("broken", `${name} answered with HTTP ${status}`, { retryAfterMs });
}

function faultOf(thrown: unknown, name: string): SearchError {
  if (thrown instanceof SearchError) return thrown;
  const code = codeOf(thrown);
  const known = unreachable[code];
  if (known !== undefined) return new SearchError("refused", `${name} ${known}`, { cause: thrown });
  if (isConnectTimeout(code))
    return new SearchError("timeout", `${name} did not accept the connection in time`, { cause: thrown });
  if (isTrustFault(code))
    return new SearchError("refused", `${name} has a certificate that is not trusted`, { cause: thrown });
  return new SearchError("broken", `${name} broke off its answer`, { cause: thrown });
}
