/** What an error says of itself beside its status. */
export interface Complaint {
  readonly status: number;
  readonly message?: string;
  /** Of the documented vocabulary; by default the usual one of the status. */
  readonly errorType?: string;
  readonly retryAfterS?: number;
  /** Which limit a 402 is about. */
  readonly limitSource?: "openrouter_in_flight_budget" | "openrouter_key_limit" | "openrouter_credits";
  readonly availability?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** `flat` says `error_type` and `http_status` directly in `error`, and has neither `code` nor `metadata`. */
  readonly shape?: "usual" | "flat";
  /** In place of the status, as `error.code`. */
  readonly code?: number | string;
}

/**
 * What goes wrong with one answer. `afterDeltas` counts the deltas that carry a word, a thought or a piece of a tool call;
 * a number beyond the last of them means: after all, before the finish. A whole answer has what corresponds: half a body
 * for `cut`, `reset` and `end-early`, and for the waits a wait before its head. Embeddings and lists only know the faults
 * that come before an answer: `http`, `error-in-200`, `html`, `hang` and `...-before-headers`.
 */
export type Fault =
  | ({ readonly kind: "http" } & Complaint)
  | ({ readonly kind: "error-in-200" } & Complaint)
  /** In a stream an event, in a whole answer `choices[0].error`; either with finish_reason `error`. */
  | ({ readonly kind: "error-midway"; readonly afterDeltas?: number } & Complaint)
  | { readonly kind: "html"; readonly status: number }
  | { readonly kind: "hang" }
  | { readonly kind: "cut-before-headers" }
  | { readonly kind: "reset-before-headers" }
  /** This many comments first, and one more before each delta. */
  | { readonly kind: "comments"; readonly count: number }
  | { readonly kind: "comments-for-ever"; readonly everyMs?: number }
  /** Stands still until released. */
  | { readonly kind: "hold"; readonly afterDeltas: number }
  | { readonly kind: "cut"; readonly afterDeltas: number }
  | { readonly kind: "reset"; readonly afterDeltas: number }
  /** Ends as a body should, without finish, usage and [DONE]. */
  | { readonly kind: "end-early"; readonly afterDeltas: number }
  /** An event that is no JSON, and then on as if nothing had been. */
  | { readonly kind: "garbage"; readonly afterDeltas: number }
  /** Finishes without having said anything. */
  | { readonly kind: "blank" }
  | { readonly kind: "no-done" }
  | { readonly kind: "no-usage" }
  | { readonly kind: "usage-in-finish" }
  | { readonly kind: "slow"; readonly betweenMs: number };

const usual: Readonly<Record<number, readonly [errorType: string, message: string]>> = {
  400: ["invalid_request", "Invalid request"],
  401: ["authentication", "No auth credentials found"],
  402: ["payment_required", "This request requires more credits, or fewer max_tokens."],
  403: ["permission_denied", "Your chosen model requires moderation and your input was flagged"],
  404: ["not_found", "No endpoints found"],
  408: ["timeout", "Your request timed out"],
  413: ["payload_too_large", "Request body too large"],
  422: ["unprocessable", "Unprocessable"],
  429: ["rate_limit_exceeded", "Rate limit exceeded"],
  500: ["server", "Internal Server Error"],
  502: ["provider_unavailable", "Provider returned error"],
  503: ["provider_overloaded", "Provider overloaded"],
  504: ["timeout", "Provider timed out"],
  524: ["timeout", "Edge network timeout"],
  529: ["provider_overloaded", "Provider overloaded"],
};

/** The object that stands under `error`. */
export function errorObject(complaint: Complaint): Readonly<Record<string, unknown>> {
  const { status, limitSource, availability } = complaint;
  const [type, message] = usual[status] ?? ["unmapped", "Unknown error"];
  const said = { message: complaint.message ?? message };
  const errorType = complaint.errorType ?? type;
  const extra = availability === undefined ? {} : { availability };
  if (complaint.shape === "flat") return { error_type: errorType, http_status: status, ...said, ...extra };
  return {
    code: complaint.code ?? status,
    ...said,
    metadata: { error_type: errorType, ...(limitSource === undefined ? {} : { limit_source: limitSource }) },
    ...extra,
  };
}

export function errorHeaders({ retryAfterS, headers }: Complaint): Record<string, string> {
  return { ...(retryAfterS === undefined ? {} : { "retry-after": String(retryAfterS) }), ...headers };
}
