import { ProxyError, type ProxyErrorOptions } from "../core/error.ts";
import type { Operation } from "../core/call.ts";
import { isObject, tryParse, type JsonObject } from "../lib/json.ts";

/** An answer with an error status, read whole. */
export interface Refusal {
  readonly upstream: string;
  readonly operation: Operation;
  readonly status: number;
  readonly contentType: string | undefined;
  readonly retryAfter: string | undefined;
  readonly body: Uint8Array;
}

/** Words of Ollama that say its runner died, as opposed to a request it refuses with status 500. */
const runnerDied = /running the model|runner has unexpectedly stopped|llama runner process/;

/**
 * What an error status of an Ollama server means: whose fault it is, and whether another upstream might do better.
 * What Ollama itself says to clients is kept byte for byte; a page of something in between never reaches them.
 */
export function verdictOn(refusal: Refusal): ProxyError {
  const { status, upstream } = refusal;
  const said = saidBy(refusal);
  const answer = { contentType: refusal.contentType, body: refusal.body };
  const kept: ProxyErrorOptions = said === undefined ? { status, upstream } : { status, upstream, answer };
  const judge = verdicts[status] ?? (status >= 500 || status < 400 ? failedVerdict : rejectedVerdict);
  return judge(refusal, said, kept);
}

type Verdict = (refusal: Refusal, said: Said | undefined, kept: ProxyErrorOptions) => ProxyError;

interface Said {
  readonly text: string;
  readonly value: JsonObject;
}

/** The error an Ollama server put into its answer; undefined when the answer is not one of Ollama's. */
function saidBy({ body, contentType, status }: Refusal): Said | undefined {
  if (contentType?.startsWith("text/plain") === true && (status === 404 || status === 405)) {
    return { text: "not found", value: {} };
  }
  const value = tryParse(Buffer.from(body).toString("utf8"));
  if (!isObject(value) || value.error === undefined) return undefined;
  const text = isObject(value.error) ? value.error.message : value.error;
  return typeof text === "string" ? { text, value } : undefined;
}

/** A provider's "no" is not ours to pass on; Ollama's invitation to sign in and its switched-off cloud are. */
function deniedVerdict(
  { upstream, operation, status }: Refusal,
  said: Said | undefined,
  kept: ProxyErrorOptions,
) {
  const invites =
    said !== undefined && (typeof said.value.signin_url === "string" || operation === "account");
  const cloudOff = said?.text.startsWith("ollama cloud is disabled") === true;
  if (invites || cloudOff) return new ProxyError("upstream_rejected", said?.text ?? "", kept);
  const why = status === 401 ? "wants other credentials" : "does not let Chasqui in";
  return new ProxyError("upstream_denied", `upstream ${upstream} ${why}`, { upstream });
}

function busyVerdict(
  { upstream, retryAfter }: Refusal,
  said: Said | undefined,
  kept: ProxyErrorOptions,
): ProxyError {
  const seconds = Number(retryAfter ?? "");
  const retryAfterMs = Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 60) * 1_000 : 1_000;
  return new ProxyError("upstream_busy", said?.text ?? `upstream ${upstream} is busy`, {
    ...kept,
    retryAfterMs,
  });
}

function failedVerdict(
  { upstream, status }: Refusal,
  said: Said | undefined,
  kept: ProxyErrorOptions,
): ProxyError {
  if (said === undefined || status === 502 || status === 504 || status < 400) {
    return new ProxyError("upstream_failed", `upstream ${upstream} failed with status ${status}`, {
      upstream,
    });
  }
  if (status === 508) return new ProxyError("loop_detected", said.text, kept);
  return new ProxyError(
    runnerDied.test(said.text) ? "upstream_failed" : "upstream_rejected",
    said.text,
    kept,
  );
}

function rejectedVerdict({ upstream }: Refusal, said: Said | undefined, kept: ProxyErrorOptions): ProxyError {
  return new ProxyError("upstream_rejected", said?.text ?? `upstream ${upstream} refused the request`, kept);
}

/** A model that is gone since its list was fetched may still be elsewhere. */
function missingVerdict(refusal: Refusal, said: Said | undefined, kept: ProxyErrorOptions): ProxyError {
  return said === undefined
    ? rejectedVerdict(refusal, said, kept)
    : new ProxyError("model_not_found", said.text, kept);
}

/** Statuses that mean something of their own. */
const verdicts: Readonly<Record<number, Verdict>> = {
  401: deniedVerdict,
  403: deniedVerdict,
  404: missingVerdict,
  429: busyVerdict,
  503: busyVerdict,
};
