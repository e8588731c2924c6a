import { usualControl } from "../cache/control.ts";
import type { Found, Lookup } from "../cache/walk.ts";
import type { PassReason, Policy } from "../cache/policy.ts";
import type { Served } from "../cache/served.ts";
import type { Stored } from "../cache/stored.ts";
import { isInference, type Reply } from "../core/call.ts";
import { ProxyError, toProxyError } from "../core/error.ts";
import { field } from "../lib/json.ts";
import { type AgainParts, createAgain, type RepeatableReply } from "./again.ts";
import type { Answer } from "./answer.ts";
import {
  type EmbeddingBatch,
  type EmbeddingParts,
  isEmbedding,
  joinFound,
  lookUpInputs,
} from "./embeddings.ts";
import { fly, type FlyParts, type Planned } from "./fly.ts";
import { hitOf, marked, nearOf, note, staleOf } from "./given.ts";
import { withoutContext } from "./meaning.ts";
import { renderStored } from "./replayed.ts";

export interface CachingParts extends EmbeddingParts, FlyParts, AgainParts {
  readonly policy: Policy;
  readonly served: Served;
}

/** The same line with the cache before it: what is stored is given again, what is asked twice at once is asked once. */
export function createCachingAnswer(parts: CachingParts): Answer {
  return async function answer(call, record, signal) {
    if (!isInference(call.operation)) return parts.ask(call, record, signal);
    const plan = parts.policy(call);
    if (typeof plan === "string") return pass(parts, { call, record, signal }, plan);
    const asked = { call, record, signal, plan };
    return isEmbedding(call) ? lookUpBatch(parts, asked) : look(parts, asked);
  };
}

type Asked = Omit<Planned, "plan">;

async function pass(
  parts: CachingParts,
  { call, record, signal }: Asked,
  reason: PassReason,
): Promise<Reply> {
  note(parts, { call, record }, { result: "pass", reason });
  if (call.asker.cacheControl.onlyCached) throw notCached();
  return marked(await parts.ask(call, record, signal), { result: "pass", reason });
}

async function look(parts: CachingParts, asked: Planned): Promise<Reply | RepeatableReply> {
  const { plan } = asked;
  const bypass = bypassReason(parts, asked);
  const looking = bypass === undefined ? parts.cache.find(plan.place, isGoodFor(parts, asked)) : noLookup;
  const lookup = looking instanceof Promise ? await looking : looking;
  const reply = lookup.hit === undefined ? undefined : replay(parts, asked, lookup.hit);
  if (reply !== undefined) return reply;
  const near = bypass === undefined ? await replayNear(parts, asked) : undefined;
  if (near !== undefined) return near;
  const reason = bypass ?? missReason(lookup);
  checkMayAsk(parts, asked, reason);
  try {
    return await fly(parts, asked, { reason });
  } catch (thrown) {
    const stale = await staleFor(parts, asked, { error: toProxyError(thrown), lookup });
    if (stale !== undefined) return stale;
    throw thrown;
  }
}

/** Embeddings are looked up and stored input by input; only what is missing is asked for. */
async function lookUpBatch(parts: CachingParts, asked: Planned): Promise<Reply> {
  const { call, plan } = asked;
  const batch = await lookUpInputs(parts, call, plan.reads ? isGoodFor(parts, asked) : undefined);
  if (batch === undefined) return pass(parts, asked, "load_unload");
  const reply = joinFound(call, batch);
  const found = firstFound(batch);
  if (reply !== undefined && found !== undefined) return hitOf(parts, asked, { reply, found });
  const reason = !plan.reads ? "no_cache" : found === undefined ? "cold" : "partial";
  checkMayAsk(parts, asked, reason);
  try {
    return await fly(parts, asked, { reason, batch });
  } catch (thrown) {
    const error = toProxyError(thrown);
    const stale = soft.has(error.code) ? await staleBatch(parts, asked, error) : undefined;
    if (stale !== undefined) return stale;
    throw thrown;
  }
}

const firstFound = ({ found }: EmbeddingBatch): Found | undefined => found.find((one) => one !== undefined);

async function staleBatch(
  parts: CachingParts,
  asked: Planned,
  { code }: ProxyError,
): Promise<Reply | undefined> {
  const old = await lookUpInputs(parts, asked.call, isStaleEnough(parts, asked));
  const reply = old === undefined ? undefined : joinFound(asked.call, old);
  const found = old === undefined ? undefined : firstFound(old);
  if (reply === undefined || found === undefined) return undefined;
  return staleOf(parts, asked, { reply, found, reason: code });
}

/** Throws ProxyError for whoever wants a stored answer or none. */
function checkMayAsk(parts: CachingParts, asked: Planned, reason: string): void {
  if (!asked.call.asker.cacheControl.onlyCached) return;
  note(parts, asked, { result: "miss", reason });
  throw notCached();
}

const noLookup: Lookup = { hit: undefined, old: undefined };

const notCached = (): ProxyError =>
  new ProxyError("not_cached", "the request wants a stored answer only, and there is none");

