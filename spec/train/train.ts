import { writeFileSync } from "node:fs";
import { createAnalyzer } from "../../src/router/analyze.ts";
import type { Weights } from "../../src/router/weights.ts";
import { writeWeights } from "../../src/router/weights-file.ts";
import { requestOf } from "./fit.ts";
import { rankCorrelation } from "./measure.ts";
import { calibrated, crossed, type Held, heldOut, learnt } from "./model.ts";
import { ownPrompts, partOf, type Prompt, publicPrompts, someOf } from "./prompts.ts";
import { answered, figured, flips, further, nowMs, rivalled, shared } from "./report.ts";
import { rivals } from "./rivals.ts";

const file = new URL("../../src/router/weights.bin", import.meta.url);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const own = ownPrompts();
const all = publicPrompts();
const others = someOf(all);

say(`own prompts ${own.length}, public prompts ${others.length} of ${all.length}`);
const held = crossed(own, others);
const calibration = calibrated(
  held.flatMap(({ unseen }) => unseen.filter(({ example }) => partOf(example.prompt) === "calibrate")),
);
say(
  `thresholds ${JSON.stringify(calibration.thresholds)} temperatures ${JSON.stringify(calibration.temperatures)}`,
);

const whole = ({ weights }: Held): Weights => ({ ...weights, ...calibration });
const promptsOf = ({ unseen }: Held): Prompt[] => unseen.map(({ example }) => example.prompt);

reportTest();
reportSources();
reportSteps();
reportFlips();

const shipped: Weights = { ...learnt(own, others, 2), ...calibration };
const bytes = writeWeights(shipped);
writeFileSync(file, bytes);
reportSpeed(shipped);
say(`\nweights ${bytes.length} bytes, trained in ${Math.round(process.uptime())} s`);

/** The test part, each prompt judged by the model of its fold. */
function reportTest(): void {
  const test = held.flatMap((one) =>
    answered(
      whole(one),
      promptsOf(one).filter((prompt) => partOf(prompt) === "test"),
    ),
  );
  const calibrate = own.filter((prompt) => partOf(prompt) === "calibrate");
  const others = rivals.map((rival) =>
    rivalled(
      rival,
      calibrate,
      test.map(({ prompt }) => prompt),
    ),
  );
  say(
    `\n| test part (${test.length} prompts) | analyzer | ${rivals.map(({ name }) => name).join(" | ")} |\n|---|---|---|---|`,
  );
  for (const [name, figure] of Object.entries(shared))
    say(`| ${name} | ${figured(test, figure)} | ${others.map((one) => figured(one, figure)).join(" | ")} |`);
  for (const [name, figure] of Object.entries(further)) say(`| ${name} | ${figured(test, figure)} | | |`);
  say("\n| trap | prompts | right complexity | right search |\n|---|---|---|---|");
  for (const trap of new Set(test.map(({ prompt }) => prompt.trap ?? "none"))) {
    const some = test.filter(({ prompt }) => (prompt.trap ?? "none") === trap);
    const right = some.filter(({ prompt, complexity }) => prompt.complexity === complexity).length;
    const found = some.filter(({ prompt, search }) => String(prompt.search) === search).length;
    say(
      `| ${trap} | ${some.length} | ${(right / some.length).toFixed(2)} | ${(found / some.length).toFixed(2)} |`,
    );
  }
}

/** Each file judged by a model that learned from the other files only. */
function reportSources(): void {
  say(
    "\n| left out | prompts | complexity macro-F1 | high called low | needs_search F1 | task macro-F1 |\n|---|---|---|---|---|---|",
  );
  for (const source of new Set(own.map((prompt) => prompt.source))) {
    const one = heldOut(own, others, (prompt) => prompt.source === source);
    const some = answered(whole(one), promptsOf(one));
    const figures = [
      shared["complexity macro-F1"](some),
      shared["high called low"](some),
      shared["needs_search F1"](some),
      further["task macro-F1"](some),
    ];
    say(`| ${source} | ${some.length} | ${figures.map((figure) => figure.toFixed(3)).join(" | ")} |`);
  }
}

/** Whether hardness puts word problems, of which none taught it, in the order of their steps. */
function reportSteps(): void {
  const taught = new Set(others.map(({ text }) => text));
  const problems = all
    .filter(({ text, hardness }) => hardness !== undefined && !taught.has(text))
    .slice(0, 2_000);
  const [first] = held;
  if (first === undefined || problems.length === 0) return;
  const some = answered(whole(first), problems);
  const by = (score: (one: (typeof some)[number]) => number): string =>
    figured(some, (drawn) => rankCorrelation(drawn.map((one) => [score(one), one.prompt.hardness ?? 0])));
  say(
    `\nrank correlation with the steps of ${problems.length} word problems: hardness ${by(({ hardness }) => hardness)}, length ${by(({ prompt }) => prompt.text.length)}`,
  );
}

function reportFlips(): void {
  const [first] = held;
  if (first === undefined) return;
  say("\n| written otherwise | share of decisions that change |\n|---|---|");
  for (const [name, share] of flips(whole(first), promptsOf(first)))
    say(`| ${name} | ${(share * 100).toFixed(1)} % |`);
}

/** Microseconds of one analysis. */
function reportSpeed(weights: Weights): void {
  const analyze = createAnalyzer(weights);
  const page = own
    .map(({ text }) => text)
    .join(" ")
    .slice(0, 10_000);
  for (const [name, texts] of [
    ["own prompts", own.map(({ text }) => text)],
    ["10 kB", own.slice(0, 2_000).map((_, nth) => page.slice(nth) + page.slice(0, nth))],
  ] as const) {
    const spent = texts
      .map((text) => {
        const request = requestOf(text);
        const start = process.hrtime.bigint();
        analyze(request, { nowMs });
        return Number(process.hrtime.bigint() - start) / 1_000;
      })
      .toSorted((a, b) => a - b);
    const at = (share: number): string => (spent[Math.floor(spent.length * share)] ?? 0).toFixed(0);
    say(`\n${name}: p50 ${at(0.5)} us, p99 ${at(0.99)} us`);
  }
}
