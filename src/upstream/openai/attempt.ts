import { ProxyError } from "../../core/error.ts";
import { createAbort, type Signal } from "../../lib/abort.ts";
import { stringifyLine, type JsonObject } from "../../lib/json.ts";
import type { Clock } from "../../lib/time.ts";
import { faultOf, timeoutFault } from "../faults.ts";
import { readBody } from "../models.ts";
import type { Pool } from "../pool.ts";
import type { UpstreamReply } from "../upstream.ts";
import { type AttemptTimeouts, createWatch, type Watch } from "../watch.ts";
import { errorIn, verdictOn } from "./verdict.ts";

/** One request to an OpenAI-compatible server whose answer has begun well. */
export interface Begun {
  readonly reply: UpstreamReply;
  /** Told of progress: bytes alone, such as comments that keep a connection alive, are none. */
  readonly watch: Watch;
  readonly sentMs: number;
  /** Must be called once, when the answer has ended or is left. */
  readonly end: () => void;
}

export interface AttemptParts {
  readonly name: string;
  readonly pool: Pool;
  readonly timeouts: AttemptTimeouts;
  readonly clock: Clock;
}

export interface Posting {
  /** The model as the client named it. */
  readonly model: string;
  readonly path: string;
  readonly body: JsonObject;
  readonly headers: Readonly<Record<string, string>>;
}

/** Of an answer with an error status, this much is read. */
const refusalBytesMax = 65_536;

const untimed = { firstByteMs: 0, idleMs: 0, totalMs: 0 };

/** Posts, and waits for a good status. Rejects with ProxyError. */
export async function post(parts: AttemptParts, posting: Posting, signal: Signal): Promise<Begun> {
  const { name, pool, timeouts, clock } = parts;
  const { signal: inner, abort } = createAbort();
  const leave = (): void => abort(faultOf(signal.reason, name, false));
  signal.addEventListener("abort", leave);
  const watch = createWatch(timeouts, clock, (kind) => abort(timeoutFault(name, kind, timeouts)));
  const end = (): void => {
    watch.stop();
    signal.removeEventListener("abort", leave);
  };
  try {
    signal.throwIfAborted();
    const sentMs = clock.monotonicMs();
    const body = Buffer.from(stringifyLine(posting.body));
    const headers = { "content-type": "application/json", ...posting.headers };
    const attempt = { method: "POST", path: posting.path, headers, body, repeatable: true };
    const reply = await pool.send(attempt, inner, untimed);
    if (reply.status !== 200) throw (await readRefusal(reply, name, posting.model)).error;
    return { reply, watch, sentMs, end };
  } catch (thrown) {
    end();
    throw thrown;
  }
}

/** A field that the server does not take, with an error that says which. */
export class UnsupportedFieldError extends ProxyError {
  readonly field: string;
  /** Whether another value of it would do. */
  readonly isValue: boolean;

  constructor(error: ProxyError, field: string, isValue: boolean) {
    super("upstream_rejected", error.message, { cause: error, quoted: true, status: 400 });
    this.field = field;
    this.isValue = isValue;
  }
}

/** An answer with another status than 200, and what it means. */
export interface RefusalRead {
  readonly status: number;
  /** The error as the server wrote it. */
  readonly said: JsonObject | undefined;
  readonly error: ProxyError;
}

/** Reads an answer with another status than 200. */
export async function readRefusal(
  reply: UpstreamReply,
  upstream: string,
  model: string,
): Promise<RefusalRead> {
  const body = (await readBody(reply.body, refusalBytesMax)) ?? new Uint8Array(0);
  const said = errorIn(body);
  const { status, headers } = reply;
  const verdict = verdictOn({ upstream, model, status, retryAfter: headers["retry-after"], error: said });
  const { param, code } = said ?? {};
  const isUnsupported = code === "unsupported_parameter" || code === "unsupported_value";
  const error =
    isUnsupported && typeof param === "string"
      ? new UnsupportedFieldError(verdict, param, code === "unsupported_value")
      : verdict;
  return { status, said, error };
}

/** Whether the server has no such page; a model that it does not have it calls by its name. */
export const isNoRoute = ({ status, said }: RefusalRead): boolean =>
  status === 405 || status === 501 || (status === 404 && !/model/i.test(JSON.stringify(said ?? {})));
