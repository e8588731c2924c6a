import { type Call, isInference, type Reply } from "../../core/call.ts";
import { ProxyError, toProxyError } from "../../core/error.ts";
import type { Signal } from "../../lib/abort.ts";
import { sourcesFooter } from "../../search/context.ts";
import type { CallRecord } from "../../stats/record.ts";
import type { Send, Sent } from "../../upstream/retry.ts";
import { pinnedTo } from "../../upstream/route.ts";
import type { Answer } from "../answer.ts";
import type { Deliver } from "../deliver.ts";
import type { OpenAccount } from "../money.ts";
import { checked } from "./check.ts";
import { generating, showAuto } from "./entry.ts";
import type { RoutingCounts } from "./counts.ts";
import { costHeaders, type CostHeaderParts } from "./cost-headers.ts";
import type { Decisions, NotedDecision } from "./decisions.ts";
import { enrich, type EnrichParts, type Found } from "./enrich.ts";
import { withFooter } from "./footer.ts";
import { headersOf, type Outcome, type Searched } from "./headers.ts";
import { keepingOf } from "./keeping.ts";
import { routeOf } from "./stages.ts";
import { nobodyFor } from "./nobody.ts";
import { type AwaitedParts, awaitedPlan } from "./awaited.ts";
import { withoutStandIn } from "./candidates.ts";
import { ownerOf, type Plan } from "./plan.ts";

export interface AutoParts extends AwaitedParts, CostHeaderParts {
  readonly openAccount: OpenAccount;
  readonly send: Send;
  readonly deliver: Deliver;
  /** Undefined when nobody is there to search. */
  readonly enriching: EnrichParts | undefined;
  readonly decisions: Decisions;
  readonly counts: RoutingCounts;
}

/** Answers a call by whatever model is good enough for it. Resolves and rejects as every answer does. */
export function createAutoAnswer(parts: AutoParts): Answer {
  return async function answerAuto(call, record, signal) {
    if (call.operation === "show") return showAuto(call);
    if (!generating.has(call.operation)) throw cannot(call);
    const plan = await awaitedPlan(call, parts, signal);
    if (plan.isPrivate) parts.sessions.notePrivate(plan.session);
    const progress: Progress = { searched: "no", noted: undefined };
    try {
      if (plan.decision.order.length === 0) throw nobody(call, plan, parts);
      return await routed(parts, { call: keptIn(call, plan), plan, record, signal, progress });
    } catch (thrown) {
      const { searched, noted } = progress;
      const outcome = noted ?? { searched, escalated: undefined, isVerified: false, sent: undefined };
      if (noted === undefined) note(parts, { call, plan, record }, outcome);
      const error = toProxyError(thrown);
      error.told = headersOf(plan, { ...outcome, sources: [] });
      throw error;
    }
  };
}

const cannot = ({ operation, model }: Call): ProxyError => {
  const text = `${JSON.stringify(model)} does not support ${operation}`;
  const code = isInference(operation) ? "invalid_request" : "not_supported";
  return new ProxyError(code, text);
};

const nobody = (call: Call, plan: Plan, { upstreams }: AutoParts): ProxyError =>
  nobodyFor({
    ...plan,
    upstreams: withoutStandIn(pinnedTo(call, upstreams())),
    mustStay: mustStay(call, plan),
  });

const mustStay = ({ asker }: Call, { isPrivate, control }: Plan): boolean =>
  asker.isLocalOnly || isPrivate || control.mode === "local";

/** Whatever is done with it later, such a call has no way out of the house. */
const keptIn = (call: Call, plan: Plan): Call =>
  mustStay(call, plan) ? { ...call, asker: { ...call.asker, isLocalOnly: true } } : call;

/** How far a call has come, for the decision that tells of it when it fails. */
interface Progress {
  searched: Searched;
  /** What came of it, when that has been told already. */
  noted: Outcome | undefined;
}

interface Asked {
  readonly progress: Progress;
  readonly call: Call;
  readonly plan: Plan;
  readonly record: CallRecord;
  readonly signal: Signal;
}

