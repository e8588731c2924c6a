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
import type { Scores } from "../../router/quantiles.ts";
import { type Sessions, sessionKey } from "../../router/session.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import { createMostCost, type CostParts } from "../money/most.ts";
import { takesText } from "./last-turn.ts";
import { type Holder, holdersFor } from "./candidates.ts";

/** What is remembered between calls, for as long as the daemon runs. */
export interface Memory {
  readonly sessions: Sessions;
  readonly scores: Scores;
}

export interface PlanParts extends Memory {
  readonly analyze: Analyze;
  readonly policy: Policy;
  readonly patterns: PrivatePatterns;
  readonly upstreams: () => readonly Upstream[];
  readonly cost: CostParts;
  /** What a call of this key may cost now, in nano-dollars; undefined for no limit. What is reserved decides later. */
  readonly budgetLeft: (keyName: string | undefined) => number | undefined;
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

/** Analyses a call and decides who answers it; changes nothing. Throws ProxyError for a header that cannot be read. */
export function planFor(call: Call, parts: PlanParts, { isExplained = false }: PlanOptions = {}): Plan {
  const { clock, sessions, scores, policy } = parts;
  const { asker, dialect, operation, wire, model } = call;
  const control = readControl({ model, headers: call.routing ?? {} });
  const request = dialects[dialect].decodeRequest(wire, operation);
  const session = sessionKey({ session: control.session, owner: ownerOf(asker), request });
  const analysis = parts.analyze(request, { nowMs: clock.epochMs(), isExplained });
  const { kinds: privateKinds } = findPrivate(bodyOf(call), parts.patterns);
  const isPrivate = privateKinds.length > 0 || sessions.isPrivate(session);
  const holders = holdersFor(call, parts.upstreams(), createMostCost(call, parts.cost));
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
    scores,
    nowMs: clock.monotonicMs(),
  });
  return { request, control, analysis, decision, holders, privateKinds, isPrivate, session, budgetNanoUsd };
}

/** The holder of a key, or else an address: what is shared in the cache is no conversation of all who share it. */
const ownerOf = ({ keyName, client }: Call["asker"]): string =>
  JSON.stringify(keyName === undefined ? [client] : ["key", keyName]);

/** Exactly what was sent, since a name may be in it twice; what is too large to hold is never routed. */
const bodyOf = ({ raw, wire }: Call): string =>
  raw instanceof Uint8Array
    ? Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString("utf8")
    : JSON.stringify(wire);
