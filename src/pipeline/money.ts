import type { Call } from "../core/call.ts";
import { hopsText, ProxyError } from "../core/error.ts";
import { costOf, type Price } from "../core/price.ts";
import type { Usage } from "../core/usage.ts";
import { pause } from "../lib/time.ts";
import type { Hold } from "../stats/ledger/ledger.ts";
import { type CallRecord, ownUsage } from "../stats/record.ts";
import type { UsageRow } from "../stats/usage-row.ts";
import type { Account, Candidate, Spent } from "../upstream/admission.ts";
import { type Charge, chargeOf, doubtfulCharge, type Open } from "./money/charge.ts";
import { highestCost } from "./money/most.ts";
import type { MoneyParts } from "./money/parts.ts";

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
  sending: () => undefined,
  failed: () => undefined,
  settle: () => undefined,
};

export function createOpenAccount(parts: MoneyParts): OpenAccount {
  return (call, record) => openAccount(call, record, parts);
}

function openAccount(call: Call, record: CallRecord, parts: MoneyParts): Account {
  let open: Open | undefined;
  /** Attempts that failed and may have cost something. */
  const doubtful: Open[] = [];
  let settled: Promise<void> | undefined;
  const row = createOwnRow(call.id, parts);

  const reserve = async (candidate: Candidate, price: Price | undefined): Promise<void> => {
    const { upstream, target } = candidate;
    if (price === undefined && parts.isLimited(call.asker.keyName)) throw unpriced(target.model);
    const maxNanoUsd = price === undefined ? 0 : highestCost(call, candidate, { price, parts });
    row.begin();
    const hold = await parts.ledger.reserve({
      requestId: call.id,
      keyName: call.asker.keyName,
      model: target.model,
      upstream: upstream.name,
      endpoint: call.path,
      maxNanoUsd,
    });
    open = { hold, candidate, maxNanoUsd, isSent: false };
  };

  const settle = async (spent: Spent): Promise<void> => {
    const last = open ?? doubtful.at(-1);
    if (last === undefined) return;
    const lost = doubtful.filter((one) => one !== last);
    const isWhole = open !== undefined && spent.error === undefined;
    const charge = isWhole ? chargeOf(spent.usage, last, parts) : await doubtfulCharge(spent, last, parts);
    const isElsewhere = open === undefined && spent.error === undefined;
    await close({ call, record, spent, last, lost, charge, isElsewhere }, parts);
  };

  return {
    reserve(candidate) {
      const price = parts.priceOf(candidate);
      return mayCost(candidate) || price !== undefined ? reserve(candidate, price) : undefined;
    },
    sending() {
      if (open !== undefined) open.isSent = true;
    },
    failed({ code, begun }) {
      if (open === undefined) return;
      const failed = open;
      open = undefined;
      failed.begun = begun;
      const isDoubtful = failed.isSent && (begun !== undefined || maybeCharged.has(code));
      if (isDoubtful) doubtful.push(failed);
      else void failed.hold.release();
    },
    settle(spent) {
      if (open === undefined && doubtful.length === 0) {
        row.giveUp();
        return undefined;
      }
      settled ??= settle(spent);
      return settled;
    },
  };
}

/** Whether it is here that the row of the call is written. */
function createOwnRow(id: string, { oneRow }: MoneyParts) {
  let isBegun = false;
  return {
    begin(): void {
      if (!isBegun) oneRow.begin(id);
      isBegun = true;
    },
    giveUp(): void {
      if (isBegun) oneRow.gaveUp(id);
      isBegun = false;
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
  /** Whether an upstream that costs nothing answered after it. */
  readonly isElsewhere: boolean;
}

/** Writes the row of a call, and has the provider asked later where it did not say what it charged. */
async function close(closing: Closing, parts: MoneyParts): Promise<void> {
  const { call, record, spent, last, lost, charge } = closing;
  const { hold, candidate } = last;
  const lostNanoUsd = lost.reduce((sum, one) => sum + (one.begun?.usage?.costNanoUsd ?? one.maxNanoUsd), 0);
  const usage = spent.usage ?? (await estimateOf(spent));
  const costNanoUsd = charge.nanoUsd + lostNanoUsd;
  record.usage ??= usage;
  record.costNanoUsd = costNanoUsd;
  const settling = hold.settle({
    ...rowOf(closing, usage),
    costNanoUsd,
    costSource: lostNanoUsd > 0 ? "estimated" : charge.source,
    baselineNanoUsd: baselineOf(ownUsage(record, usage), parts),
  });
  parts.oneRow.wrote(call.id);
  // At once, so that all of it is in one transaction: a daemon that is killed in between would count these twice.
  await Promise.all([settling, ...lost.map((one) => one.hold.release())]);
  const id = spent.meter?.generationId() ?? last.begun?.generationId;
  if (charge.source === "estimated" && id !== undefined && candidate.upstream.lookUpCost !== undefined)
    void lookUpLater(parts, { hold, candidate, id, lostNanoUsd });
}

const unpriced = (model: string): ProxyError =>
  new ProxyError(
    "budget_exceeded",
    `the price of ${JSON.stringify(model)} is not known, so that no budget can be kept: add it to money.prices`,
  );

/** One's own server is paid for otherwise, wherever it stands. */
const mayCost = ({ upstream }: Candidate): boolean =>
  upstream.isCloud && upstream.type !== "ollama" && upstream.type !== "llama-server";

const nothing: Usage = { inputTokens: 0, outputTokens: 0 };

const estimateOf = async ({ meter }: Spent): Promise<Usage> => (await meter?.estimate()) ?? nothing;

function baselineOf(usage: Usage, { baselinePrice, clock }: MoneyParts): number {
  const price = baselinePrice();
  return price === undefined ? 0 : costOf(price, usage, { images: 0, nowMs: clock.epochMs() });
}

function rowOf(
  { call, record, spent, last, isElsewhere }: Closing,
  usage: Usage,
): Omit<UsageRow, "costNanoUsd" | "costSource" | "baselineNanoUsd"> {
  const { id, path, model, asker } = call;
  const { upstream, target } = last.candidate;
  const answeredBy = isElsewhere
    ? { answeredModel: record.answeredModel, upstream: record.upstream, isCloud: false }
    : { answeredModel: target.model, upstream: upstream.name, isCloud: upstream.isCloud };
  return {
    requestId: id,
    timeMs: record.startedEpochMs,
    keyName: asker.keyName,
    session: asker.session,
    endpoint: path,
    askedModel: model,
    ...answeredBy,
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
  readonly hold: Hold;
  readonly candidate: Candidate;
  readonly id: string;
  readonly lostNanoUsd: number;
}

/** Asks the provider what an answer cost in the end, and corrects the row. */
async function lookUpLater(
  { clock }: MoneyParts,
  { hold, candidate, id, lostNanoUsd }: LookUp,
): Promise<void> {
  for (const waitMs of lookUpWaitsMs) {
    await pause(clock, waitMs);
    const nanoUsd = await candidate.upstream.lookUpCost?.(id);
    if (nanoUsd === undefined) continue;
    const costSource = lostNanoUsd > 0 ? "estimated" : "provider";
    return hold.amend({ costNanoUsd: nanoUsd + lostNanoUsd, costSource });
  }
}
