import { budgetsOf, configuredPrices, ledgerPath } from "../config/money-options.ts";
import type { Loaded } from "../config/load.ts";
import { ProxyError } from "../core/error.ts";
import { costOf, type Price } from "../core/price.ts";
import type { Usage } from "../core/usage.ts";
import { inferencePaths } from "../http/routes.ts";
import type { Logger } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import { createOpenAccount, freeAccount, type OpenAccount } from "../pipeline/money.ts";
import type { CostParts } from "../pipeline/money/most.ts";
import { createLedger, type Ledger } from "../stats/ledger/ledger.ts";
import { createOneRow, type OneRow } from "../stats/one-row.ts";
import { type CallRecord, ownUsage, statusOf } from "../stats/record.ts";
import type { UsageRow } from "../stats/usage-row.ts";
import type { Account } from "../upstream/admission.ts";
import type { Registry } from "../upstream/registry.ts";

/** Who writes down what calls cost, for as long as the daemon runs. */
export interface Accounting {
  /** Undefined when nothing is written down. */
  readonly ledger: Ledger | undefined;
  /** Opens the accounts of calls, by one reading of the configuration. */
  readonly openAccountFor: (loaded: Loaded, registry: Registry) => OpenAccount;
  /** Writes down a request that cost nothing, or whose cost is not written yet. */
  readonly noteRequest: (record: CallRecord) => void;
  readonly close: () => Promise<void>;
}

export interface AccountingParts {
  readonly clock: Clock;
  readonly log: () => Logger;
  /** What holds now: reading the configuration anew replaces it. */
  readonly now: () => { readonly loaded: Loaded; readonly registry: Registry };
}

export function openAccounting(loaded: Loaded, parts: AccountingParts): Accounting {
  const { clock, log, now } = parts;
  const path = ledgerPath(loaded);
  const ledger =
    path === undefined
      ? undefined
      : createLedger({ path, budgets: () => budgetsOf(now().loaded) }, { clock, log });
  const oneRow = createOneRow((row) => ledger?.note(row));
  return {
    ledger,
    openAccountFor: (read, registry) =>
      ledger === undefined
        ? () => withoutLedger(read)
        : openAccounts({ ledger, oneRow }, read, { clock, registry }),
    noteRequest(record) {
      if (!inferencePaths.has(record.endpoint) || record.askedModel === undefined) return;
      oneRow.note(rowOf(record, record.askedModel, pricesNow(now, clock)));
    },
    close: async () => ledger?.close(),
  };
}

/** A budget that was set while the daemon ran without a ledger cannot be kept until it is started anew. */
function withoutLedger({ config: { money, api_keys: keys } }: Loaded): Account {
  const budgets = [money.budget, ...keys.map(({ budget }) => budget)];
  const isLimited = budgets.some(({ day, month }) => day !== undefined || month !== undefined);
  if (!isLimited) return freeAccount;
  return {
    ...freeAccount,
    reserve({ upstream }) {
      if (!upstream.isCloud) return undefined;
      throw new ProxyError(
        "ledger_unavailable",
        "there is a budget, and the ledger begins at the next start",
      );
    },
  };
}

function openAccounts(
  { ledger, oneRow }: { readonly ledger: Ledger; readonly oneRow: OneRow },
  loaded: Loaded,
  { clock, registry }: { readonly clock: Clock; readonly registry: Registry },
): OpenAccount {
  const { all, keys } = budgetsOf(loaded);
  const isSaid = (limits: typeof all | undefined): boolean =>
    limits?.dayNanoUsd !== undefined || limits?.monthNanoUsd !== undefined;
  return createOpenAccount({
    ...costPartsOf(loaded, clock),
    ledger,
    oneRow,
    baselinePrice: baselinePriceOf(loaded, registry),
    isLimited: (keyName) => isSaid(all) || (keyName !== undefined && isSaid(keys[keyName])),
  });
}

/** What the model costs against which savings are reckoned; undefined where there is none, or nobody knows. */
export function baselinePriceOf(loaded: Loaded, registry: Registry): () => Price | undefined {
  const configured = configuredPrices(loaded);
  const { baseline } = loaded.config.money;
  return () =>
    baseline === undefined ? undefined : (configured(baseline) ?? registry.factsOf(baseline).price);
}

/** What is needed to say what a call may cost. */
export function costPartsOf(loaded: Loaded, clock: Clock): CostParts {
  const configured = configuredPrices(loaded);
  return {
    clock,
    priceOf: ({ upstream, target }) =>
      configured(target.model) ?? upstream.models.details.get(target.key)?.price,
    outputTokensMax: loaded.config.openrouter.max_tokens || outputTokensUsual,
    fallbackModels: loaded.config.openrouter.models,
  };
}

/** What an answer is taken to be at most where nobody limits it. */
const outputTokensUsual = 16_384;

interface Prices {
  readonly costOf: (model: string, tokens: Pick<CallRecord, "usage">["usage"]) => number;
  readonly baseline: string | undefined;
}

function pricesNow(now: AccountingParts["now"], clock: Clock): Prices {
  const { loaded, registry } = now();
  const configured = configuredPrices(loaded);
  const priceOf = (model: string): Price | undefined => configured(model) ?? registry.factsOf(model).price;
  return {
    baseline: loaded.config.money.baseline,
    costOf(model, usage) {
      const price = usage === undefined ? undefined : priceOf(model);
      if (price === undefined || usage === undefined) return 0;
      return costOf(price, usage, { images: 0, nowMs: clock.epochMs() });
    },
  };
}

/** What was answered without asking a provider: by a server in the house, or out of the cache. */
function rowOf(record: CallRecord, askedModel: string, { costOf, baseline }: Prices): UsageRow {
  const { id, startedEpochMs, keyName, session, endpoint, answeredModel, upstream, cache, saved } = record;
  const answered = saved ?? record.usage;
  return {
    requestId: id,
    timeMs: startedEpochMs,
    keyName,
    session,
    endpoint,
    askedModel,
    answeredModel,
    upstream,
    isCloud: false,
    ...tokensOf(record),
    costNanoUsd: 0,
    costSource: "free",
    baselineNanoUsd: baseline === undefined ? 0 : costOf(baseline, answered && ownUsage(record, answered)),
    avoidedNanoUsd: costOf(answeredModel ?? askedModel, saved),
    cache,
    hops: record.hops === 0 ? "" : String(record.hops),
    status: statusOf(record),
    error: record.error,
  };
}

const noTokens: Usage = { inputTokens: 0, outputTokens: 0 };

/** Those who watched somebody else's answer had no tokens of their own. */
function tokensOf({ cache, usage = noTokens }: CallRecord) {
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens, isEstimated } =
    cache === "coalesced" ? noTokens : usage;
  return {
    inputTokens,
    outputTokens,
    cachedTokens: cachedTokens ?? 0,
    reasoningTokens: reasoningTokens ?? 0,
    isEstimated: isEstimated === true,
  };
}