function bypassReason({ served }: CachingParts, { call, plan }: Planned): string | undefined {
  const { asker } = call;
  if (!asker.cacheControl.read) return "no_cache";
  if (!plan.reads) return "sampling";
  const mayRepeat = plan.isDeterministic || asker.cacheControl.ageMaxMs !== undefined;
  if (mayRepeat || plan.rules.regenerateMs === 0) return undefined;
  return served.isRepeat(asker.client, plan.place.key, plan.rules.regenerateMs) ? "regenerate" : undefined;
}

function missReason({ hit, old }: Lookup): string {
  if (hit !== undefined) return "stream_only";
  return old === undefined ? "cold" : "expired";
}

function isGoodFor({ clock }: CachingParts, { call }: Planned): (stored: Stored) => boolean {
  const nowMs = clock.epochMs();
  const { ageMaxMs = Number.POSITIVE_INFINITY, staleMaxMs } = call.asker.cacheControl;
  return ({ createdMs, expiresMs }) => nowMs - createdMs <= ageMaxMs && nowMs < expiresMs + staleMaxMs;
}

/** Gives a stored answer again; undefined when it cannot be given in the form that is asked for. */
function replay(
  parts: CachingParts,
  asked: Planned,
  { tier, stored }: Found,
): Reply | RepeatableReply | undefined {
  const { call, plan } = asked;
  const reply = renderStored(call, stored, parts.clock.epochMs());
  if (reply === undefined) return undefined;
  const { key } = plan.place;
  noteGiven(parts, asked, key);
  if (tier !== "memory") parts.meaning?.learn(call, plan.place);
  const hit = hitOf(parts, asked, { reply, found: { tier, stored } });
  return tier === "memory" && isSteady(asked)
    ? { ...hit, again: () => createAgain(parts, asked, stored) }
    : hit;
}

/** Whether the next one who asks this is given just the same, however often it was asked. */
function isSteady({ call, plan }: Planned): boolean {
  const isAlways = plan.isDeterministic || plan.rules.regenerateMs === 0;
  return isAlways && call.asker.cacheControl === usualControl && field(call.wire, "keep_alive") === undefined;
}

/** Gives the answer to a question that was asked in other words before, if there is one. */
async function replayNear(parts: CachingParts, asked: Planned): Promise<Reply | undefined> {
  const { call, plan } = asked;
  const near = await parts.meaning?.find(call, plan.place);
  if (near === undefined) return undefined;
  const { hit } = await parts.cache.find(near.place, isGoodFor(parts, asked));
  if (hit === undefined) {
    parts.meaning?.forget(near.place);
    return undefined;
  }
  const stored = { ...hit.stored, answer: withoutContext(hit.stored.answer) };
  const reply = renderStored(call, stored, parts.clock.epochMs());
  if (reply === undefined) return undefined;
  noteGiven(parts, asked, near.place.key);
  return nearOf(parts, asked, { reply, found: hit, similarity: near.similarity });
}

function noteGiven(parts: CachingParts, { call, plan }: Planned, knownKey: Buffer): void {
  const { key, scope } = plan.place;
  if (!plan.isDeterministic) parts.served.note(call.asker.client, key);
  parts.recent.note(scope, call.id, { askedKey: key, knownKey });
}

/** Errors after which an older answer is better than none. */
const soft = new Set<string>([
  "upstream_unreachable",
  "upstream_broken",
  "upstream_failed",
  "upstream_timeout",
  "upstream_busy",
  "upstream_denied",
  "upstream_down",
  "overloaded",
  "no_upstream",
  "upstream_unpaid",
  "upstream_loading",
  "budget_exceeded",
  "ledger_unavailable",
]);

/** Whether something stored may still be served although no upstream answers. */
function isStaleEnough({ clock }: CachingParts, { call, plan }: Planned): (stored: Stored) => boolean {
  const { read, staleIfErrorMs } = call.asker.cacheControl;
  const allowedMs = staleIfErrorMs ?? (read && plan.reads ? plan.rules.staleIfErrorMs : 0);
  const nowMs = clock.epochMs();
  return ({ expiresMs, keepUntilMs }) =>
    allowedMs > 0 && nowMs - expiresMs <= allowedMs && (staleIfErrorMs !== undefined || nowMs < keepUntilMs);
}

async function staleFor(
  parts: CachingParts,
  asked: Planned,
  { error, lookup }: { error: ProxyError; lookup: Lookup },
): Promise<Reply | undefined> {
  const { call, plan } = asked;
  if (!soft.has(error.code)) return undefined;
  const isEnough = isStaleEnough(parts, asked);
  const found = lookup.old ?? (await parts.cache.find(plan.place, isEnough)).hit;
  if (found === undefined || !isEnough(found.stored)) return undefined;
  const reply = renderStored(call, found.stored, parts.clock.epochMs());
  return reply === undefined ? undefined : staleOf(parts, asked, { reply, found, reason: error.code });
}
