import { ProxyError, type ErrorCode, type ProxyErrorOptions } from "../../core/error.ts";
import { retryAfterMs } from "../../lib/retry-after.ts";
import { isObject, tryParse, type Json, type JsonObject } from "../../lib/json.ts";
import { textOf } from "../../dialect/values.ts";

/** What an OpenAI-compatible server said instead of an answer. */
export interface Refusal {
  readonly upstream: string;
  /** The model that it was asked for, as the client named it. */
  readonly model: string;
  /** The status of the answer; of an error inside a good answer, the one that the error names. */
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The error object; undefined when the body was something else, e.g. a page of something in between. */
  readonly error: JsonObject | undefined;
}

/** The error in a body: `{error: {...}}`, `{error: "..."}`, or vLLM's older `{object: "error", message}`. */
export function errorIn(body: Uint8Array): JsonObject | undefined {
  const value = tryParse(Buffer.from(body).toString("utf8"));
  if (!isObject(value)) return undefined;
  const { error } = value;
  if (isObject(error)) return error;
  if (typeof error === "string") return { message: error };
  return value["object"] === "error" || typeof value["message"] === "string" ? value : undefined;
}

/** Words for what happened, with the status that each stands for. Source: OpenRouter's stable vocabulary. */
const statuses: Readonly<Record<string, number>> = {
  authentication: 401,
  payment_required: 402,
  permission_denied: 403,
  not_found: 404,
  timeout: 408,
  payload_too_large: 413,
  rate_limit_exceeded: 429,
  provider_unavailable: 502,
  provider_overloaded: 503,
};

/** The status that an error inside a good answer stands for. Numbers come as numbers and as text. */
export function statusIn(error: JsonObject): number {
  const code = Number(error["code"] ?? error["http_status"]);
  if (Number.isInteger(code) && code >= 400 && code < 600) return code;
  const words = [typeOf(error), error["code"], error["type"]].map((one) => statuses[textOf(one)]);
  const known = words.find((status) => status !== undefined);
  if (known !== undefined) return known;
  return /invalid|not_supported/.test(textOf(error["type"])) ? 400 : 502;
}

/**
 * What an error means: whose fault it is, and whether somebody else might do better. Source: the error tables of
 * OpenRouter, llama-server, vLLM and OpenAI.
 */
export function verdictOn(refusal: Refusal): ProxyError {
  const { error } = refusal;
  if (error !== undefined && isTooLong(error)) return quoted(refusal, "context_overflow", { status: 400 });
  return (verdicts[refusal.status] ?? otherVerdict)(refusal);
}

const tooLongTypes = new Set([
  "exceed_context_size_error",
  "context_length_exceeded",
  "token_limit_exceeded",
]);

function isTooLong(error: JsonObject): boolean {
  const types = [error["type"], error["code"], typeOf(error)];
  return (
    types.some((type) => typeof type === "string" && tooLongTypes.has(type)) ||
    /maximum context length|exceeds the (?:available )?context|too large to process/i.test(
      textOf(error["message"]),
    )
  );
}

/** OpenRouter's own word for what happened, which it puts in one of three places. */
function typeOf(error: JsonObject): Json | undefined {
  const { metadata } = error;
  return (isObject(metadata) ? metadata["error_type"] : undefined) ?? error["error_type"];
}

type Verdict = (refusal: Refusal) => ProxyError;

const own = (
  { upstream }: Refusal,
  code: ErrorCode,
  said: { readonly text: string } & ProxyErrorOptions,
): ProxyError => {
  const { text, ...options } = said;
  return new ProxyError(code, `upstream ${upstream} ${text}`, { upstream, ...options });
};

/** The server's own words go to the client, and stay out of the log. */
function quoted(
  { upstream, error, status }: Refusal,
  code: ErrorCode,
  options: ProxyErrorOptions = {},
): ProxyError {
  const message = textOf(error?.["message"]);
  if (message === "")
    return new ProxyError(code, `upstream ${upstream} answered with status ${status}`, {
      upstream,
      ...options,
    });
  return new ProxyError(code, message, { upstream, quoted: true, ...options });
}

const unpaid: Verdict = (refusal) => {
  const metadata = refusal.error?.["metadata"];
  const source = isObject(metadata) ? textOf(metadata["limit_source"]) : "";
  if (source === "openrouter_in_flight_budget") return busy(refusal);
  // There is credit, only not enough for this one: others need not be kept away.
  if (/can only afford/i.test(textOf(refusal.error?.["message"]))) return quoted(refusal, "upstream_unpaid");
  return own(refusal, "upstream_unpaid", { text: "has no credit left" });
};

const denied: Verdict = (refusal) => own(refusal, "upstream_denied", { text: "rejects the API key" });

/** What is about the request, or the model, says so; anything else with this status is about our key. */
const forbidden: Verdict = (refusal) => {
  const { error } = refusal;
  if (error?.["code"] === "model_not_found") return missing(refusal);
  return error !== undefined && isAboutRequest(error)
    ? quoted(refusal, "upstream_rejected", { status: 400 })
    : own(refusal, "upstream_denied", { text: "does not let Chasqui in" });
};

function isAboutRequest(error: JsonObject): boolean {
  const { availability, metadata } = error;
  if (isObject(availability) || typeOf(error) === "permission_denied") return true;
  return isObject(metadata) && (metadata["reasons"] !== undefined || metadata["patterns"] !== undefined);
}

const missing: Verdict = ({ model, upstream }) =>
  new ProxyError("model_not_found", `model '${model}' not found`, { upstream });

const tooSlow: Verdict = (refusal) => own(refusal, "upstream_timeout", { text: "did not answer in time" });

const limited: Verdict = (refusal) => {
  const { error } = refusal;
  if (error?.["code"] === "insufficient_quota" || error?.["type"] === "insufficient_quota")
    return own(refusal, "upstream_unpaid", { text: "has no credit left" });
  return busy(refusal, 429);
};

/** A provider that wants to be left alone for longer is asked again all the same. */
const believedMaxMs = 60_000;

const busy = (refusal: Refusal, status = 503): ProxyError =>
  own(refusal, "upstream_busy", {
    text: status === 429 ? "has had too many requests" : "is busy",
    status,
    retryAfterMs: retryAfterMs(refusal.retryAfter, believedMaxMs) ?? 1_000,
  });

/** llama-server answers so to everything while it loads its model. */
const unavailable: Verdict = (refusal) =>
  /loading model/i.test(textOf(refusal.error?.["message"]))
    ? own(refusal, "upstream_loading", { text: "is loading its model", retryAfterMs: 1_000 })
    : busy(refusal);

const failed: Verdict = (refusal) =>
  refusal.error === undefined
    ? own(refusal, "upstream_failed", { text: `failed with status ${refusal.status}` })
    : quoted(refusal, "upstream_failed");

const otherVerdict: Verdict = (refusal) => {
  const { status } = refusal;
  if (status >= 500) return failed(refusal);
  if (status < 400) return own(refusal, "upstream_failed", { text: `answered with status ${status}` });
  return quoted(refusal, "upstream_rejected", { status: 400 });
};

/** Statuses that mean something of their own. */
const verdicts: Readonly<Record<number, Verdict>> = {
  401: denied,
  402: unpaid,
  403: forbidden,
  404: missing,
  408: tooSlow,
  413: (refusal) => quoted(refusal, "upstream_rejected", { status: 413 }),
  429: limited,
  501: (refusal) => quoted(refusal, "upstream_rejected", { status: 501 }),
  503: unavailable,
  504: tooSlow,
  524: tooSlow,
  529: (refusal) => busy(refusal),
};
