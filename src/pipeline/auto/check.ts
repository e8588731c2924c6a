import type { Call } from "../../core/call.ts";
import { ProxyError, toProxyError } from "../../core/error.ts";
import type { Signal } from "../../lib/abort.ts";
import type { Candidate } from "../../router/gates.ts";
import type { Account } from "../../upstream/admission.ts";
import type { Send, Sent } from "../../upstream/retry.ts";
import type { Found } from "./enrich.ts";
import { judged } from "./held.ts";
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
  /** What the answer was asked. */
  readonly enriched: Found;
}

/**
 * A local answer that is not good enough is asked for once more: with web results where the model says that it does not
 * know what is new, else of somebody better. Without either it is better than none.
 */
export async function checked(
  { send }: { readonly send: Send },
  asked: Asked,
  doubted: Doubted,
): Promise<Checked> {
  const { plan } = asked;
  const { sent: first, isDoubted, enriched } = doubted;
  const unchanged = { sent: first, escalated: undefined, enriched };
  if (!isDoubted || first.isCloud || !canAskAgain(plan, enriched)) return unchanged;
  const { sent, fault } = await judged(asked.call, plan, first);
  if (fault === undefined) return { ...unchanged, sent };
  const refused = { ...doubted, sent, fault };
  return (await withResults(send, asked, refused)) ?? (await byAnother(send, asked, refused));
}

const canAskAgain = ({ decision }: Plan, enriched: Found): boolean =>
  decision.escalateTo !== undefined || maySearchNow(decision, enriched);

const maySearchNow = ({ maySearch, isLocked }: Plan["decision"], { outcome }: Found): boolean =>
  maySearch && !isLocked && outcome === "no";

interface Refused extends Doubted {
  readonly fault: string;
}

/** The same model once more, with web results; undefined where that is no help. */
async function withResults(
  send: Send,
  { plan, signal }: Asked,
  refused: Refused,
): Promise<Checked | undefined> {
  if (refused.fault !== "dated" || !maySearchNow(plan.decision, refused.enriched)) return undefined;
  const enriched = await refused.search();
  if (enriched.outcome !== "yes") return undefined;
  const [first] = plan.decision.order;
  const again = await instead(send, { call: enriched.call, plan, signal, to: first }, refused);
  return { ...again, enriched: again.sent === refused.sent ? refused.enriched : enriched };
}

async function byAnother(send: Send, asked: Asked, refused: Refused): Promise<Checked> {
  const answer = await instead(send, { ...asked, to: asked.plan.decision.escalateTo }, refused);
  return { ...answer, enriched: refused.enriched };
}

interface Again extends Asked {
  readonly to: Candidate | undefined;
}

/** What another attempt says, or the first answer when it fails. */
async function instead(
  send: Send,
  { call, plan, signal, to }: Again,
  { sent, account, fault }: Refused,
): Promise<Pick<Checked, "sent" | "escalated">> {
  if (to === undefined) return { sent, escalated: undefined };
  account.failed(new ProxyError("upstream_rejected", `the local answer was not good enough: ${fault}`));
  try {
    const better = await send(call, routeOf(plan, [to]), { signal, account });
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
