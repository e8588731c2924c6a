import { type Call, isInference, type Reply } from "../../core/call.ts";
import { ProxyError, toProxyError } from "../../core/error.ts";
import type { Signal } from "../../lib/abort.ts";
import type { Candidate } from "../../router/gates.ts";
import { sourcesFooter } from "../../search/context.ts";
import type { CallRecord } from "../../stats/record.ts";
import type { Account } from "../../upstream/admission.ts";
import type { Route, Stage } from "../../upstream/route.ts";
import type { Send, Sent } from "../../upstream/retry.ts";
import type { Answer } from "../answer.ts";
import type { Deliver } from "../deliver.ts";
import type { OpenAccount } from "../money.ts";
import { generating, showAuto } from "./entry.ts";
import { costHeaders, type CostHeaderParts } from "./cost-headers.ts";
import type { Decisions } from "./decisions.ts";
import { enrich, type Enriched, type EnrichParts } from "./enrich.ts";
import { withFooter } from "./footer.ts";
import { headersOf, type Outcome, type Searched } from "./headers.ts";
import { judged } from "./held.ts";
import { keepingOf } from "./keeping.ts";
import { nobodyFor } from "./nobody.ts";
import { type Plan, planFor, type PlanParts } from "./plan.ts";

export interface AutoParts extends PlanParts, CostHeaderParts {
  readonly openAccount: OpenAccount;
  readonly send: Send;
  readonly deliver: Deliver;
  /** Undefined when nobody is there to search. */
  readonly enriching: EnrichParts | undefined;
  readonly decisions: Decisions;
}

/** Answers a call by whatever model is good enough for it. Resolves and rejects as every answer does. */
export function createAutoAnswer(parts: AutoParts): Answer {
  return async function answerAuto(call, record, signal) {
    if (call.operation === "show") return showAuto(call);
    if (!generating.has(call.operation)) throw cannot(call);
    const plan = planFor(call, parts);
    if (plan.isPrivate) parts.sessions.notePrivate(plan.session);
    try {
      if (plan.decision.order.length === 0) throw nobodyFor(plan.decision);
      return await routed(parts, { call: keptIn(call, plan), plan, record, signal });
    } catch (thrown) {
      note(parts, { call, plan }, { searched: "no", escalated: undefined, sent: undefined });
      throw thrown;
    }
  };
}

const cannot = ({ operation, model }: Call): ProxyError => {
  const text = `${JSON.stringify(model)} does not support ${operation}`;
  const code = isInference(operation) ? "invalid_request" : "not_supported";
  return new ProxyError(code, text);
};

/** Whatever is done with it later, a private call has no way out of the house. */
const keptIn = (call: Call, { isPrivate }: Plan): Call =>
  isPrivate ? { ...call, asker: { ...call.asker, isLocalOnly: true } } : call;

interface Asked {
  readonly call: Call;
  readonly plan: Plan;
  readonly record: CallRecord;
  readonly signal: Signal;
}

async function routed(parts: AutoParts, asked: Asked): Promise<Reply> {
  const { plan, record, signal } = asked;
  const enriched = await enrichedFor(parts, asked);
  const { call } = enriched;
  record.addedTokens = enriched.tokens;
  const account = parts.openAccount(call, record);
  const first = await parts.send(call, routeOf(plan, plan.decision.order), { signal, account });
  const isDoubted = plan.decision.verify || lacksResults(parts, plan, enriched.outcome);
  const doubted = { sent: first, account, isDoubted };
  const { sent, escalated } = await checked(parts, { ...asked, call }, doubted);
  const outcome = { searched: enriched.outcome, escalated, sent };
  note(parts, { call, plan }, outcome);
  remember(parts, plan, sent);
  const reply = footed(await parts.deliver(call, sent, record), plan, enriched);
  const told = headersOf(plan, { ...outcome, sources: enriched.sources });
  const cost = costHeaders({ call, plan, record, sent }, reply, parts);
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
  { call, sources }: Pick<Enriched, "call" | "sources">,
): Reply {
  const wantsFormat = request.format !== undefined || request.needs.includes("format");
  if (sources.length === 0 || wantsFormat || control.isSourcesBarred === true) return reply;
  return withFooter(reply, call, sourcesFooter(sources));
}

