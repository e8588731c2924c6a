import type { ChatRequest } from "../../src/core/chat.ts";
import { bareRequest } from "../support/chat-request.ts";
import { type Bags } from "../../src/router/bag.ts";
import { denseNames, featuresOf } from "../../src/router/features.ts";
import { isolate } from "../../src/router/isolate.ts";
import { type Learned, levelCount, places, putCode, rows, wordsAPlace } from "../../src/router/weights.ts";
import type { Prompt } from "./prompts.ts";
import { createRandom, shuffle } from "../support/random.ts";

/** The year that the prompts were written in. */
export const year = 2026;

/** A prompt as the trainer sees it. */
export interface Example {
  readonly prompt: Prompt;
  readonly at: Int32Array;
  readonly by: Float32Array;
  readonly dense: Float32Array;
  /** For each row 0 to 1, or NaN where nothing is known. */
  readonly targets: Float32Array;
  /** How much it counts in each row. */
  readonly weights: Float32Array;
}

/** A prompt as a request of one turn. */
export const requestOf = (text: string): ChatRequest => ({
  ...bareRequest,
  messages: [{ role: "user", text }],
});

export function exampleOf(prompt: Prompt, bags: Bags): Example {
  const request = requestOf(prompt.text);
  const { at, by, dense } = featuresOf(isolate(request), request, { bags, year, isExplained: false });
  return {
    prompt,
    at,
    by,
    dense,
    targets: Float32Array.from(rows, (row) => targetOf(prompt, row)),
    weights: Float32Array.from(rows, (row) => weightOf(prompt, row)),
  };
}

/** Half of all prompts are questions as for a search box; how rare fresh ones are there says nothing of other requests. */
const freshWeight = 2.2;
export const lookups = /^(?:lookups|search-box|questions)/;

/** They are few, and nothing else says how hard one exam question is beside another. */
const examWeight = 2;

function weightOf({ weight, search, source, small }: Prompt, { head }: (typeof rows)[number]): number {
  if (small !== undefined && head === "hardness") return weight * examWeight;
  return head === "search" && search === true && !lookups.test(source) ? weight * freshWeight : weight;
}

function targetOf(prompt: Prompt, { head, answer }: (typeof rows)[number]): number {
  const { complexity, search } = prompt;
  if (head === "hardness") return hardnessOf(prompt);
  if (head === "search") return search === undefined ? Number.NaN : Number(search);
  if (head !== "complexity") return prompt[head] === undefined ? Number.NaN : Number(prompt[head] === answer);
  if (complexity === undefined) return stepsTarget(prompt, answer);
  if (answer === "high") return Number(complexity === "high");
  // What must be looked up is medium at least, whatever else it is: such a prompt does not teach what a medium task
  // looks like. Freshness is a row of its own, and raises low to medium afterwards.
  return complexity === "medium" && search === true ? Number.NaN : Number(complexity !== "low");
}

const hardnesses = { low: 0.1, medium: 0.45, high: 0.85 } as const;
const lookedUp = 0.25;

/** How sure the steps of a word problem make each answer: two are hardly more than low, ten are high. */
function stepsTarget({ steps }: Prompt, answer: string): number {
  if (steps === undefined) return Number.NaN;
  return answer === "high" ? clamped((steps - 2) / 7) : clamped((steps - 0.5) / 4);
}

const clamped = (share: number): number => Math.min(1, Math.max(0, share));

/** A strong model that is right so much more often than a small one makes a question as hard as any. */
const widestGap = 0.5;

/**
 * Estimates tell subjects apart, and little within one. There the length says more: by itself it ranks published
 * outcomes better than what was learned of other questions (RouteLLM: APGR 0.59 on MMLU, 0.60 on GSM8K).
 */
const longness = (text: string): number => clamped(Math.log(text.length / 70) / Math.log(1_000 / 70));

