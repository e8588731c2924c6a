import { type Call, isInference } from "../core/call.ts";
import { type Hop, ProxyError, toProxyError } from "../core/error.ts";
import type { Signal } from "../lib/abort.ts";
import type { Account, Candidate, Fit, Fitted } from "./admission.ts";
import { downText } from "./away.ts";
import { commit, type Committed } from "./commit.ts";
import { queueFault } from "./faults.ts";
import { createRetryBudget } from "./retry-budget.ts";
import type { Route } from "./route.ts";
import { beginRun, type Run, type RunLimits } from "./run.ts";
import type { Upstream, UpstreamReply } from "./upstream.ts";

/** An answer that is on its way to the client, and where it came from. */
export interface Sent {
  readonly meter: UpstreamReply["meter"] | undefined;
  readonly dropped: UpstreamReply["dropped"] | undefined;
  readonly lane: UpstreamReply["lane"] | undefined;
  readonly upstream: string;
  /** The model that answers, by the name that its upstream was asked for. */
  readonly model: string;
  readonly isCloud: boolean;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly answer: Committed;
  /** What was done to make the call fit the model's context. */
  readonly fitted: string | undefined;
  /** Tried before this one, and why they failed. */
  readonly hops: readonly Hop[];
  readonly account: Account;
  /** Must be called once, when the body has ended: gives the place back and tells the breaker how it went. */
  settle(error?: ProxyError): void;
}

/** Sends a call to the best candidate, and to the next one when that fails before its first byte. */
export type Send = (call: Call, route: Route, by: SendBy) => Promise<Sent>;

export interface SendBy {
  readonly signal: Signal;
  /** Told what each attempt may cost, and what the call did. */
  readonly account: Account;
}

export interface SendParts extends RunLimits {
  /** Retries allowed per call on average; keeps an outage from doubling the load. */
  readonly retryShare: number;
  readonly fit: Fit;
  /** Told about every attempt, for the statistics. */
  readonly onAttempt: (upstream: string, error: ProxyError | undefined) => void;
}

export function createSend(parts: SendParts): Send {
  const budget = createRetryBudget(parts.retryShare);

  const sendOnce = async (trying: Omit<Try, "candidate">, signal: Signal): Promise<Sent> => {
    const { run } = trying;
    for (;;) {
      const candidate = run.next();
      try {
        return await attempt({ ...trying, candidate }, signal);
      } catch (thrown) {
        const error = toProxyError(thrown);
        run.failed(candidate, error);
        error.hops = run.hops;
        if (signal.aborted || !(await run.mayGoOn(error, { budget, signal }))) throw error;
      }
    }
  };

  return async function send(call, route, { signal, account }) {
    budget.earn();
    const run = beginRun(call, route, parts);
    try {
      return await sendOnce({ call, run, parts, account }, signal);
    } catch (thrown) {
      const error = toProxyError(thrown);
      const { status, hops } = error;
      await account.settle({ usage: undefined, meter: undefined, status, hops, error });
      throw error;
    }
  };
}

interface Try {
  readonly call: Call;
  readonly candidate: Candidate;
  readonly run: Run;
  readonly parts: SendParts;
  readonly account: Account;
}

async function attempt({ call, candidate, run, parts, account }: Try, signal: Signal): Promise<Sent> {
  const { upstream, target } = candidate;
  const fitting = isInference(call.operation) ? parts.fit(call, candidate) : { call, note: undefined };
  const fitted: Fitted = fitting instanceof Promise ? await fitting : fitting;
  const release = await placeAt(upstream, call, signal);
  const settle = settler(upstream, release, parts.onAttempt);
  try {
    if (upstream.health.state !== "up") throw wentDown(upstream);
    const reserving = account.reserve(candidate);
    if (reserving !== undefined) await reserving;
    signal.throwIfAborted();
    account.sending();
    const reply = await upstream.send(fitted.call, target, signal);
    const answer = await commit(call, reply, upstream.name);
    if (isInference(call.operation)) upstream.noteLoaded(target.key);
    const made = { answer, settle, account, fitted: fitted.note, hops: run.hops };
    return { ...made, ...madeBy(candidate, reply) };
  } catch (thrown) {
    const error = toProxyError(thrown);
    account.failed(error);
    settle(error);
    if (error.code === "model_not_found") void upstream.refresh();
    throw error;
  }
}

/** Where an answer comes from. */
const madeBy = ({ upstream, target }: Candidate, reply: UpstreamReply) => ({
  upstream: upstream.name,
  model: target.model,
  isCloud: upstream.isCloud,
  status: reply.status,
  headers: passedOn(reply),
  meter: reply.meter,
  dropped: reply.dropped,
  lane: reply.lane,
});

/** An upstream that was given up while a call waited for its place is not asked any more; one that loads is, soon. */
function wentDown({ name, health, isLoading }: Upstream): ProxyError {
  if (isLoading === true) {
    const text = `upstream ${name} is loading its model`;
    return new ProxyError("upstream_loading", text, { upstream: name, retryAfterMs: 1_000 });
  }
  const retryAfterMs = Math.max(1_000, health.retryInMs());
  return new ProxyError("upstream_down", downText([name]), { upstream: name, retryAfterMs });
}

/** A place at the upstream: at once when one is free, else after a wait in its queue. */
function placeAt(upstream: Upstream, call: Call, signal: Signal): (() => void) | Promise<() => void> {
  const semaphore = isInference(call.operation) ? upstream.inference : upstream.control;
  const refuse = (thrown: unknown): never => {
    throw queueFault(thrown, upstream.name, 1_000);
  };
  return semaphore.tryAcquire() ?? semaphore.acquire(signal).catch(refuse);
}

function settler(upstream: Upstream, release: () => void, onAttempt: SendParts["onAttempt"]): Sent["settle"] {
  return (error) => {
    release();
    onAttempt(upstream.name, error);
    if (error === undefined) upstream.health.succeeded();
    else if (error.unhealthy)
      upstream.health.failed(error.code === "upstream_unreachable" ? "connect" : "answer");
  };
}

/** Headers of an upstream that a client may see; everything else stays behind. */
function passedOn({ headers }: UpstreamReply): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of ["content-type", "cache-control"]) {
    const value = headers[name];
    if (value !== undefined) passed[name] = value;
  }
  return passed;
}