async function enrichedFor(
  { enriching }: AutoParts,
  { call, plan, signal }: Asked,
): Promise<Omit<Enriched, "outcome"> & { readonly outcome: Searched }> {
  if (!plan.decision.search || enriching === undefined)
    return { call, outcome: "no", sources: [], tokens: 0 };
  return enrich(call, plan, { ...enriching, signal });
}

/** Candidates in their order; those next to each other with the same model are one stage, and the least busy answers. */
function routeOf({ holders }: Plan, order: readonly Candidate[]): Route {
  const stages: Stage[] = [];
  const holderOf = new Map(holders.map((one) => [one.candidate, one]));
  for (const { upstream, target } of order.flatMap((one) => holderOf.get(one) ?? [])) {
    const last = stages.at(-1);
    if (last?.target.key === target.key && last.upstreams.every((one) => one.isCloud === upstream.isCloud))
      stages[stages.length - 1] = { ...last, upstreams: [...last.upstreams, upstream] };
    else stages.push({ upstreams: [upstream], target });
  }
  return { stages };
}

/** A search that was wanted and brought nothing makes the answer as doubtful as one that could not be made. */
const lacksResults = ({ policy }: AutoParts, { decision }: Plan, searched: Searched): boolean =>
  policy.onUncertain === "verify" && decision.search && searched !== "yes";

interface Doubted {
  readonly sent: Sent;
  readonly account: Account;
  readonly isDoubted: boolean;
}

interface Checked {
  readonly sent: Sent;
  readonly escalated: string | undefined;
}

/** A local answer that is not good enough is asked of somebody better, once; without one, it is better than none. */
async function checked(
  parts: AutoParts,
  { call, plan, signal }: Asked,
  { sent: first, account, isDoubted }: Doubted,
): Promise<Checked> {
  const { escalateTo } = plan.decision;
  if (!isDoubted || escalateTo === undefined || first.isCloud) return { sent: first, escalated: undefined };
  const { sent, fault } = await judged(call, plan, first);
  if (fault === undefined) return { sent, escalated: undefined };
  account.failed(new ProxyError("upstream_rejected", `the local answer was not good enough: ${fault}`));
  try {
    const better = await parts.send(call, routeOf(plan, [escalateTo]), { signal, account });
    await leave(sent);
    return { sent: better, escalated: fault };
  } catch (thrown) {
    if (signal.aborted) {
      await leave(sent);
      throw thrown;
    }
    return { sent, escalated: `${fault}, but ${toProxyError(thrown).code}` };
  }
}

async function leave(sent: Sent): Promise<void> {
  const { answer } = sent;
  if (answer.kind === "flow") await answer.rest[Symbol.asyncIterator]().return?.();
  sent.settle();
}

function remember({ sessions, scores }: AutoParts, plan: Plan, { model, upstream }: Sent): void {
  const { analysis, decision, isPrivate, session } = plan;
  const { ownTier, tier } = decision;
  scores.add(analysis);
  sessions.note(session, { analysis, ownTier, tier, model, upstream, isPrivate });
}

function note(
  { decisions, clock }: AutoParts,
  { call, plan }: Pick<Asked, "call" | "plan">,
  { searched, escalated, sent }: Outcome,
): void {
  const { analysis, decision, privateKinds } = plan;
  decisions.note({
    id: call.id,
    time: new Date(clock.epochMs()).toISOString(),
    asked_model: call.model,
    tier: decision.tier,
    confidence: decision.confidence,
    reasons: decision.reasons,
    missing: decision.missing,
    task: analysis.task,
    language: analysis.language,
    tokens: analysis.tokens,
    searched,
    escalated,
    private: privateKinds,
    model: sent?.model,
    upstream: sent?.upstream,
  });
}
