import type { Call } from "../../core/call.ts";
import { ProxyError, toProxyError } from "../../core/error.ts";
import type { Signal } from "../../lib/abort.ts";
import type { Candidate } from "../../router/gates.ts";
import type { Account } from "../../upstream/admission.ts";
import type { Send, Sent } from "../../upstream/retry.ts";
import type { Found } from "./enrich.ts";
import { type Judged, judged } from "./held.ts";
import type { Plan } from "./plan.ts";
import { routeOf } from "./stages.ts";

interface Asked {
  readonly call: Call;
  readonly plan: Plan;
  readonly signal: Signal;
}

/** A first answer, and what may be done when it is not good enough. */
export interface Doubted {
  readonly sent: Sent;
  readonly account: Account;
  readonly isDoubted: boolean;
  /** What it was asked. */
  readonly enriched: Found;
  /** Searches the web for the question. */
  readonly search: () => Promise<Found>;
}

export interface Checked {
  readonly sent: Sent;
  /** What was wrong with the first answer, so that another was asked for. */
  readonly escalated: string | undefined;
  /** Whether the first answer was looked at before anybody heard of it. */
  readonly isVerified: boolean;
  /** What the answer was asked. */
  readonly enriched: Found;
}

/**
 * A local answer that is not good enough, or that fails while nobody has heard anything of it, is asked for once more:
 * with web results where the model says that it does not know what is new, else of somebody better. Without either it is
 * better than none. Whatever is thrown, the first answer has been left.
 */
export async function checked(
  { send }: { readonly send: Send },
  asked: Asked,
  doubted: Doubted,
): Promise<Checked> {
  const { plan, signal } = asked;
  const { isDoubted, enriched } = doubted;
  const first = settledOnce(doubted.sent);
  const unchanged = { sent: first, escalated: undefined, isVerified: false, enriched };
  if (!isDoubted || first.isCloud || !canAskAgain(plan, enriched)) return unchanged;
  try {
    const { fault, ...judgement } = await judgedOrFailed(asked, first);
    if (fault === undefined) return { ...unchanged, sent: judgement.sent, isVerified: true };
    const refused = { ...doubted, ...judgement, fault };
    const made = (await withResults(send, asked, refused)) ?? (await byAnother(send, asked, refused));
    return { ...made, isVerified: true };
  } catch (thrown) {
    const error = toProxyError(signal.aborted ? signal.reason : thrown);
    await leave(first, error);
    await settleUnanswered(first, error);
    throw error;
  }
}

/** A failure is a fault as others are while somebody else may be asked. */
async function judgedOrFailed({ call, plan, signal }: Asked, first: Sent): Promise<Judged | Failed> {
  try {
    return await judged(call, plan, first);
  } catch (thrown) {
    const failure = toProxyError(thrown);
    if (signal.aborted || plan.decision.escalateTo === undefined) throw failure;
    return { sent: first, fault: failure.code, failure };
  }
}

/** An answer that nobody can be given any more. */
interface Failed {
  readonly sent: Sent;
  readonly fault: string;
  readonly failure: ProxyError;
}

const canAskAgain = ({ decision }: Plan, enriched: Found): boolean =>
  decision.escalateTo !== undefined || maySearchNow(decision, enriched);

const maySearchNow = ({ maySearch, isLocked }: Plan["decision"], { outcome }: Found): boolean =>
  maySearch && !isLocked && outcome === "no";

interface Refused extends Doubted {
  readonly fault: string;
  readonly failure?: ProxyError;
}

/** The same model once more, with web results; undefined where that is no help. */
async function withResults(
  send: Send,
  { plan, signal }: Asked,
  refused: Refused,
): Promise<Again | undefined> {
  if (refused.fault !== "dated" || !maySearchNow(plan.decision, refused.enriched)) return undefined;
  const enriched = await refused.search();
  if (enriched.outcome !== "yes") return undefined;
  const [first] = plan.decision.order;
  const again = await instead(send, { call: enriched.call, plan, signal, to: first }, refused);
  return { ...again, enriched: again.sent === refused.sent ? refused.enriched : enriched };
}

async function byAnother(send: Send, asked: Asked, refused: Refused): Promise<Again> {
  const answer = await instead(send, { ...asked, to: asked.plan.decision.escalateTo }, refused);
  return { ...answer, enriched: refused.enriched };
}

/** What another attempt brought. */
type Again = Omit<Checked, "isVerified">;

interface Wanted extends Asked {
  readonly to: Candidate | undefined;
}

/** What another attempt says, or the first answer when it fails. */
async function instead(
  send: Send,
  { call, plan, signal, to }: Wanted,
  { sent, account, fault, failure }: Refused,
): Promise<Pick<Checked, "sent" | "escalated">> {
  if (to === undefined) return { sent, escalated: undefined };
  account.failed(
    failure ?? new ProxyError("upstream_rejected", `the local answer was not good enough: ${fault}`),
  );
  const isKept = failure === undefined && (await keepsPlace(sent, to));
  if (failure !== undefined) await leave(sent, failure);
  let better: Sent;
  try {
    // That this attempt fails does not end the call: its account stays open for the answer that is given.
    const open = { ...account, settle: () => undefined };
    better = { ...(await send(call, routeOf(plan, [to]), { signal, account: open })), account };
  } catch (thrown) {
    if (signal.aborted || !isKept) throw failure ?? thrown;
    return { sent, escalated: `${fault}, but ${toProxyError(thrown).code}` };
  }
  await leave(sent, failure);
  return { sent: better, escalated: fault };
}

/**
 * Whether the first answer can be kept for the case that nobody has a better one. Where the same server is asked again, the
 * first answer's place there is given back, which a stream does not survive.
 */
async function keepsPlace(sent: Sent, to: Candidate): Promise<boolean> {
  if (to.upstream !== sent.upstream) return true;
  if (sent.answer.kind === "whole") {
    sent.settle();
    return true;
  }
  await leave(sent);
  return false;
}

/** The place of an answer is given back once, whoever does it first. */
function settledOnce(sent: Sent): Sent {
  let isSettled = false;
  return {
    ...sent,
    settle(error) {
      if (!isSettled) sent.settle(error);
      isSettled = true;
    },
  };
}

/** Gives back the place of an answer that nobody will hear. */
async function leave(sent: Sent, error?: ProxyError): Promise<void> {
  const { answer } = sent;
  // It is given up: how its end goes is of no interest any more.
  if (answer.kind === "flow")
    await Promise.resolve(answer.rest[Symbol.asyncIterator]().return?.()).catch(() => undefined);
  sent.settle(error);
}

/** No usage: what was heard of it is of the local answer, and another attempt may have cost something. */
const settleUnanswered = async ({ account, hops }: Sent, error: ProxyError): Promise<void> =>
  account.settle({ usage: undefined, meter: undefined, status: error.status, hops, error });