function hardnessOf({ text, hardness, small, strong, complexity, search }: Prompt): number {
  if (hardness !== undefined) return hardness;
  if (small !== undefined && strong !== undefined)
    return (clamped((strong - small) / widestGap) + longness(text)) / 2;
  if (complexity === undefined) return Number.NaN;
  return complexity === "medium" && search === true ? lookedUp : hardnesses[complexity];
}

export interface FitOptions {
  readonly epochs: number;
  readonly rate: number;
  /** How strongly weights are drawn to nothing. */
  readonly decay: number;
  /** The share of hashed features that is left out each time, so that none is relied upon alone. */
  readonly drop: number;
  /** How far targets are drawn to the middle. */
  readonly smooth: number;
  readonly seed: number;
}

/** Weights of one matrix, feature by feature, and the squares of their slopes (AdaGrad). */
interface Matrix {
  readonly values: Float32Array;
  readonly squares: Float32Array;
}

const matrixOf = (features: number): Matrix => ({
  values: new Float32Array(features * rows.length),
  squares: new Float32Array(features * rows.length).fill(0.02),
});

/** Weights place by place and feature by feature, row by row in each. */
export interface Fitted {
  readonly hashed: Float32Array;
  readonly dense: Float32Array;
}

/** Logistic regression for each row by AdaGrad; the answers of task and intent are told apart by softmax. */
export function fit(examples: readonly Example[], options: FitOptions): Fitted {
  const { epochs, seed, rate, drop } = options;
  const random = createRandom(seed);
  const [hashed, dense] = [matrixOf(places), matrixOf(denseNames.length)];
  const order = [...examples];
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    shuffle(order, random);
    const step = { rate: rate * (1 - (epoch / epochs) * 0.9), decay: options.decay };
    for (const example of order) {
      const some = withLess(example, drop, random);
      const slopes = slopesOf(sumOf(hashed, dense, some), example, options.smooth);
      learn(hashed, some, { slopes, ...step });
      learn(dense, { at: allDense, by: example.dense }, { slopes, ...step });
    }
  }
  return { hashed: hashed.values, dense: dense.values };
}

const allDense = Int32Array.from(denseNames, (_, index) => index);

interface Set {
  readonly at: Int32Array;
  readonly by: Float32Array;
}

function withLess(
  { at, by, dense }: Example,
  drop: number,
  random: () => number,
): Set & { dense: Float32Array } {
  const louder = 1 / (1 - drop);
  return { at, by: by.map((value) => (random() < drop ? 0 : value * louder)), dense };
}

function sumOf(hashed: Matrix, dense: Matrix, set: Set & { readonly dense: Float32Array }): Float32Array {
  const sums = new Float32Array(rows.length);
  addTo(sums, hashed.values, set);
  addTo(sums, dense.values, { at: allDense, by: set.dense });
  return sums;
}

function addTo(sums: Float32Array, values: Float32Array, { at, by }: Set): void {
  for (let index = 0; index < at.length; index += 1) {
    const value = by[index] ?? 0;
    if (value === 0) continue;
    const start = (at[index] ?? 0) * rows.length;
    for (let row = 0; row < rows.length; row += 1)
      sums[row] = (sums[row] ?? 0) + (values[start + row] ?? 0) * value;
  }
}

/** Rows that few prompts speak of learn faster. */
const pace = rows.map(({ head }) => (head === "task" ? 1.6 : head === "intent" ? 2 : 1));

interface Step {
  readonly slopes: Float32Array;
  readonly rate: number;
  readonly decay: number;
}

function learn({ values, squares }: Matrix, { at, by }: Set, { slopes, rate, decay }: Step): void {
  for (let index = 0; index < at.length; index += 1) {
    const value = by[index] ?? 0;
    if (value === 0) continue;
    const start = (at[index] ?? 0) * rows.length;
    for (let row = 0; row < rows.length; row += 1) {
      const error = slopes[row] ?? 0;
      if (error === 0) continue;
      const weight = values[start + row] ?? 0;
      const slope = error * value + decay * weight;
      const square = (squares[start + row] ?? 0) + slope * slope;
      squares[start + row] = square;
      values[start + row] = weight - (rate * (pace[row] ?? 1) * slope) / Math.sqrt(square);
    }
  }
}

