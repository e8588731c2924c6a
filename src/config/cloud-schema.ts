import { z } from "zod";
import { count, duration, expected, list, listOfSections, parsed, text, wait, yesNo } from "./fields.ts";
import { parseUsd } from "./usd.ts";

const amount = (what = "an amount in US dollars such as 5 or 0.25") => parsed(what, parseUsd);

const names = () => list(text("a name"));

const provider = z.strictObject({
  /** Providers in this order, before others. */
  order: names(),
  /** These providers and no others. */
  only: names(),
  /** Never these. */
  ignore: names(),
  /** Whether others may answer when the first cannot. */
  allow_fallbacks: yesNo(true),
  /** Only providers that honour every parameter that is sent. */
  require_parameters: yesNo(false),
  /** deny: only providers that keep nothing of what they are sent. */
  data_collection: z.enum(["allow", "deny"], expected("allow or deny")).default("allow"),
  /** Only endpoints with zero data retention. */
  zdr: yesNo(false),
  /** Only these quantizations, e.g. fp8. */
  quantizations: names(),
  /** Which of several is asked first: price, throughput or latency. */
  sort: z.enum(["price", "throughput", "latency"], expected("price, throughput or latency")).optional(),
  /** Most that may be paid, in US dollars for a million tokens. */
  max_price: z.strictObject({ prompt: amount().optional(), completion: amount().optional() }).optional(),
});

/** The section `openrouter`. */
export const openrouterSchema = z.strictObject({
  /** The address of the application that asks, for OpenRouter's own statistics. */
  app_url: text("an address").optional(),
  /** Its name. */
  app_title: text("a name").default("Chasqui"),
  /** How long the list of models with its prices is good. */
  refresh: wait("1h"),
  /** Sent where a client sets no limit on its answer; also what is reserved of a budget. 0 sends none. */
  max_tokens: count(16_384),
  /** Models that OpenRouter itself tries when the one that was asked for cannot answer. */
  models: names(),
  /** What OpenRouter may choose from; goes into every request. */
  provider: provider.prefault({}),
  /** How long it is left alone after it rejected the key or wanted money. */
  off: wait("5m"),
});

/** Models that answer in the place of others. */
export const fallbackSchema = z.strictObject({
  /** The model that was asked for; `*` stands for any text. */
  match: text("a model's name, e.g. llama3.3:*"),
  /** Those that answer when nobody can who has it, in order. */
  to: z
    .array(text("a model's name"), expected("a list of models' names"))
    .min(1, expected("a list of models' names")),
});

/** What a model costs that nobody else tells the price of. */
const price = z.strictObject({
  match: text("a model's name, e.g. gpt-4o*"),
  /** In US dollars for a million tokens. */
  input: amount(),
  output: amount(),
  cache_read: amount().optional(),
  cache_write: amount().optional(),
});

/** What one client or all of them may spend. */
export const budgetSchema = z.strictObject({
  /** In US dollars, from midnight to midnight UTC. */
  day: amount().optional(),
  /** In US dollars, for a month UTC. */
  month: amount().optional(),
});

/** The section `money`. */
export const moneySchema = z.strictObject({
  /** Whether calls and what they cost are written down. */
  enabled: yesNo(true),
  /** The file; `usage.db` in the data directory unless said. */
  path: text("a path").optional(),
  /** What all clients together may spend; api_keys have budgets of their own. */
  budget: budgetSchema.prefault({}),
  /** The model against which savings are reckoned: what everything would have cost there. */
  baseline: text("a model's name, e.g. openai/gpt-4o").optional(),
  /** Prices of models whose upstream does not tell them. */
  prices: listOfSections(price, '{ match: "gpt-4o*", input: 2.5, output: 10 }'),
});

const policies = ["grow", "trim", "refuse", "off"] as const;

/** The section `context`. */
export const contextSchema = z.strictObject({
  /**
   * What is done with a conversation that is longer than the model's context: grow the context up to what the model
   * takes, and trim what still is too long; trim: leave the oldest turns out; refuse it; off: leave it to the upstream.
   */
  policy: z.enum(policies, expected("grow, trim, refuse or off")).default("grow"),
  /** Largest context that is asked for; 0: what the model takes. */
  max: count(0),
  /** Tokens that are kept free for the answer, where its client sets no limit. */
  reply: count(512, 1),
});

/** Keys of `retry` beside those of before. */
export const retryWaits = {
  /** Longest wait for a provider that says when to come back, when nobody else could answer. */
  wait: duration("5s"),
  /** No attempt is begun later than this after the first; 0 means no limit. */
  deadline: duration("2m"),
};