async function routed(parts: AutoParts, asked: Asked): Promise<Reply> {
  const { plan, record, signal, progress } = asked;
  const enriched = await enrichedFor(parts, asked);
  const { call } = enriched;
  record.addedTokens = enriched.tokens;
  const account = parts.openAccount(call, record);
  const first = await parts.send(call, routeOf(plan, plan.decision.order), { signal, account });
  const isDoubted = plan.decision.verify || lacksResults(parts, plan, enriched.outcome);
  const search = (): Promise<Found> => searchedFor(parts, asked);
  const doubted = { sent: first, account, isDoubted, enriched, search };
  const { enriched: made, ...answered } = await checked(parts, { ...asked, call }, doubted);
  const { sent } = answered;
  record.addedTokens = made.tokens;
  const outcome = { ...answered, searched: made.outcome };
  note(parts, { call, plan, record }, outcome);
  progress.noted = outcome;
  remember(parts, { call, plan }, sent);
  const reply = footed(await parts.deliver(made.call, sent, record), plan, made);
  const told = headersOf(plan, { ...outcome, sources: made.sources });
  const cost = costHeaders({ call: made.call, plan, record, sent }, reply, parts);
  return {
    ...reply,
    headers: { ...reply.headers, ...told, ...cost },
    keeping: keepingOf(plan, outcome, { told, cost }),
  };
}

/** A searched answer ends with its sources, unless its client wants JSON, or none. */
function footed(
  reply: Reply,
  { request, control }: Plan,
  { call, sources }: Pick<Found, "call" | "sources">,
): Reply {
  const wantsFormat = request.format !== undefined || request.needs.includes("format");
  if (sources.length === 0 || wantsFormat || control.isSourcesBarred === true) return reply;
  return withFooter(reply, call, sourcesFooter(sources));
}

const enrichedFor = async (parts: AutoParts, asked: Asked): Promise<Found> =>
  asked.plan.decision.search ? searchedFor(parts, asked) : unsearched(asked);

const unsearched = ({ call }: Asked): Found => ({ call, outcome: "no", sources: [], tokens: 0 });

async function searchedFor({ enriching }: AutoParts, asked: Asked): Promise<Found> {
  if (enriching === undefined) return unsearched(asked);
  const { call, plan, signal, progress } = asked;
  // Until it ends: what was asked has left the house.
  progress.searched = "failed";
  const found = await enrich(call, plan, { ...enriching, signal });
  progress.searched = found.outcome;
  return found;
}

/** A search that was wanted and brought nothing makes the answer as doubtful as one that could not be made. */
const lacksResults = ({ policy }: AutoParts, { decision }: Plan, searched: Searched): boolean =>
  policy.onUncertain === "verify" && decision.search && searched !== "yes";

function remember(
  { sessions, scoresOf }: AutoParts,
  { call, plan }: Pick<Asked, "call" | "plan">,
  { model, upstream }: Sent,
): void {
  const { analysis, control, decision, isPrivate, session } = plan;
  const { ownTier } = decision;
  // What a client says of one call says nothing of the conversation.
  const tier = control.tier === undefined ? decision.tier : ownTier;
  scoresOf(ownerOf(call.asker)).add(analysis);
  sessions.note(session, { analysis, ownTier, tier, model, upstream, isPrivate });
}

function note(
  { decisions, counts, clock }: AutoParts,
  { call, plan, record }: Pick<Asked, "call" | "plan" | "record">,
  { searched, escalated, isVerified, sent }: Outcome,
): void {
  const { analysis, decision, privateKinds, isPrivate, session } = plan;
  const { tier, missing } = decision;
  record.routed = { tier, searched, escalated };
  counts.note({ tier, searched, escalated, isVerified, isPrivate, missing, model: sent?.model });
  const decided: NotedDecision = {
    id: call.id,
    time: new Date(clock.epochMs()).toISOString(),
    asked_model: call.model,
    tier,
    confidence: decision.confidence,
    reasons: decision.reasons,
    missing,
    task: analysis.task,
    language: analysis.language,
    tokens: analysis.tokens,
    searched,
    escalated,
    verified: isVerified,
    private: privateKinds,
    model: sent?.model,
    upstream: sent?.upstream,
  };
  decisions.note(decided, session);
}