const manyOf = ["task", "intent"] as const;
const rangeOf = (head: string): readonly number[] =>
  rows.flatMap((row, index) => (row.head === head ? [index] : []));
const ranges = manyOf.map(rangeOf);
const alone = rows.flatMap(({ head }, index) => (head === "task" || head === "intent" ? [] : [index]));

/** How far each row is off, times what the prompt counts; nothing where nothing is known. */
function slopesOf(sums: Float32Array, { targets, weights }: Example, smooth: number): Float32Array {
  const slopes = new Float32Array(rows.length);
  const off = (row: number, told: number, others: number): void => {
    const target = targets[row] ?? Number.NaN;
    if (!Number.isNaN(target))
      slopes[row] = (told - target * (1 - smooth) - smooth / others) * (weights[row] ?? 0);
  };
  for (const row of alone) off(row, 1 / (1 + Math.exp(-(sums[row] ?? 0))), 2);
  for (const range of ranges) {
    const powers = range.map((row) => Math.exp(sums[row] ?? 0));
    const whole = powers.reduce((total, power) => total + power, 0);
    for (const [index, row] of range.entries()) off(row, (powers[index] ?? 0) / whole, range.length);
  }
  return slopes;
}

/** The weights as they are shipped: of each hashed one the number of the level that is nearest to it. */
export function quantised({ hashed, dense }: Fitted, prints: Uint8Array): Learned {
  const codes = new Int32Array(places * wordsAPlace);
  const levels = new Float32Array(levelCount);
  const known = [...prints.keys()].filter((place) => prints[place] !== 0);
  for (const [index, row] of rows.entries()) {
    const weightOf = (place: number): number => hashed[place * rows.length + index] ?? 0;
    const own = levelsOf(known.map(weightOf), 2 ** row.bits);
    levels.set(own, row.levelsAt);
    for (const place of known) putCode(codes, row, { place, code: nearest(own, weightOf(place)) });
  }
  return { prints, codes, levels, dense };
}

const rounds = 120;

/** Levels that lie as near to some values as so many can (Lloyd 1982), in their order. */
function levelsOf(values: readonly number[], count: number): number[] {
  const sorted = Float64Array.from(values).toSorted();
  const [least = 0, most = 0] = [sorted[0], sorted.at(-1)];
  let levels = Array.from({ length: count }, (_, nth) => least + ((nth + 0.5) * (most - least)) / count);
  for (let round = 0; round < rounds; round += 1) levels = centred(levels, sorted);
  return levels;
}

/** Each level in the middle of the values that are nearest to it. */
function centred(levels: readonly number[], sorted: Float64Array): number[] {
  const sums = levels.map(() => ({ sum: 0, count: 0 }));
  let nth = 0;
  for (const value of sorted) {
    while (
      Math.abs((levels[nth + 1] ?? Number.POSITIVE_INFINITY) - value) <= Math.abs((levels[nth] ?? 0) - value)
    )
      nth += 1;
    const one = sums[nth];
    if (one === undefined) continue;
    one.sum += value;
    one.count += 1;
  }
  return levels.map((level, at) => {
    const { sum, count } = sums[at] ?? { sum: 0, count: 0 };
    return count === 0 ? level : sum / count;
  });
}

/** Which of some levels in their order is nearest. */
function nearest(levels: readonly number[], value: number): number {
  let [from, to] = [0, levels.length - 1];
  while (from < to) {
    const middle = (from + to) >> 1;
    const border = ((levels[middle] ?? 0) + (levels[middle + 1] ?? 0)) / 2;
    if (value <= border) to = middle;
    else from = middle + 1;
  }
  return from;
}
