import type { Call } from "../core/call.ts";
import type { Hop, ProxyError } from "../core/error.ts";
import type { Usage } from "../core/usage.ts";
import type { Meter, Target, Upstream } from "./upstream.ts";

/** An upstream, and the model that it would be asked for. */
export interface Candidate {
  readonly upstream: Upstream;
  readonly target: Target;
}

/** What one call costs, over all its attempts. */
export interface Account {
  /** Before each attempt: reserves what it may cost. At once where it costs nothing; rejects with ProxyError. */
  readonly reserve: (candidate: Candidate) => Promise<void> | undefined;
  /** What was reserved is sent now: from here on it may cost something. */
  readonly sending: () => void;
  /** The attempt failed before its first byte; it may have cost something all the same. */
  readonly failed: (error: ProxyError) => void;
  /** The call is over: writes down what it cost. Resolves when that is safe; does nothing the second time. Never rejects. */
  readonly settle: (spent: Spent) => Promise<void> | undefined;
}

export interface Spent {
  readonly usage: Usage | undefined;
  readonly meter: Meter | undefined;
  readonly status: number;
  /** Attempts that failed before. */
  readonly hops: readonly Hop[];
  /** Why the answer is not whole. */
  readonly error: ProxyError | undefined;
}

/** A call made to fit a candidate's context, and what was done to it. */
export interface Fitted {
  readonly call: Call;
  /** For a header; undefined when nothing was done. */
  readonly note: string | undefined;
}

/** Makes a call fit. At once where that is certain without counting; throws or rejects with ProxyError. */
export type Fit = (call: Call, candidate: Candidate) => Fitted | Promise<Fitted>;
