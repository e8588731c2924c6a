import { type Bags, createBags } from "../../src/router/bag.ts";
import { createVocabulary } from "../../src/router/vocabulary.ts";
import {
  complexitySumsOf,
  type Cuts,
  type HeadName,
  type Learned,
  places,
  rows,
  sumsOf,
  type Thresholds,
  type Weights,
} from "../../src/router/weights.ts";
import { type Example, exampleOf, fit, type Fitted, type FitOptions, lookups, quantised } from "./fit.ts";
import { f1, macroF1, share } from "./measure.ts";
import { foldOf, type Prompt, variants } from "./prompts.ts";
import { createOpenVocabulary, printsOf } from "./vocabulary.ts";

/** Found on prompts that were held out; see the model card. */
export const settings: FitOptions = {
  epochs: 12,
  rate: 0.05,
  decay: 1e-3,
  drop: 0.25,
  smooth: 0.05,
  seed: 1,
};
export const folds = 5;

const answers = ["low", "medium", "high"] as const;
const rowsOf = (wanted: HeadName): number[] =>
  rows.flatMap(({ head }, index) => (head === wanted ? [index] : []));
const [freshRow = 0] = rowsOf("search");
const [hardRow = 0] = rowsOf("hardness");
const sigmoid = (sum: number): number => 1 / (1 + Math.exp(-sum));

/** The sums of a prompt, as a model said that had not seen it; those of the complexity as they decide. */
export interface Unseen {
  readonly example: Example;
  readonly sums: readonly number[];
}

/** Learns from prompts of our own, their variants, and from public ones. */
export function learnt(own: readonly Prompt[], others: readonly Prompt[], seeds = 1): Learned {
  const prints = printsOf(mostFrequent(own), places);
  const bags = bagsOf(prints);
  const examples = [...own, ...variants(own), ...others].map((prompt) => exampleOf(prompt, bags));
  const fitted = Array.from({ length: seeds }, (_, nth) =>
    fit(examples, { ...settings, seed: settings.seed + nth }),
  );
  return quantised(meanOf(fitted), prints);
}

const bagsOf = (prints: Uint8Array): Bags => createBags(createVocabulary(prints));

