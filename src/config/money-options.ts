import { join } from "node:path";
import { type Price, priceFromUsdPerMillion } from "../core/price.ts";
import { globMatcher } from "../lib/glob.ts";
import type { Loaded } from "./load.ts";
import type { Config } from "./schema.ts";

/** Where the ledger is; undefined when nothing is written down. */
export function ledgerPath({ config, dataDir }: Loaded): string | undefined {
  return config.money.enabled ? (config.money.path ?? join(dataDir, "usage.db")) : undefined;
}

type Amounts = Config["money"]["budget"];

const limitsOf = ({ day, month }: Amounts) => ({ dayNanoUsd: day, monthNanoUsd: month });

/** What may be spent, by all and by each key. */
export function budgetsOf({ config }: Loaded) {
  return {
    all: limitsOf(config.money.budget),
    keys: Object.fromEntries(config.api_keys.map(({ name, budget }) => [name, limitsOf(budget)])),
  };
}

/** The price that the configuration says for a model; of several that match the first counts. */
export function configuredPrices({ config }: Loaded): (model: string) => Price | undefined {
  const usd = (nanoUsd: number): string => (nanoUsd / 1e9).toFixed(9);
  const maybe = (nanoUsd: number | undefined): string | undefined =>
    nanoUsd === undefined ? undefined : usd(nanoUsd);
  const rules = config.money.prices.map(({ match, input, output, cache_read, cache_write }) => ({
    isMatch: globMatcher([match, `${match}:latest`]),
    price: priceFromUsdPerMillion({
      input: usd(input),
      output: usd(output),
      cacheRead: maybe(cache_read),
      cacheWrite: maybe(cache_write),
    }),
  }));
  return (model) => rules.find(({ isMatch }) => isMatch(model))?.price;
}
