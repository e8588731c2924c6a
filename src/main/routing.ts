import { readFileSync } from "node:fs";
import type { Loaded } from "../config/load.ts";
import { privatePatterns, routingOptions } from "../config/routing-options.ts";
import type { Call } from "../core/call.ts";
import type { VirtualModels } from "../http/models.ts";
import { routingHeaders } from "../http/read-call.ts";
import { globMatcher } from "../lib/glob.ts";
import type { Logger } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import type { Answer } from "../pipeline/answer.ts";
import { type AutoParts, createAutoAnswer } from "../pipeline/auto/auto.ts";
import { createDecisions, type Decisions } from "../pipeline/auto/decisions.ts";
import { createRoutingCounts, type RoutingCounts } from "../pipeline/auto/counts.ts";
import { autoEntry, generating } from "../pipeline/auto/entry.ts";
import type { Memory, PlanParts } from "../pipeline/auto/plan.ts";
import { type Analyze, createAnalyzer } from "../router/analyze.ts";
import { modeOf } from "../router/control.ts";
import type { Policy } from "../router/decision.ts";
import { createScoresOf } from "../router/quantiles.ts";
import { createSessions } from "../router/session.ts";
import { readWeights } from "../router/weights-file.ts";
import type { Registry } from "../upstream/registry.ts";
import { createNamedModelsCheck } from "./named-models.ts";
import { type Accounting, baselinePriceOf, costPartsOf } from "./accounting.ts";
import type { Searching } from "./searching.ts";

/** What the router remembers, for as long as the daemon runs. */
export interface Routing extends Memory {
  readonly analyze: Analyze;
  readonly decisions: Decisions;
  readonly counts: RoutingCounts;
}

const sessionsMax = 1_000;
const weightsFile = new URL("../router/weights.bin", import.meta.url);

export function openRouting(loaded: Loaded, clock: Clock): Routing {
  const weights = readWeights(readFileSync(weightsFile));
  return {
    analyze: createAnalyzer(weights),
    sessions: createSessions({ sessionsMax, clock }),
    scoresOf: createScoresOf(weights.cuts),
    decisions: createDecisions(routingOptions(loaded).decisionsMax),
    counts: createRoutingCounts(),
  };
}

export interface AutoWiring extends Pick<AutoParts, "openAccount" | "send" | "deliver"> {
  readonly routing: Routing;
  readonly searching: Searching;
  readonly registry: Registry;
  readonly accounting: Pick<Accounting, "ledger">;
  readonly clock: Clock;
  readonly log: () => Logger;
}

/** The model `auto`, by one reading of the configuration. */
export interface Auto extends VirtualModels {
  /** Answers a call by whatever model is good enough for it. */
  readonly ask: Answer;
  readonly isRouted: (call: Call) => boolean;
  /** What else than a call's body makes two calls of `auto` different ones. */
  readonly variantOf: (call: Call) => string;
  readonly plan: PlanParts;
  /** Warns of names in the configuration that no upstream has, as soon as that is known. */
  readonly checkNames: () => void;
}

export function createAuto(loaded: Loaded, wiring: AutoWiring): Auto {
  const { routing, searching, registry, accounting, clock, log } = wiring;
  const options = routingOptions(loaded);
  const { search } = searching;
  const plan: PlanParts = {
    ...routing,
    policy: options.policy,
    patterns: privatePatterns(loaded),
    upstreams: () => registry.upstreams,
    cost: costPartsOf(loaded, clock),
    budgetLeft: (keyName) => accounting.ledger?.left(keyName),
    canTrim: options.canTrim,
    canSearch: search !== undefined,
    searchTokensMax: options.searchTokensMax,
    clock,
  };
  const enriching = search === undefined ? undefined : { search, tokensMax: options.searchTokensMax, clock };
  const auto = createAutoAnswer({
    ...wiring,
    ...plan,
    enriching,
    decisions: routing.decisions,
    counts: routing.counts,
    baseline: baselinePriceOf(loaded, registry),
    freshen: registry.freshen,
    isStopped: registry.isStopped,
    loadMaxMs: loaded.config.timeouts.first_byte,
  });
  const isAuto = createIsAuto(options, registry);
  const checkNames = createNamedModelsCheck(loaded, { upstreams: () => registry.upstreams, log });
  return {
    ask(call, record, signal) {
      checkNames();
      return auto(call, record, signal);
    },
    checkNames,
    isRouted: createIsRouted(options, isAuto),
    variantOf: createVariantOf(options.policy),
    plan,
    entries: () => (options.isOn && hasModels(registry) ? [autoEntry] : []),
    entryOf: (model) => (isAuto(model) ? autoEntry : undefined),
  };
}

/**
 * What a client says of its routing, the conversation it says it is in, and the policy. To Ollama's ear `auto:local` is
 * another name of `auto`, and whom a client insists on is nothing that a named model's answer depends on; here both are.
 */
function createVariantOf(policy: Policy): (call: Call) => string {
  const rules = JSON.stringify(policy);
  return ({ model, routing = {}, asker, pinnedUpstream }) =>
    JSON.stringify([
      modeOf(model) ?? null,
      pinnedUpstream ?? null,
      asker.isLocalOnly,
      asker.session ?? null,
      routingHeaders.map((name) => routing[name] ?? null),
      rules,
    ]);
}

/** The demo model alone is nothing to choose from. */
const hasModels = ({ upstreams }: Registry): boolean =>
  upstreams.some(({ type, models }) => type !== "demo" && models.byKey.size > 0);

type RoutingOptions = ReturnType<typeof routingOptions>;

/** Whether a name means `auto`. A model that really has such a name answers to it. */
function createIsAuto(
  { isOn }: Pick<RoutingOptions, "isOn">,
  registry: Registry,
): (model: string) => boolean {
  const exists = (model: string): boolean => {
    const key = registry.keyOf(model);
    return registry.upstreams.some(({ models: { byKey } }) => byKey.has(key));
  };
  return (model) => isOn && modeOf(model) !== undefined && !exists(model);
}

/** Calls of `auto`, and those of other names where the configuration says so. */
function createIsRouted(
  { isOn, models }: Pick<RoutingOptions, "isOn" | "models">,
  isAuto: (model: string) => boolean,
): (call: Call) => boolean {
  const isNamed = globMatcher(models);
  return ({ model, operation }) => {
    if (isOn && models.length > 0 && generating.has(operation) && isNamed(model)) return true;
    return askable.has(operation) && isAuto(model);
  };
}

const askable = new Set<Call["operation"]>([...generating, "show", "embed", "embeddings"]);
