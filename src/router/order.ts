import { LRUCache } from "lru-cache";
import { modelKey, parseModelName } from "../core/model-name.ts";
import type { Complexity } from "./analyze.ts";
import type { Mode } from "./control.ts";
import type { Candidate } from "./gates.ts";

/** Which models an operator lets `auto` use, and in what order. */
export interface Models {
  /** The one for `auto:fast`. */
  readonly fastModel?: string | undefined;
  /** Names, the best first; empty lets all local models answer. */
  readonly localModels: readonly string[];
  /** The same for models in the cloud. */
  readonly cloudModels: readonly string[];
}

export interface OrderOptions {
  readonly tier: Complexity;
  readonly mode: Mode;
  readonly models: Models;
}

/** The candidates that `auto` may use at all. */
export function allowed(candidates: readonly Candidate[], models: Models, mode: Mode): readonly Candidate[] {
  const local = new Set(models.localModels.map(nameOf));
  const cloud = new Set(models.cloudModels.map(nameOf));
  const fast = mode === "fast" && models.fastModel !== undefined ? nameOf(models.fastModel) : undefined;
  return candidates.filter(({ model, isCloud }) => {
    const among = isCloud ? cloud : local;
    const name = nameOf(model);
    return among.size === 0 || among.has(name) || name === fast;
  });
}

/** Puts candidates in order: who suits the tier first, and after them whoever could do it instead. */
export function inOrder(candidates: readonly Candidate[], options: OrderOptions): readonly Candidate[] {
  const { tier, mode, models } = options;
  const locals = candidates.filter(({ isCloud }) => !isCloud);
  const clouds = candidates.filter(({ isCloud }) => isCloud);
  if (mode === "fast") return fastFirst(locals, clouds, models.fastModel);
  const best = sorted(locals, [listedIn(models.localModels), ...(tier === "low" ? ready : strong)]);
  // What is hard goes to the best; what is not, and is in the cloud all the same, to the cheapest.
  const far = sorted(clouds, tier === "high" ? [listedIn(models.cloudModels)] : [costOf]);
  return prefersCloud(options) ? [...far, ...best] : [...best, ...far];
}

/** Whether the cloud is the first choice. */
export const prefersCloud = ({ tier, mode }: Pick<OrderOptions, "tier" | "mode">): boolean =>
  mode === "cloud" || (mode === "auto" && tier === "high");

function fastFirst(
  locals: readonly Candidate[],
  clouds: readonly Candidate[],
  fastModel: string | undefined,
): readonly Candidate[] {
  const isFast = listedIn(fastModel === undefined ? [] : [fastModel]);
  const others = [...sorted(locals, [loadedFirst, smallFirst]), ...sorted(clouds, [costOf])];
  return sorted(others, [isFast]);
}

/** A number by which candidates are put in order, the least first. */
type Rank = (candidate: Candidate) => number;

const loadedFirst: Rank = ({ isLoaded }) => (isLoaded ? 0 : 1);
const largeFirst: Rank = ({ parameters }) => -(parameters ?? 0);
const smallFirst: Rank = ({ parameters }) => parameters ?? Number.MAX_VALUE;
const costOf: Rank = ({ maxCostNanoUsd }) => maxCostNanoUsd;

/** An easy question is not worth the time of loading a model; a harder one is. */
const ready: readonly Rank[] = [loadedFirst, largeFirst];
const strong: readonly Rank[] = [largeFirst, loadedFirst];

function listedIn(names: readonly string[]): Rank {
  const places = new Map(names.map((name, index) => [nameOf(name), index]));
  return ({ model }) => places.get(nameOf(model)) ?? names.length;
}

/** By several ranks, the earlier ones first; what is equal in all stays in the order it came in. */
function sorted(candidates: readonly Candidate[], ranks: readonly Rank[]): readonly Candidate[] {
  return candidates.toSorted((a, b) => {
    for (const rank of ranks) {
      const [one, other] = [rank(a), rank(b)];
      if (one !== other) return one < other ? -1 : 1;
    }
    return 0;
  });
}

const namesMax = 4_096;
const names = new LRUCache<string, string>({ max: namesMax });

/** One spelling for all spellings of a model's name. */
export function nameOf(model: string): string {
  const known = names.get(model);
  if (known !== undefined) return known;
  const name = spelt(model);
  names.set(model, name);
  return name;
}

function spelt(model: string): string {
  const name = parseModelName(model);
  // A name with a source is another model than the one without, though their keys are the same.
  return name === undefined ? model : `${modelKey(name)}@${name.source ?? ""}`;
}
