import type { OpenCache } from "../cache/open.ts";
import type { Stored } from "../cache/stored.ts";
import type { Reply } from "../core/call.ts";
import type { Clock } from "../lib/time.ts";
import type { CallRecord } from "../stats/record.ts";
import type { FlownAnswer, Planned } from "./fly.ts";
import { answeredModelOf, routedOf } from "./given.ts";
import type { ModelFacts } from "./keep.ts";
import { renderText } from "./replayed.ts";
import { templateOf } from "./template.ts";

/** A stored answer, ready to be sent. */
export interface ReadyReply {
  /** Names and values of headers, one after the other; without the length and the id. */
  readonly headers: readonly string[];
  /** One character for each byte. */
  readonly text: string;
}

/**
 * Answers an equal request of the same scope once more, counted and recorded like the first time; undefined when that
 * needs a closer look: the answer is gone, old or replaced, or the model is another one.
 */
export type Again = (record: CallRecord) => ReadyReply | undefined;

/** A reply that can be given again without asking what it answers. */
export interface RepeatableReply extends Reply {
  /** Makes what gives it again; undefined when it cannot be had that way. */
  readonly again: () => Again | undefined;
}

export const isRepeatable = (reply: Reply): reply is RepeatableReply => "again" in reply;

export interface AgainParts extends Pick<OpenCache<FlownAnswer>, "memory" | "counts" | "recent" | "secret"> {
  readonly models: ModelFacts;
  readonly clock: Clock;
}

/** How long a model is taken to be what it was; the catalog is not read anew more often. */
const modelTrustMs = 100;

/** For a hit in memory of a request whose answer is not drawn at random. */
export function createAgain(
  parts: AgainParts,
  { call, plan }: Pick<Planned, "call" | "plan">,
  stored: Stored,
): Again | undefined {
  const { memory, counts, recent, secret, models, clock } = parts;
  const made = renderText(call, stored);
  const template = made === undefined ? undefined : templateOf(made.render);
  if (made === undefined || template === undefined) return undefined;
  const { key, scope } = plan.place;
  const { model, operation } = call;
  const answeredModel = answeredModelOf(call, stored);
  const routed = routedOf(stored);
  const [epoch, digest] = [secret.epoch(), models.digestOf(model)];
  const given = { askedKey: key, knownKey: key };
  const saved = { inputTokens: stored.inputTokens, outputTokens: stored.outputTokens, ms: stored.savedMs };
  const outcome = {
    result: "hit",
    tier: "memory",
    reason: undefined,
    model: models.keyOf(model),
    operation,
    saved,
  } as const;
  const headers = [
    ...Object.entries(made.headers).flat(),
    "X-Chasqui-Cache",
    "hit",
    "X-Chasqui-Cache-Tier",
    "memory",
    "Content-Type",
    made.contentType,
  ];
  let trustedUntilMs = clock.monotonicMs() + modelTrustMs;

  const isSameModel = (nowMs: number): boolean => {
    if (nowMs < trustedUntilMs) return true;
    trustedUntilMs = nowMs + modelTrustMs;
    return models.digestOf(model) === digest;
  };
  return (record) => {
    const beganMs = clock.monotonicMs();
    const nowMs = clock.epochMs();
    if (nowMs >= stored.expiresMs || secret.epoch() !== epoch || !isSameModel(beganMs)) return undefined;
    if (memory.get(key) !== stored) return undefined;
    counts.looked("memory", true, clock.monotonicMs() - beganMs);
    counts.note(outcome);
    recent.note(scope, record.id, given);
    record.askedModel = model;
    record.answeredModel = answeredModel;
    record.lane = "cache";
    record.routed = routed;
    record.cache = "hit";
    record.saved = saved;
    const age = Math.max(0, Math.floor((nowMs - stored.createdMs) / 1_000));
    return {
      headers: [...headers, "Age", String(age)],
      text: template({ id: record.id, createdMs: nowMs }),
    };
  };
}
