import type { ChatRequest } from "../core/chat.ts";
import { createBags } from "./bag.ts";
import { denseNames, type Features, featuresOf } from "./features.ts";
import { type Asked, isolate } from "./isolate.ts";
import { languageOf } from "./language.ts";
import { reasonsOf } from "./reasons.ts";
import { createVocabulary } from "./vocabulary.ts";
import { complexitySumsOf, type HeadName, heads, rows, sumsOf, weightAt, type Weights } from "./weights.ts";

export type Complexity = "low" | "medium" | "high";
export type Task = (typeof heads.task)[number];
export type Intent = (typeof heads.intent)[number];

/** What part of the request spoke for an answer, and how loud. */
export interface Contribution {
  readonly feature: string;
  readonly towards: string;
  /** In log-odds; negative speaks against. */
  readonly weight: number;
}

/** What the analyzer makes of a request. */
export interface Analysis {
  readonly complexity: Complexity;
  readonly probabilities: Readonly<Record<Complexity, number>>;
  /** How likely a small local model is not enough, 0 to 1; what thresholds by quantiles are taken of. */
  readonly hardness: number;
  readonly needs_search: boolean;
  /** How likely the answer depends on facts that change, 0 to 1. */
  readonly freshness: number;
  readonly task: Task;
  readonly intent: Intent;
  /** Two letters, or `und`. */
  readonly language: string;
  /** Tokens of the whole request, estimated. */
  readonly tokens: number;
  /** How sure the complexity is, 0 to 1. */
  readonly confidence: number;
  /** Why, in words, the weightiest first. */
  readonly reasons: readonly string[];
  readonly is_follow_up: boolean;
  readonly is_tool_loop: boolean;
  readonly contributions?: readonly Contribution[];
}

export interface AnalyzeOptions {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly isExplained?: boolean;
}

export type Analyze = (request: ChatRequest, options: AnalyzeOptions) => Analysis;

/** Makes the analyzer: pure, and linear in a bounded part of the request's text. */
export function createAnalyzer(weights: Weights): Analyze {
  const bags = createBags(createVocabulary(weights.prints));
  return (request, { nowMs, isExplained = false }) => {
    const asked = isolate(request);
    const year = new Date(nowMs).getUTCFullYear();
    const features = featuresOf(asked, request, { bags, year, isExplained });
    const sums = sumsOf(weights, features);
    const told = tell(weights, sums);
    const complexity = complexityOf(asked, { weights, told });
    const { thresholds } = weights;
    const needsSearch = told.fresh >= thresholds.fresh && !asked.isHousekeeping;
    const raised = needsSearch && complexity === "low" ? "medium" : complexity;
    const probabilities = told.complexity;
    return {
      complexity: raised,
      probabilities,
      hardness: told.hardness,
      needs_search: needsSearch,
      freshness: told.fresh,
      task: told.task,
      intent:
        request.tools.length > 0 && told.intent === "simple" && told.tools > 0.35 ? "tools" : told.intent,
      language: languageOf(features.tokens),
      tokens: tokensOf(request),
      confidence: asked.isHousekeeping ? 1 : confidenceOf(told, thresholds, complexity),
      reasons: reasonsOf({ asked, features, weights, complexity, needsSearch }),
      is_follow_up: isFollowUp(asked, features.tokens.count),
      is_tool_loop: asked.isToolLoop,
      ...(isExplained ? { contributions: contributionsOf(weights, features) } : {}),
    };
  };
}

interface Told {
  readonly complexity: Readonly<Record<Complexity, number>>;
  readonly moreThanLow: number;
  readonly hardness: number;
  readonly fresh: number;
  readonly task: Task;
  readonly intent: Intent;
  readonly tools: number;
}

const sigmoid = (sum: number): number => 1 / (1 + Math.exp(-sum));

const rangeOf = (head: HeadName): readonly number[] =>
  rows.flatMap((row, index) => (row.head === head ? [index] : []));
const ranges: Readonly<Record<HeadName, readonly number[]>> = {
  complexity: rangeOf("complexity"),
  search: rangeOf("search"),
  hardness: rangeOf("hardness"),
  task: rangeOf("task"),
  intent: rangeOf("intent"),
};

