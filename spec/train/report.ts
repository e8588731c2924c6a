import { type Analyze, createAnalyzer } from "../../src/router/analyze.ts";
import type { Weights } from "../../src/router/weights.ts";
import { requestOf, year } from "./fit.ts";
import { auc, calibrationError, f1, interval, macroF1, type Scored, share } from "./measure.ts";
import { noises } from "./noise.ts";
import { hashOf, type Prompt } from "./prompts.ts";
import { createRandom } from "../support/random.ts";
import { type Borders, judge, quantiles, type Rival } from "./rivals.ts";

export const complexities = ["low", "medium", "high"] as const;
const tasks = ["code", "debug", "docs", "architecture", "general"] as const;
const intents = ["simple", "aggregation", "rag", "schema", "tools"] as const;

export const nowMs = Date.UTC(year, 10, 1);

/** A prompt, and what was said of it. */
export interface Answered {
  readonly prompt: Prompt;
  readonly complexity: string;
  readonly search: string;
  readonly task: string;
  readonly intent: string;
  readonly freshness: number;
  readonly hardness: number;
  readonly high: number;
  /** How far up it is, between sure of low and sure of high. */
  readonly level: number;
}

export function answered(weights: Weights, prompts: readonly Prompt[]): Answered[] {
  const analyze = createAnalyzer(weights);
  return prompts.map((prompt) => {
    const said = analyze(requestOf(prompt.text), { nowMs });
    const { complexity, task, intent, freshness, hardness, probabilities } = said;
    return {
      prompt,
      complexity,
      search: String(said.needs_search),
      task,
      intent,
      freshness,
      hardness,
      high: probabilities.high,
      level: probabilities.high + probabilities.medium / 2,
    };
  });
}

type Judged = Pick<Answered, "prompt" | "complexity" | "search">;

const complexityOf = (all: readonly Judged[]): Scored[] =>
  all.map(({ prompt, complexity }) => ({ want: prompt.complexity ?? "", got: complexity }));
const searchOf = (all: readonly Judged[]): Scored[] =>
  all.map(({ prompt, search }) => ({ want: String(prompt.search), got: search }));
const taskOf = (all: readonly Answered[]): Scored[] =>
  all.map(({ prompt, task }) => ({ want: prompt.task ?? "", got: task }));
const intentOf = (all: readonly Answered[]): Scored[] =>
  all.map(({ prompt, intent }) => ({ want: prompt.intent ?? "", got: intent }));

/** Figures that rivals have too. */
export const shared = {
  "complexity macro-F1": (all: readonly Judged[]) => macroF1(complexityOf(all), complexities),
  "high called low": (all: readonly Judged[]) => share(complexityOf(all), "high", "low"),
  "needs_search F1": (all: readonly Judged[]) => f1(searchOf(all), "true"),
};

/** Figures of the analyzer alone. */
export const further = {
  "low F1": (all: readonly Answered[]) => f1(complexityOf(all), "low"),
  "medium F1": (all: readonly Answered[]) => f1(complexityOf(all), "medium"),
  "high F1": (all: readonly Answered[]) => f1(complexityOf(all), "high"),
  "high AUC": (all: readonly Answered[]) =>
    auc(all.map(({ prompt, high }) => ({ score: high, is: prompt.complexity === "high" }))),
  "hardness AUC, high against others": (all: readonly Answered[]) =>
    auc(all.map(({ prompt, hardness }) => ({ score: hardness, is: prompt.complexity === "high" }))),
  "freshness AUC": (all: readonly Answered[]) =>
    auc(all.map(({ prompt, freshness }) => ({ score: freshness, is: prompt.search === true }))),
  "freshness calibration error": (all: readonly Answered[]) =>
    calibrationError(all.map(({ prompt, freshness }) => ({ score: freshness, is: prompt.search === true }))),
  "high calibration error": (all: readonly Answered[]) =>
    calibrationError(all.map(({ prompt, high }) => ({ score: high, is: prompt.complexity === "high" }))),
  "task macro-F1": (all: readonly Answered[]) => macroF1(taskOf(all), tasks),
  "intent macro-F1": (all: readonly Answered[]) => macroF1(intentOf(all), intents),
};

/** A figure with its 95 % interval. */
export function figured<T>(items: readonly T[], figure: (drawn: readonly T[]) => number): string {
  const [from, to] = interval(items, figure, createRandom(11));
  return `${figure(items).toFixed(3)} (${from.toFixed(3)}-${to.toFixed(3)})`;
}

/** A rival with the borders that suit it best on some prompts, on others. */
export function rivalled(rival: Rival, calibrate: readonly Prompt[], test: readonly Prompt[]): Judged[] {
  const borders = bordersOf(rival, calibrate);
  return test.map((prompt) => ({ prompt, ...judge(rival, prompt, borders) }));
}

function bordersOf(rival: Rival, prompts: readonly Prompt[]): Borders {
  const judged = (borders: Borders): Judged[] =>
    prompts.map((prompt) => ({ prompt, ...judge(rival, prompt, borders) }));
  const hard = quantiles(prompts.map(({ text }) => rival.hardness(text)));
  const fresh = quantiles(prompts.map(({ text }) => rival.freshness(text)));
  // Both answers count here: by the F1 of yes alone, a score that knows nothing would do best with always yes.
  const freshest = best(fresh, (one) =>
    macroF1(searchOf(judged({ medium: 0, high: 0, fresh: one })), ["true", "false"]),
  );
  const pairs = hard.flatMap((medium) =>
    hard.filter((high) => high >= medium).map((high) => ({ medium, high, fresh: freshest })),
  );
  return best(pairs, (one) => shared["complexity macro-F1"](judged(one)));
}

function best<T>(all: readonly T[], score: (one: T) => number): T {
  const scored = all.map((one) => ({ one, score: score(one) }));
  const first = scored.toSorted((a, b) => b.score - a.score)[0];
  if (first === undefined) throw new RangeError("nothing to choose from");
  return first.one;
}

/** Of some prompts, the share whose complexity or search changes when they are written in another way. */
export function flips(weights: Weights, prompts: readonly Prompt[]): ReadonlyMap<string, number> {
  const analyze = createAnalyzer(weights);
  return new Map(
    Object.entries(noises).map(([name, noise]) => {
      const changed = prompts.filter(({ text }) => {
        const random = createRandom(Number.parseInt(hashOf(text).slice(0, 8), 16));
        return decision(analyze, noise(text, random)) !== decision(analyze, text);
      });
      return [name, changed.length / prompts.length];
    }),
  );
}

function decision(analyze: Analyze, text: string): string {
  const said = analyze(requestOf(text), { nowMs });
  return `${said.complexity} ${said.needs_search}`;
}
