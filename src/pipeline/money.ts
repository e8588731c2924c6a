import type { Call } from "../core/call.ts";
import { hopsText, ProxyError } from "../core/error.ts";
import { costOf, type Price } from "../core/price.ts";
import type { Usage } from "../core/usage.ts";
import { dialects } from "../dialect/dialects.ts";
import type { Clock } from "../lib/time.ts";
import { pause } from "../lib/time.ts";
import type { Hold, Ledger } from "../stats/ledger/ledger.ts";
import type { CallRecord } from "../stats/record.ts";
import type { CostSource, UsageRow } from "../stats/usage-row.ts";
import type { Account, Candidate, Spent } from "../upstream/admission.ts";

export interface MoneyParts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** What a model costs at an upstream; undefined where nobody knows, or it costs nothing. */
  readonly priceOf: (candidate: Candidate) => Price | undefined;
  /** What the model costs against which savings are reckoned. */
  readonly baselinePrice: () => Price | undefined;
  /** Whether a budget limits what this key may spend. */
  readonly isLimited: (keyName: string | undefined) => boolean;
  /** What is reserved for an answer whose client sets no limit, in tokens. */
  readonly outputTokensMax: number;
}

/** Opens the account of one call. */
export type OpenAccount = (call: Call, record: CallRecord) => Account;

/** How often, and when, a provider is asked what an answer cost that was not heard to its end; in milliseconds. */
const lookUpWaitsMs = [1_000, 3_000, 10_000, 60_000];

/** A failed attempt of these kinds may have been worked on, and charged, all the same. */
const maybeCharged = new Set([
  "upstream_timeout",
  "upstream_broken",
  "client_closed",
  "client_stalled",
  "draining",
]);

/** The account of a call that nobody writes down. */
export const freeAccount: Account = {
  reserve: () => undefined,
  failed: () => undefined,
  settle: () => undefined,
};

export function createOpenAccount(parts: MoneyParts): OpenAccount {
  return (call, record) => openAccount(call, record, parts);
}

interface Open {
  readonly hold: Hold;
  readonly candidate: Candidate;
  readonly maxNanoUsd: number;
}

function openAccount(call: Call, record: CallRecord, parts: MoneyParts): Account {
  let open: Open | undefined;
  /** Attempts that failed and may have cost something. */
  const doubtful: Open[] = [];
  let settled: Promise<void> | undefined;

  const reserve = async (candidate: Candidate, price: Price | undefined): Promise<void> => {
    const { upstream, target } = candidate;
    if (price === undefined && parts.isLimited(call.asker.keyName)) throw unpriced(target.model);
    const maxNanoUsd = price === undefined ? 0 : highestCost(call, price, parts);
    const hold = await parts.ledger.reserve({
      requestId: call.id,
      keyName: call.asker.keyName,
      model: target.model,
      upstream: upstream.name,
      endpoint: call.path,
      maxNanoUsd,
    });
    open = { hold, candidate, maxNanoUsd };
  };

  const settle = async (spent: Spent): Promise<void> => {
    const last = open ?? doubtful.at(-1);
    if (last === undefined) return;
    const lost = doubtful.filter((one) => one !== last);
    const isWhole = open !== undefined && spent.error === undefined;
    const charge = isWhole ? chargeOf(spent.usage, last, parts) : doubtfulCharge(spent, last);
    await close({ call, record, spent, last, lost, charge }, parts);
  };

  return {
    reserve(candidate) {
      const price = parts.priceOf(candidate);
      return candidate.upstream.isCloud || price !== undefined ? reserve(candidate, price) : undefined;
    },
    failed(error) {
      if (open === undefined) return;
      const failed = open;
      open = undefined;
      if (maybeCharged.has(error.code)) doubtful.push(failed);
      else void failed.hold.release();
    },
    settle(spent) {
      if (open === undefined && doubtful.length === 0) return undefined;
      settled ??= settle(spent);
      return settled;
    },
  };
}

interface Closing {
  readonly call: Call;
  readonly record: CallRecord;
  readonly spent: Spent;
  /** The attempt that the row tells of. */
  readonly last: Open;
  /** Attempts before it that may have cost something. */
  readonly lost: readonly Open[];
  readonly charge: Charge;
}

/** Writes the row of a call, and has the provider asked later where it did not say what it charged. */
async function close({ call, record, spent, last, lost, charge }: Closing, parts: MoneyParts): Promise<void> {
  const { hold, candidate } = last;
  const lostNanoUsd = lost.reduce((sum, one) => sum + one.maxNanoUsd, 0);
  const usage = spent.usage ?? (await estimateOf(spent));
  const costNanoUsd = charge.nanoUsd + lostNanoUsd;
  record.usage ??= usage;
  record.isAccounted = true;
  record.costNanoUsd = costNanoUsd;
  await hold.settle({
    ...rowOf(call, record, { spent, usage, candidate }),
    costNanoUsd,
    costSource: lostNanoUsd > 0 ? "estimated" : charge.source,
    baselineNanoUsd: baselineOf(usage, parts),
  });
  await Promise.all(lost.map((one) => one.hold.release()));
  const id = spent.meter?.generationId();
  if (charge.source === "estimated" && id !== undefined)
    void lookUpLater(parts, { call, candidate, id, lostNanoUsd });
}