/** The features of some prompts, those of the most prompts first. */
function mostFrequent(prompts: readonly Prompt[]): number[] {
  const open = createOpenVocabulary();
  const bags = createBags(open);
  const counts: number[] = [];
  for (const prompt of prompts)
    for (const place of exampleOf(prompt, bags).at) counts[place] = (counts[place] ?? 0) + 1;
  return [...open.hashes.keys()]
    .toSorted((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || (open.hashes[a] ?? 0) - (open.hashes[b] ?? 0))
    .map((place) => open.hashes[place] ?? 0);
}

/** Weights of models that differ in their seed alone may be averaged: the sums are linear in them. */
function meanOf(fitted: readonly Fitted[]): Fitted {
  const mean = (pick: (one: Fitted) => Float32Array): Float32Array => {
    const sum = new Float32Array(fitted[0] === undefined ? 0 : pick(fitted[0]).length);
    for (const one of fitted)
      for (const [index, value] of pick(one).entries())
        sum[index] = (sum[index] ?? 0) + value / fitted.length;
    return sum;
  };
  return { hashed: mean(({ hashed }) => hashed), dense: mean(({ dense }) => dense) };
}

function told(weights: Learned, prompts: readonly Prompt[]): Unseen[] {
  const bags = bagsOf(weights.prints);
  return prompts.map((prompt) => {
    const example = exampleOf(prompt, bags);
    const sums = sumsOf(weights, example);
    const { more, high } = complexitySumsOf(sums);
    return { example, sums: [more, high, ...sums.slice(2)] };
  });
}

/** A model, and prompts that it has not seen. */
export interface Held {
  readonly weights: Learned;
  readonly unseen: readonly Unseen[];
}

/** For each fold a model that learned from all others, and what it says of the fold. */
export function crossed(own: readonly Prompt[], others: readonly Prompt[]): Held[] {
  return Array.from({ length: folds }, (_, fold) =>
    heldOut(own, others, (prompt) => foldOf(prompt, folds) === fold),
  );
}

/** A model that learned from all prompts but those that are held out, and what it says of these. */
export function heldOut(
  own: readonly Prompt[],
  others: readonly Prompt[],
  isHeldOut: (prompt: Prompt) => boolean,
): Held {
  const weights = learnt(
    own.filter((prompt) => !isHeldOut(prompt)),
    others,
  );
  return { weights, unseen: told(weights, own.filter(isHeldOut)) };
}

export type Calibration = Pick<Weights, "temperatures" | "thresholds" | "cuts">;

/** The temperatures, thresholds and cuts under which unseen prompts of the calibration part are judged best. */
export function calibrated(unseen: readonly Unseen[]): Calibration {
  const temperatures = {
    complexity: temperatureFor(unseen, rowsOf("complexity")),
    hardness: 1,
    task: 1,
    intent: 1,
    search: temperatureFor(unseen, [freshRow]),
  };
  return { temperatures, thresholds: thresholdsFor(unseen, temperatures), cuts: cutsFor(unseen) };
}

/** The divisor under which the probabilities of yes and no are truest. */
function temperatureFor(unseen: readonly Unseen[], rows: readonly number[]): number {
  let best = { temperature: 1, loss: Number.POSITIVE_INFINITY };
  for (let step = 10; step <= 80; step += 2) {
    const temperature = step / 20;
    const loss = unseen.reduce((sum, one) => sum + lossOf(one, rows, temperature), 0);
    if (loss < best.loss) best = { temperature, loss };
  }
  return best.temperature;
}

function lossOf({ example, sums }: Unseen, rows: readonly number[], temperature: number): number {
  let loss = 0;
  for (const row of rows) {
    const target = example.targets[row] ?? Number.NaN;
    if (Number.isNaN(target)) continue;
    const probability = Math.min(1 - 1e-6, Math.max(1e-6, sigmoid((sums[row] ?? 0) / temperature)));
    loss -= Math.log(target === 1 ? probability : 1 - probability);
  }
  return loss;
}

/** High that is called low costs most: of the high prompts that were not written to be misjudged such a share may be. */
const highAsLowMax = 0.04;
/** The mean of so many of the best thresholds is taken: the single best one is luck. */
const bestOf = 15;

interface Probable {
  readonly prompt: Prompt;
  readonly more: number;
  readonly high: number;
  readonly fresh: number;
}

/** Half of our prompts are searches and exam questions, which nobody asks half of the time. */
const isMixed = ({ source }: Prompt): boolean => source !== "exam" && !lookups.test(source);

/** Those of complexity are laid on prompts of all kinds. */
function thresholdsFor(unseen: readonly Unseen[], temperatures: Weights["temperatures"]): Thresholds {
  const probable = unseen.map(({ example: { prompt }, sums }) => {
    const [more = 0, high = 0] = sums.map((sum) => sigmoid(sum / temperatures.complexity));
    const fresh = sigmoid((sums[freshRow] ?? 0) / temperatures.search);
    return { prompt, more, high: Math.min(more, high), fresh };
  });
  const fresh = meanOfBest(
    steps(0.2, 0.7).map((threshold) => ({ at: [threshold], score: freshScore(probable, threshold) })),
    3,
  )[0];
  const mixed = probable.filter(({ prompt }) => isMixed(prompt));
  const grid = steps(0.2, 0.7).flatMap((more) =>
    steps(0.2, 0.7).map((high) => ({
      at: [more, high],
      score: score(mixed, { moreThanLow: more, high, fresh: fresh ?? 0.5 }),
    })),
  );
  const [moreThanLow = 0.5, high = 0.5] = meanOfBest(grid, bestOf);
  return { moreThanLow, high, fresh: fresh ?? 0.5 };
}

/** The hardness at which as many as can be are on their side, among prompts that no search raises. */
function cutsFor(unseen: readonly Unseen[]): Cuts {
  const some = unseen
    .filter(({ example: { prompt } }) => isMixed(prompt) && prompt.search !== true)
    .map(({ example: { prompt }, sums }) => ({ prompt, hardness: sigmoid(sums[hardRow] ?? 0) }));
  const cutOf = (isAbove: (complexity: string) => boolean): number => {
    const tried = steps(0.1, 0.8).map((cut) => ({
      at: [cut],
      score: some.filter(({ prompt, hardness }) => hardness >= cut === isAbove(prompt.complexity ?? "low"))
        .length,
    }));
    return meanOfBest(tried, 3)[0] ?? 0.5;
  };
  return {
    medium: cutOf((complexity) => complexity !== "low"),
    high: cutOf((complexity) => complexity === "high"),
  };
}

const steps = (from: number, to: number): number[] =>
  Array.from({ length: Math.round((to - from) / 0.02) + 1 }, (_, nth) => from + nth * 0.02);

interface Tried {
  readonly at: readonly number[];
  readonly score: number;
}

function meanOfBest(tried: readonly Tried[], count: number): number[] {
  const best = tried.toSorted((a, b) => b.score - a.score).slice(0, count);
  return (best[0]?.at ?? []).map(
    (_, nth) => best.reduce((sum, { at }) => sum + (at[nth] ?? 0), 0) / best.length,
  );
}

function freshScore(probable: readonly Probable[], threshold: number): number {
  const pairs = probable.map(({ prompt, fresh }) => ({
    want: String(prompt.search),
    got: String(fresh >= threshold),
  }));
  return f1(pairs, "true");
}

function score(probable: readonly Probable[], { moreThanLow, high, fresh }: Thresholds): number {
  const pairs = probable.map((one) => {
    const raised = one.more >= moreThanLow || one.fresh >= fresh ? "medium" : "low";
    return {
      want: one.prompt.complexity ?? "",
      got: one.high >= high ? "high" : raised,
      isTrap: one.prompt.trap !== undefined,
    };
  });
  const missed = share(
    pairs.filter(({ isTrap }) => !isTrap),
    "high",
    "low",
  );
  return missed > highAsLowMax ? -missed : macroF1(pairs, answers);
}
