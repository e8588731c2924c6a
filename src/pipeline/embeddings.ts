import type { Found } from "../cache/walk.ts";
import type { Place } from "../cache/policy.ts";
import type { Stored } from "../cache/stored.ts";
import type { Call, Reply } from "../core/call.ts";
import { dialects } from "../dialect/dialects.ts";
import { inputsOf, readVectors, withInputs, writeVectors, type Vectors } from "../dialect/embedding.ts";
import { headerText } from "../lib/header-text.ts";
import { isObject, stringifyLine, type Json } from "../lib/json.ts";
import type { KeepParts } from "./keep.ts";
import type { Plan } from "../cache/policy.ts";

export interface EmbeddingParts extends KeepParts {
  /** Where the answer to one input lies. */
  readonly placeOf: (call: Call, wire: Call["wire"]) => Place;
}

export const isEmbedding = ({ operation }: Call): boolean =>
  operation === "embed" || operation === "embeddings";

/** A request for embeddings, input by input. */
export interface EmbeddingBatch {
  readonly inputs: readonly Json[];
  readonly places: readonly Place[];
  /** What is stored of each input, and where that was. */
  readonly found: readonly (Found | undefined)[];
}

/** Looks up each input by itself; undefined for a request without any. */
export async function lookUpInputs(
  { cache, placeOf }: EmbeddingParts,
  call: Call,
  isGood: ((stored: Stored) => boolean) | undefined,
): Promise<EmbeddingBatch | undefined> {
  const inputs = inputsOf(call.wire, call);
  if (inputs === undefined) return undefined;
  const places = inputs.map((input) => placeOf(call, withInputs(call.wire, call, [input])));
  const lookups =
    isGood === undefined ? [] : await Promise.all(places.map(async (place) => cache.find(place, isGood)));
  return { inputs, places, found: places.map((_place, index) => lookups[index]?.hit) };
}

/** The call for those inputs that were not found; the call itself when none was. */
export function callForMissing(call: Call, { inputs, found }: EmbeddingBatch): Call {
  const missing = inputs.filter((_input, index) => found[index] === undefined);
  if (missing.length === inputs.length) return call;
  const wire = withInputs(call.wire, call, missing);
  return { ...call, wire, raw: Buffer.from(stringifyLine(wire)) };
}

/** The answer when every input was found. */
export function joinFound(call: Call, { found }: EmbeddingBatch): Reply | undefined {
  const parts = found.map((one) => partOf(one?.stored));
  return parts.every((part) => part !== undefined) ? replyWith(call, parts) : undefined;
}

/**
 * Stores what was missing, each input by itself, and puts the whole answer together; undefined when the answer is not
 * understood, and then nothing is stored. Counts of a batch are shared out by the length of its inputs.
 */
export function fillAndJoin(
  parts: KeepParts,
  { call, plan, body, tookMs }: { call: Call; plan: Plan; body: Uint8Array; tookMs: number },
  batch: EmbeddingBatch,
): Reply | undefined {
  const missing = batch.inputs.flatMap((input, index) =>
    batch.found[index] === undefined ? [{ input, index }] : [],
  );
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
  const vectors = readVectors(text, call, missing.length);
  if (vectors === undefined) return undefined;
  const shares = shareOut(
    vectors,
    missing.map(({ input }) => lengthOf(input)),
  );
  const all = batch.found.map((one) => partOf(one?.stored));
  for (const [nth, { index }] of missing.entries()) {
    const share = shares[nth];
    const place = batch.places[index];
    if (share === undefined || place === undefined) continue;
    all[index] = share;
    if (plan.stores) fill(parts, { call, plan, place, tookMs: tookMs / missing.length }, share);
  }
  return all.every((part) => part !== undefined) ? replyWith(call, all) : undefined;
}

interface Filling {
  readonly call: Call;
  readonly plan: Plan;
  readonly place: Place;
  readonly tookMs: number;
}

function fill(
  { cache, models, clock }: KeepParts,
  { call, plan, place, tookMs }: Filling,
  part: Vectors,
): void {
  const { rules } = plan;
  const nowMs = clock.epochMs();
  const expiresMs = nowMs + Math.min(rules.ttlMs, call.asker.cacheControl.ttlMs ?? Number.POSITIVE_INFINITY);
  const kept = {
    model: models.keyOf(call.model),
    scope: place.scope,
    answer: { vector: part.texts[0] ?? "", totalNs: part.totalNs, loadNs: part.loadNs },
    isWhole: true,
    inputTokens: part.inputTokens,
    outputTokens: 0,
    savedMs: Math.round(tookMs),
    keepUntilMs: expiresMs + rules.staleIfErrorMs,
  };
  cache.fill(place, kept, { createdMs: nowMs, expiresMs });
}

function partOf(stored: Stored | undefined): Vectors | undefined {
  if (stored === undefined || !isObject(stored.answer)) return undefined;
  const { vector, totalNs, loadNs } = stored.answer;
  if (typeof vector !== "string" || typeof totalNs !== "number" || typeof loadNs !== "number")
    return undefined;
  return { texts: [vector], inputTokens: stored.inputTokens, totalNs, loadNs };
}

function replyWith(call: Call, parts: readonly Vectors[]): Reply {
  const sum = (of: (part: Vectors) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const whole = {
    texts: parts.flatMap(({ texts }) => texts),
    inputTokens: sum((part) => part.inputTokens),
    totalNs: sum((part) => part.totalNs),
    loadNs: sum((part) => part.loadNs),
  };
  return {
    status: 200,
    contentType: dialects[call.dialect].wholeType,
    headers: { "X-Chasqui-Model": headerText(call.model) },
    body: Buffer.from(writeVectors(whole, call, call.model)),
  };
}

const lengthOf = (input: Json): number =>
  typeof input === "string" ? input.length : JSON.stringify(input).length;

/** Splits the counts of a batch; what each gets adds up to the whole again. */
function shareOut({ texts, inputTokens, totalNs, loadNs }: Vectors, lengths: readonly number[]): Vectors[] {
  const whole = lengths.reduce((sum, length) => sum + length, 0) || 1;
  let before = 0;
  return texts.map((text, index) => {
    const after = before + (lengths[index] ?? 0);
    const part = (count: number): number =>
      Math.round((count * after) / whole) - Math.round((count * before) / whole);
    const share = {
      texts: [text],
      inputTokens: part(inputTokens),
      totalNs: part(totalNs),
      loadNs: part(loadNs),
    };
    before = after;
    return share;
  });
}