const unpriced = (model: string): ProxyError =>
  new ProxyError(
    "budget_exceeded",
    `the price of ${JSON.stringify(model)} is not known, so that no budget can be kept: add it to money.prices`,
  );

/** No token is shorter than a byte; a picture is taken for so many tokens. */
const imageTokens = 3_000;
const messageTokens = 32;

/** The most that a call can cost: every byte a token, and the answer as long as it may be. */
function highestCost(call: Call, price: Price, { clock, outputTokensMax }: MoneyParts): number {
  const isText = call.operation !== "embed" && call.operation !== "embeddings";
  if (!isText)
    return costOf(
      price,
      { inputTokens: call.raw instanceof Uint8Array ? call.raw.length : 0, outputTokens: 0 },
      { images: 0, nowMs: clock.epochMs() },
    );
  const { messages, tools, sampling } = dialects[call.dialect].decodeRequest(call.wire, call.operation);
  const images = messages.reduce((sum, message) => sum + (message.images?.length ?? 0), 0);
  const spoken = messages.map(({ text, thinking = "", toolCalls = [] }) => [text, thinking, toolCalls]);
  const bytes = Buffer.byteLength(JSON.stringify([spoken, tools]));
  const usage = {
    inputTokens: bytes + images * imageTokens + messages.length * messageTokens,
    outputTokens: sampling.outputTokensMax ?? outputTokensMax,
  };
  return costOf(price, usage, { images, nowMs: clock.epochMs() });
}

interface Charge {
  readonly nanoUsd: number;
  readonly source: CostSource;
}

/** What a whole answer cost: the provider's word, else prices times counts; counts that are ours are not trusted. */
function chargeOf(usage: Usage | undefined, { candidate, maxNanoUsd }: Open, parts: MoneyParts): Charge {
  if (usage?.costNanoUsd !== undefined) return { nanoUsd: usage.costNanoUsd, source: "provider" };
  const price = parts.priceOf(candidate);
  if (price === undefined) return { nanoUsd: 0, source: "unknown" };
  if (usage === undefined || usage.isEstimated === true) return { nanoUsd: maxNanoUsd, source: "estimated" };
  const nowMs = parts.clock.epochMs();
  return { nanoUsd: costOf(price, usage, { images: 0, nowMs }), source: "price-table" };
}

/** An answer that was not heard to its end may have cost all that was reserved, unless the provider said otherwise. */
const doubtfulCharge = ({ usage }: Spent, { maxNanoUsd }: Open): Charge =>
  usage?.costNanoUsd === undefined
    ? { nanoUsd: maxNanoUsd, source: "estimated" }
    : { nanoUsd: usage.costNanoUsd, source: "provider" };

const nothing: Usage = { inputTokens: 0, outputTokens: 0 };

const estimateOf = async ({ meter }: Spent): Promise<Usage> => (await meter?.estimate()) ?? nothing;

function baselineOf(usage: Usage, { baselinePrice, clock }: MoneyParts): number {
  const price = baselinePrice();
  return price === undefined ? 0 : costOf(price, usage, { images: 0, nowMs: clock.epochMs() });
}

interface RowParts {
  readonly spent: Spent;
  readonly usage: Usage;
  readonly candidate: Candidate;
}

function rowOf(
  { id, path, model, asker }: Call,
  record: CallRecord,
  { spent, usage, candidate }: RowParts,
): Omit<UsageRow, "costNanoUsd" | "costSource" | "baselineNanoUsd"> {
  return {
    requestId: id,
    timeMs: record.startedEpochMs,
    keyName: asker.keyName,
    session: asker.session,
    endpoint: path,
    askedModel: model,
    answeredModel: candidate.target.model,
    upstream: candidate.upstream.name,
    isCloud: candidate.upstream.isCloud,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    cachedTokens: usage.cachedTokens ?? 0,
    reasoningTokens: usage.reasoningTokens ?? 0,
    isEstimated: usage.isEstimated === true,
    avoidedNanoUsd: 0,
    cache: record.cache,
    hops: hopsText(spent.hops),
    status: spent.status,
    error: spent.error?.code,
  };
}

interface LookUp {
  readonly call: Call;
  readonly candidate: Candidate;
  readonly id: string;
  readonly lostNanoUsd: number;
}

/** Asks the provider what an answer cost in the end, and corrects the row. */
async function lookUpLater(
  { ledger, clock }: MoneyParts,
  { call, candidate, id, lostNanoUsd }: LookUp,
): Promise<void> {
  for (const waitMs of lookUpWaitsMs) {
    await pause(clock, waitMs);
    const nanoUsd = await candidate.upstream.lookUpCost?.(id);
    if (nanoUsd === undefined) continue;
    const costSource = lostNanoUsd > 0 ? "estimated" : "provider";
    return ledger.amend(call.id, { costNanoUsd: nanoUsd + lostNanoUsd, costSource });
  }
}
