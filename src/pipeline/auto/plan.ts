import type { Call } from "../../core/call.ts";
import type { ChatRequest } from "../../core/chat.ts";
import { dialects } from "../../dialect/dialects.ts";
import type { Clock } from "../../lib/time.ts";
import type { Analysis, Analyze } from "../../router/analyze.ts";
import { type Control, readControl } from "../../router/control.ts";
import { decide } from "../../router/decide.ts";
import type { Decision, Policy } from "../../router/decision.ts";
import { asksOf } from "../../router/gates.ts";
import { findPrivate, type PrivatePatterns } from "../../router/privacy.ts";
import type { ScoresOf } from "../../router/quantiles.ts";
import { type Sessions, sessionKey } from "../../router/session.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import { isTrimmable } from "../fit.ts";
import { createMostCost, type CostParts } from "../money/most.ts";
import { takesText } from "./last-turn.ts";
import { type Holder, holdersFor } from "./candidates.ts";

/** What is remembered between calls, for as long as the daemon runs. */
export interface Memory {
  readonly sessions: Sessions;
  readonly scoresOf: ScoresOf;
}

export interface PlanParts extends Memory {
  readonly analyze: Analyze;
  readonly policy: Policy;
  readonly patterns: PrivatePatterns;
  readonly upstreams: () => readonly Upstream[];
  readonly cost: CostParts;
  /** What a call of this key may cost now, in nano-dollars; undefined for no limit. What is reserved decides later. */
  readonly budgetLeft: (keyName: string | undefined) => number | undefined;
  /** Whether long conversations are made to fit. */
  readonly canTrim: boolean;
  readonly canSearch: boolean;
  /** Most tokens that web results take of a prompt. */
  readonly searchTokensMax: number;
  readonly clock: Clock;
}

/** Who is to answer one call, and why. */
export interface Plan {
  readonly request: ChatRequest;
  /** What its client says of how it is to be routed. */
  readonly control: Control;
  readonly analysis: Analysis;
  readonly decision: Decision;
  /** Those that were looked at, chosen or not. */
  readonly holders: readonly Holder[];
  /** The kinds of private text that were found in the request. */
  readonly privateKinds: readonly string[];
  readonly isPrivate: boolean;
  /** The conversation that it belongs to. */
  readonly session: string;
  /** What was left of its budget, in nano-dollars; undefined for no limit. */
  readonly budgetNanoUsd: number | undefined;
}

export interface PlanOptions {
  /** With what spoke for the answer. */
  readonly isExplained?: boolean;
}

/** What is known of a call whoever may answer it. */
export interface Studied extends Pick<Plan, "request" | "control" | "analysis" | "privateKinds" | "session"> {
  readonly call: Call;
}

/** Reads and analyses a call; changes nothing. Throws ProxyError for a header that cannot be read. */
export function study(call: Call, parts: PlanParts, { isExplained = false }: PlanOptions = {}): Studied {
  const { asker, dialect, operation, wire, model } = call;
  const control = readControl({ model, headers: call.routing ?? {} });
  const request = dialects[dialect].decodeRequest(wire, operation);
  return {
    call,
    control,
    request,
    session: sessionKey({ session: control.session, owner: ownerOf(asker), request }),
    analysis: parts.analyze(request, { nowMs: parts.clock.epochMs(), isExplained }),
    privateKinds: findPrivate(bodyOf(call), parts.patterns).kinds,
  };
}

/** Decides who answers, by who is there now; changes nothing. Throws ProxyError where the client insists on nobody. */
export function planOf({ call, ...studied }: Studied, parts: PlanParts): Plan {
  const { sessions, scoresOf, policy } = parts;
  const { session, request, analysis, control, privateKinds } = studied;
  const { asker } = call;
  const isPrivate = privateKinds.length > 0 || sessions.isPrivate(session);
  const holders = holdersFor(call, parts.upstreams(), {
    mostCost: createMostCost(call, parts.cost),
    canTrim: (asked) => parts.canTrim && isTrimmable(call, asked),
  });
  const budgetNanoUsd = parts.budgetLeft(asker.keyName);
  const decision = decide({
    analysis,
    control,
    session: sessions.find(session),
    candidates: holders.map(({ candidate }) => candidate),
    search: {
      isAvailable: parts.canSearch,
      isPlaceable: takesText(call),
      tokensMax: parts.searchTokensMax,
    },
    policy,
    isPrivate,
    isLocalOnly: asker.isLocalOnly,
    asks: asksOf(request),
    budgetNanoUsd,
    scores: scoresOf(ownerOf(asker)),
    nowMs: parts.clock.monotonicMs(),
  });
  return { ...studied, decision, holders, isPrivate, budgetNanoUsd };
}

/** Both at once. */
export const planFor = (call: Call, parts: PlanParts, options: PlanOptions = {}): Plan =>
  planOf(study(call, parts, options), parts);

/** The holder of a key, or else an address: what is shared in the cache is no conversation of all who share it. */
export const ownerOf = ({ keyName, client }: Call["asker"]): string =>
  JSON.stringify(keyName === undefined ? [client] : ["key", keyName]);

/** Exactly what was sent, since a name may be in it twice; what is too large to hold is never routed. */
const bodyOf = ({ raw, wire }: Call): string =>
  raw instanceof Uint8Array
    ? Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString("utf8")
    : JSON.stringify(wire);
