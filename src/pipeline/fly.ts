import type { Flights } from "../cache/flight.ts";
import type { Plan } from "../cache/policy.ts";
import type { Call, Reply } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import { usdText } from "../core/price.ts";
import type { Signal } from "../lib/abort.ts";
import { field } from "../lib/json.ts";
import { copyOutcome, createRecord, type CallRecord } from "../stats/record.ts";
import { collected } from "./collect.ts";
import { callForMissing, type EmbeddingBatch, fillAndJoin } from "./embeddings.ts";
import { type GivenParts, marked, note, withRecord } from "./given.ts";
import { keepAnswer, type KeepParts } from "./keep.ts";

export interface FlyParts extends KeepParts, GivenParts {
  readonly flights: Flights<FlownAnswer>;
}

/** An answer in flight, and the record of how it was made, which everyone who watches copies. */
export interface FlownAnswer {
  readonly reply: Reply;
  readonly record: CallRecord;
}

/** A call that may be cached, and how. */
export interface Planned {
  readonly call: Call;
  readonly record: CallRecord;
  readonly signal: Signal;
  readonly plan: Plan;
}

export interface Flying {
  /** Why it was not answered from the cache. */
  readonly reason: string;
  readonly batch?: EmbeddingBatch;
}

/** Asks an upstream, or joins those who already do. */
export async function fly(parts: FlyParts, asked: Planned, { reason, batch }: Flying): Promise<Reply> {
  const { call, plan, record, signal } = asked;
  const { asker } = call;
  const isAlone = !asker.cacheControl.read || !asker.cacheControl.store || reason === "regenerate";
  const wantsOwn = !plan.isDeterministic && asker.isKnown;
  const boarding = {
    key: isAlone ? undefined : flightKeyOf(call, plan),
    client: wantsOwn ? asker.client : undefined,
  };
  const watcher = parts.flights.join(
    boarding,
    (whole) => ask(parts, { ...asked, signal: whole }, batch),
    signal,
  );
  const result = watcher.isFollower ? "coalesced" : "miss";
  const how = { result, reason: watcher.isFollower ? undefined : reason } as const;
  try {
    const { reply, record: made } = await watcher.flown;
    copyOutcome(made, record);
    note(parts, asked, how);
    const own = watcher.isFollower ? withoutCost(reply) : reply;
    return marked(
      withRecord(own, () => copyOutcome(made, record)),
      how,
    );
  } catch (thrown) {
    note(parts, asked, how);
    throw thrown;
  }
}

/** Whoever watches another's answer pays nothing for it. */
function withoutCost(reply: Reply): Reply {
  const { "X-Chasqui-Cost": cost, "X-Chasqui-Cost-Max": most, ...headers } = reply.headers;
  if (cost === undefined && most === undefined) return reply;
  return { ...reply, headers: { ...headers, "X-Chasqui-Cost": usdText(0) } };
}

/** What two calls must share so that one can be given the other's bytes. */
function flightKeyOf({ wire, model, path, asker }: Call, { place }: Plan): string {
  const form = JSON.stringify([
    path,
    model,
    asker.isLocalOnly,
    field(wire, "stream") ?? null,
    field(wire, "stream_options") ?? null,
  ]);
  return `${place.key.toString("latin1")}${form}`;
}

async function ask(
  parts: FlyParts,
  planned: Planned,
  batch: EmbeddingBatch | undefined,
): Promise<FlownAnswer> {
  const { call, plan, signal } = planned;
  const record = createRecord(call.id, call.method);
  record.cache = "miss";
  const beganMs = parts.clock.monotonicMs();
  const request = batch === undefined ? call : callForMissing(call, batch);
  const reply = await parts.ask(request, record, signal).catch((thrown: unknown) => {
    // Nobody is handed this record, but the log is to tell how the call was routed.
    planned.record.routed = record.routed;
    throw thrown;
  });
  if (reply.status !== 200) return { reply, record };
  const tookMs = (): number => parts.clock.monotonicMs() - beganMs;
  const isPart = request !== call;
  if (!isOwnAnswer(reply, record)) {
    // What another model said, or was asked, is nobody else's answer. Vectors of two models do not mix.
    parts.counts.unstored("other_model");
    return { reply: isPart ? await parts.ask(call, record, signal) : reply, record };
  }
  if (batch === undefined)
    return { reply: plan.stores ? kept(parts, planned, { reply, tookMs }) : reply, record };
  return { reply: whole(parts, { call, plan, reply, tookMs: tookMs(), isPart }, batch), record };
}

const isOwnAnswer = ({ keeping }: Reply, { isExact }: CallRecord): boolean =>
  keeping === undefined ? isExact : keeping.isKept;

interface Batched {
  readonly call: Call;
  readonly plan: Plan;
  readonly reply: Reply;
  readonly tookMs: number;
  /** Whether only what was missing was asked for. */
  readonly isPart: boolean;
}

/** The answer for all inputs; the upstream's own bytes when all of them were asked for. Throws ProxyError. */
function whole(parts: FlyParts, { reply, isPart, ...made }: Batched, batch: EmbeddingBatch): Reply {
  const { body } = reply;
  const joined = body instanceof Uint8Array ? fillAndJoin(parts, { ...made, body }, batch) : undefined;
  if (joined === undefined) parts.counts.unstored("incomplete");
  if (!isPart) return reply;
  if (joined !== undefined) return { ...reply, body: joined.body };
  throw new ProxyError("upstream_broken", "the upstream gave other embeddings than it was asked for");
}

/** The reply, stored as soon as all of it is there. A cache that fails costs nobody an answer. */
function kept(
  parts: FlyParts,
  { call, plan }: Planned,
  { reply, tookMs }: { readonly reply: Reply; readonly tookMs: () => number },
): Reply {
  const keep = (bytes: Uint8Array): void => {
    try {
      const refused = keepAnswer(parts, { call, plan, bytes, tookMs: tookMs(), keeping: reply.keeping });
      if (refused !== undefined) parts.counts.unstored(refused);
    } catch {
      parts.counts.unstored("failed");
    }
  };
  const { body } = reply;
  if (!(body instanceof Uint8Array))
    return { ...reply, body: collected(body, keep, () => parts.counts.unstored("too_large")) };
  keep(body);
  return reply;
}
