import type { Found } from "../cache/walk.ts";
import { type CacheCounts, type CacheResult, savedNothing } from "../cache/counts.ts";
import type { Stored } from "../cache/stored.ts";
import type { Call, Reply } from "../core/call.ts";
import { loadReason } from "../dialect/ollama/request.ts";
import { field } from "../lib/json.ts";
import { createRecord, type CallRecord, type Routed } from "../stats/record.ts";
import type { Answer } from "./answer.ts";
import type { KeepParts } from "./keep.ts";

/** What is needed to tell how the cache dealt with a call. */
export interface GivenParts extends Pick<KeepParts, "models" | "clock"> {
  /** Asks an upstream. */
  readonly ask: Answer;
  readonly counts: CacheCounts;
}

/** A stored answer, and the reply made of it. */
export interface Given {
  readonly reply: Reply;
  readonly found: Found;
}

/** Gives a stored answer as a hit. */
export function hitOf(parts: GivenParts, asked: Told, { reply, found: { tier, stored } }: Given): Reply {
  const { call, record } = asked;
  const nowMs = parts.clock.epochMs();
  noteStored(record, call, stored);
  if (loadReason({ keep_alive: field(call.wire, "keep_alive") ?? null }, "generate") === "unload")
    unload(parts, call);
  const isStale = nowMs >= stored.expiresMs;
  const how = isStale ? ({ result: "stale", reason: "max_stale" } as const) : ({ result: "hit" } as const);
  const outcome = { ...how, tier, stored };
  note(parts, asked, outcome);
  return marked(reply, { ...outcome, ageMs: nowMs - stored.createdMs });
}

/** Who answered: the model that was asked for, or the one that was chosen for it. */
export const answeredModelOf = ({ model }: Call, stored: Stored): string =>
  stored.told === undefined ? model : stored.model;

/** How `auto` made a stored answer, if it did: as the headers tell that are given again with it. */
export function routedOf({ told }: Stored): Routed | undefined {
  const tier = told?.["X-Chasqui-Tier"];
  if (told === undefined || tier === undefined) return undefined;
  return { tier, searched: told["X-Chasqui-Searched"] ?? "no", escalated: told["X-Chasqui-Escalated"] };
}

function noteStored(record: CallRecord, call: Call, stored: Stored): void {
  record.lane = "cache";
  record.answeredModel = answeredModelOf(call, stored);
  record.routed = routedOf(stored);
}

/** Gives the answer to another question that asks for the same, and says so. */
export function nearOf(
  parts: GivenParts,
  asked: Told,
  { reply, found: { tier, stored }, similarity }: Given & { readonly similarity: number },
): Reply {
  const { call, record } = asked;
  noteStored(record, call, stored);
  const outcome = { result: "semantic", tier, stored } as const;
  note(parts, asked, outcome);
  const given = marked(reply, { ...outcome, ageMs: parts.clock.epochMs() - stored.createdMs });
  const headers = { ...given.headers, "X-Chasqui-Cache-Similarity": similarity.toFixed(4) };
  return { ...given, headers };
}

/** Gives an answer that is too old, because there is no better one. */
export function staleOf(
  parts: GivenParts,
  asked: Told,
  { reply, found: { tier, stored }, reason }: Given & { readonly reason: string },
): Reply {
  const { call, record } = asked;
  noteStored(record, call, stored);
  const outcome = { result: "stale", reason, tier, stored } as const;
  note(parts, asked, outcome);
  return marked(reply, { ...outcome, ageMs: parts.clock.epochMs() - stored.createdMs });
}

/** A hit must not load a model; one that asks for it to go lets it go, if it is there, and waits for nothing. */
function unload({ ask, models, counts }: GivenParts, call: Call): void {
  if (!models.isLoaded(call.model)) return;
  const wire = { model: call.model, keep_alive: 0 };
  const raw = Buffer.from(JSON.stringify(wire));
  const request = {
    ...call,
    dialect: "ollama",
    operation: "generate",
    path: "/api/generate",
    wire,
    raw,
  } as const;
  counts.unloaded();
  const signal = new AbortController().signal;
  // Nobody waits for it: a backend that cannot do it says so to whoever asks next.
  ask(request, createRecord(call.id, "POST"), signal).catch(() => undefined);
}

/** How the cache dealt with a call. */
export interface How {
  readonly result: CacheResult;
  readonly reason?: string | undefined;
  readonly tier?: Found["tier"];
  readonly stored?: Stored;
  readonly ageMs?: number;
}

/** Counts it, and notes it in the record. */
export function note(
  { counts, models }: Pick<GivenParts, "counts" | "models">,
  { call, record }: Told,
  { result, reason, tier, stored }: How,
): void {
  record.cache = result;
  if (stored !== undefined)
    record.saved = { inputTokens: stored.inputTokens, outputTokens: stored.outputTokens };
  counts.note({
    result,
    reason,
    tier,
    model: models.keyOf(call.model),
    operation: call.operation,
    saved:
      stored === undefined
        ? savedNothing
        : { inputTokens: stored.inputTokens, outputTokens: stored.outputTokens, ms: stored.savedMs },
  });
}

/** The reply with headers that say how the cache dealt with it. */
export function marked(reply: Reply, { result, reason, tier, ageMs }: How): Reply {
  const headers: Record<string, string> = { ...reply.headers, "X-Chasqui-Cache": result };
  if (tier !== undefined) headers["X-Chasqui-Cache-Tier"] = tier;
  if (ageMs !== undefined) headers["Age"] = String(Math.max(0, Math.floor(ageMs / 1_000)));
  if (reason !== undefined) headers["X-Chasqui-Cache-Reason"] = reason;
  return { ...reply, headers };
}

/** The reply, and `onEnd` after its last byte, so that a record knows what was only known then. */
export function withRecord(reply: Reply, onEnd: () => void): Reply {
  const { body } = reply;
  if (body instanceof Uint8Array) return reply;
  const source = body[Symbol.asyncIterator]();
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      const next = await source.next();
      if (next.done === true) onEnd();
      return next;
    },
    return: () => source.return?.() ?? Promise.resolve({ done: true, value: undefined }),
  };
  return { ...reply, body: { [Symbol.asyncIterator]: () => iterator } };
}

/** A call, and the record that tells of it. */
export interface Told {
  readonly call: Call;
  readonly record: CallRecord;
}