function tell({ temperatures }: Weights, sums: readonly number[]): Told {
  const of = (head: HeadName): number[] => ranges[head].map((row) => (sums[row] ?? 0) / temperatures[head]);
  const complexity = complexitySumsOf(sums);
  const more = sigmoid(complexity.more / temperatures.complexity);
  const high = sigmoid(complexity.high / temperatures.complexity);
  const [fresh = 0] = of("search").map(sigmoid);
  const [hardness = 0] = of("hardness").map(sigmoid);
  const hard = Math.min(high, more);
  const tasks = of("task");
  const intents = softmaxOf(of("intent"));
  return {
    // What needs fresh facts is medium at least.
    complexity: { low: (1 - more) * (1 - fresh), medium: 1 - hard - (1 - more) * (1 - fresh), high: hard },
    moreThanLow: more,
    hardness,
    fresh,
    task: heads.task[indexOfMost(tasks)] ?? "general",
    intent: heads.intent[indexOfMost(intents)] ?? "simple",
    tools: intents[heads.intent.indexOf("tools")] ?? 0,
  };
}

function softmaxOf(sums: readonly number[]): number[] {
  const most = Math.max(...sums);
  const powers = sums.map((sum) => Math.exp(sum - most));
  const whole = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / whole);
}

const indexOfMost = (values: readonly number[]): number => values.indexOf(Math.max(...values));

interface Judged {
  readonly weights: Weights;
  readonly told: Told;
}

function complexityOf(asked: Asked, { weights, told }: Judged): Complexity {
  if (asked.isHousekeeping || asked.text === "") return "low";
  const { thresholds } = weights;
  if (told.complexity.high >= thresholds.high) return "high";
  return told.moreThanLow >= thresholds.moreThanLow ? "medium" : "low";
}

/** How far the nearest border is, as a share of what there is on that side. */
function confidenceOf(told: Told, thresholds: Weights["thresholds"], complexity: Complexity): number {
  const from = (probability: number, threshold: number): number =>
    probability >= threshold
      ? (probability - threshold) / (1 - threshold)
      : (threshold - probability) / threshold;
  const high = from(told.complexity.high, thresholds.high);
  const more = from(told.moreThanLow, thresholds.moreThanLow);
  const distance = complexity === "high" ? high : complexity === "low" ? more : Math.min(high, more);
  return 0.5 + distance / 2;
}

const followUp =
  /^(?:and|but|so|ok(?:ay)?|yes|no|sure|continue|go on|more|why|again|shorter|longer|now|also|what about|how about|the (?:second|first|last)|do it|fix (?:it|that)|that|this|it)\b/i;

/** A short turn that leans on what was said before. */
function isFollowUp({ text, turnsBefore }: Asked, words: number): boolean {
  return turnsBefore > 0 && (words <= 4 || (words <= 9 && followUp.test(text)));
}

/** Letters a token in most languages; scripts without spaces have about one a token. */
function tokensOf({ messages, tools }: ChatRequest): number {
  let tokens = tools.length === 0 ? 0 : JSON.stringify(tools).length / 4;
  for (const { text, images } of messages) {
    const wide = wideShareOf(text);
    tokens += 4 + text.length * (wide + (1 - wide) / 4) + (images?.length ?? 0) * 1_000;
  }
  return Math.ceil(tokens);
}

const lettersLookedAt = 400;

/** The share of letters of scripts without spaces, at the beginning of a text. */
function wideShareOf(text: string): number {
  const letters = Math.min(text.length, lettersLookedAt);
  let wide = 0;
  for (let at = 0; at < letters; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x3040 && (unit <= 0x9fff || (unit >= 0xac00 && unit <= 0xd7af))) wide += 1;
  }
  return letters === 0 ? 0 : wide / letters;
}

const contributionsMax = 20;

function contributionsOf(weights: Weights, features: Features): Contribution[] {
  return [...ranges.complexity, ...ranges.search]
    .flatMap((row) => rowContributions(row, weights, features))
    .filter(({ weight, feature }) => Math.abs(weight) > 0.01 && feature !== "bias")
    .toSorted((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    .slice(0, contributionsMax);
}

function rowContributions(
  index: number,
  weights: Weights,
  { at, by, dense, names }: Features,
): Contribution[] {
  const row = rows[index];
  if (row === undefined) return [];
  const towards = row.head === "search" ? "search" : row.answer;
  const of = (feature: string, weight: number): Contribution => ({
    feature,
    towards,
    weight: Math.round(weight * 1_000) / 1_000,
  });
  const words = [...at].map((place, nth) =>
    of(names?.get(place) ?? `place ${place}`, weightAt(weights, row, place) * (by[nth] ?? 0)),
  );
  const shapes = denseNames.map((name, nth) =>
    of(name, (weights.dense[nth * rows.length + index] ?? 0) * (dense[nth] ?? 0)),
  );
  return [...words, ...shapes];
}
