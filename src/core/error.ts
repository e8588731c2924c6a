import type { Usage } from "./usage.ts";

/** Who is at fault: the client, the upstream, or Chasqui itself. */
export type ErrorSource = "downstream" | "upstream" | "internal";

interface CodeRule {
  readonly source: ErrorSource;
  readonly status: number;
  /** Whether another upstream might succeed, as long as nothing was sent downstream. */
  readonly retryable: boolean;
  /** Whether the upstream's health is to blame, so that its breaker counts it. */
  readonly unhealthy: boolean;
}

const rule = (source: ErrorSource, status: number, ...marks: ("retryable" | "unhealthy")[]): CodeRule => ({
  source,
  status,
  retryable: marks.includes("retryable"),
  unhealthy: marks.includes("unhealthy"),
});

/** The one table that decides what an error means. */
const rules = {
  invalid_request: rule("downstream", 400),
  model_invalid: rule("downstream", 400),
  unauthorized: rule("downstream", 401),
  forbidden: rule("downstream", 403),
  model_not_found: rule("downstream", 404, "retryable"),
  not_found: rule("downstream", 404),
  body_timeout: rule("downstream", 408),
  body_too_large: rule("downstream", 413),
  headers_too_large: rule("downstream", 431),
  client_closed: rule("downstream", 499),
  client_stalled: rule("downstream", 499),
  not_supported: rule("internal", 501),
  not_cached: rule("downstream", 504),
  overloaded: rule("internal", 503, "retryable"),
  upstream_down: rule("internal", 503, "retryable"),
  draining: rule("internal", 503),
  no_upstream: rule("internal", 503),
  loop_detected: rule("internal", 508),
  internal: rule("internal", 500),
  upstream_unreachable: rule("upstream", 502, "retryable", "unhealthy"),
  upstream_broken: rule("upstream", 502, "retryable", "unhealthy"),
  upstream_failed: rule("upstream", 502, "retryable", "unhealthy"),
  upstream_timeout: rule("upstream", 504, "retryable", "unhealthy"),
  upstream_denied: rule("upstream", 502, "retryable"),
  upstream_busy: rule("upstream", 503, "retryable"),
  upstream_rejected: rule("upstream", 400),
  /** The request is longer than the model's context; one with a larger context might take it. */
  context_overflow: rule("upstream", 400, "retryable"),
  /** The provider wants money. */
  upstream_unpaid: rule("upstream", 502, "retryable"),
  /** The model is being loaded; the same upstream answers soon. */
  upstream_loading: rule("upstream", 503, "retryable"),
  budget_exceeded: rule("internal", 402, "retryable"),
  ledger_unavailable: rule("internal", 503, "retryable"),
  /** The request must not leave the house, and everything that could answer it is outside. */
  local_only: rule("downstream", 403),
} satisfies Record<string, CodeRule>;

export type ErrorCode = keyof typeof rules;

/** One upstream that failed before the one that answered, or before all were given up. */
export interface Hop {
  readonly upstream: string;
  readonly error: ErrorCode;
}

export interface ProxyErrorOptions {
  readonly cause?: unknown;
  /** Replaces the status of the code's rule, e.g. to pass an upstream's own 4xx on. */
  readonly status?: number;
  /** When to come back, in milliseconds; becomes `Retry-After`. */
  readonly retryAfterMs?: number;
  /** The upstream that failed. */
  readonly upstream?: string;
  /** True when the message repeats what someone else said, so that it stays out of the log. */
  readonly quoted?: boolean;
  /** An answer of an upstream that goes to the client as it is, byte for byte. */
  readonly answer?: { readonly contentType: string | undefined; readonly body: Uint8Array };
}

/** Codes whose messages repeat what the client said. */
const quoting = new Set<ErrorCode>(["invalid_request", "model_invalid", "model_not_found"]);

/**
 * The only error that crosses a folder. The message is for the client: it never holds a secret or an
 * upstream's raw page.
 */
export class ProxyError extends Error {
  override readonly name: string = "ProxyError";
  readonly code: ErrorCode;
  readonly source: ErrorSource;
  readonly status: number;
  readonly retryable: boolean;
  readonly unhealthy: boolean;
  readonly retryAfterMs: number | undefined;
  readonly upstream: string | undefined;
  readonly quoted: boolean;
  readonly answer: ProxyErrorOptions["answer"];
  /** What is known of an answer that had begun when it failed: it may have been charged. */
  begun: { readonly usage: Usage | undefined; readonly generationId: string | undefined } | undefined;
  /** Upstreams that failed before this error ended the call. */
  hops: readonly Hop[] = [];
  /** Headers that tell how the call was routed, where a model was chosen for it: then none was asked for. */
  told: Readonly<Record<string, string>> | undefined;

  constructor(code: ErrorCode, message: string, options: ProxyErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    const { source, status, retryable, unhealthy } = rules[code];
    this.code = code;
    this.source = source;
    this.status = options.status ?? status;
    this.retryable = retryable;
    this.unhealthy = unhealthy;
    this.retryAfterMs = options.retryAfterMs;
    this.upstream = options.upstream;
    this.quoted = options.quoted ?? (options.answer !== undefined || quoting.has(code));
    this.answer = options.answer;
  }
}

/** Anything thrown, as a ProxyError. What is not one is a bug: it says nothing of itself outside. */
export function toProxyError(thrown: unknown): ProxyError {
  if (thrown instanceof ProxyError) return thrown;
  return new ProxyError("internal", "internal error", { cause: thrown });
}

/** Hops as one line, for a header. */
export const hopsText = (hops: readonly Hop[]): string =>
  hops.map((hop) => `${hop.upstream}=${hop.error}`).join(", ");
