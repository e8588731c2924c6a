import { readFileSync, statSync } from "node:fs";
import { systemClock } from "../../src/lib/time.ts";
import type * as Analyzing from "../../src/router/analyze.ts";
import type * as Weighing from "../../src/router/weights-file.ts";
import { requestOf, user } from "../router/requests.ts";
import { type Answer, ask } from "../support/ask.ts";
import { eventually, type RunningDaemon, startDaemon } from "../support/daemon.ts";
import { type FakeOpenRouter, startFakeOpenRouter } from "../support/fake-openrouter.ts";
import { wordsIn } from "../support/fake-openrouter/bill.ts";
import { wordsOf } from "../support/fake-openrouter/script.ts";
import { startFakeSearch } from "../support/fake-search.ts";
import { type Scripted, type Seen, startFakeUpstream } from "../support/fake-upstream.ts";
import { ownPrompts, type Prompt } from "../train/prompts.ts";
import { createRandom, shuffle } from "../support/random.ts";

// What is built is measured: the loader that runs this file gives all functions names anew, which costs time in each call.
const built = (name: string): string => new URL(`../../dist/router/${name}`, import.meta.url).href;
const { createAnalyzer }: typeof Analyzing = await import(built("analyze.js"));
const { readWeights }: typeof Weighing = await import(built("weights-file.js"));
type Analyze = Analyzing.Analyze;

const weightsFile = new URL("../../src/router/weights.bin", import.meta.url);
const prompts = ownPrompts();

/** The value that a share of all does not exceed. */
function at(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function loadWeights(): Analyze {
  const load = (): Analyze => createAnalyzer(readWeights(readFileSync(weightsFile)));
  const times = Array.from({ length: 20 }, () => {
    const beganMs = performance.now();
    load();
    return performance.now() - beganMs;
  });
  const { size } = statSync(weightsFile);
  const [first = 0, ...others] = times;
  console.log(
    `${"weights.bin".padEnd(22)} ${size} bytes   loaded in ${first.toFixed(2)} ms the first time, ${at(others, 0.5).toFixed(2)} ms after that`,
  );
  return load();
}

/** Prompts one after another from the nth on, as much of them as a text of so many bytes takes. */
function textOf(nth: number, bytes: number): string {
  let text = "";
  for (let next = nth * 7; text.length < bytes; next++)
    text += `${prompts[next % prompts.length]?.text ?? ""}\n\n`;
  return Buffer.from(text).subarray(0, bytes).toString("utf8");
}

interface Size {
  readonly name: string;
  readonly text: (nth: number) => string;
  readonly calls: number;
}

const sizes: readonly Size[] = [
  { name: "a short prompt", text: () => "What is the capital of Mongolia?", calls: 5_000 },
  { name: "each prompt of ours", text: (nth) => prompts[nth]?.text ?? "", calls: prompts.length },
  { name: "1 kB", text: (nth) => textOf(nth, 1_000), calls: 2_000 },
  { name: "10 kB", text: (nth) => textOf(nth, 10_000), calls: 1_000 },
  { name: "100 kB", text: (nth) => textOf(nth, 100_000), calls: 200 },
];

interface Round {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly cpuUs: number;
}

/** The call never waits, so that its time is the CPU's, but for what the machine does beside it. */
function timed(calls: readonly (() => void)[]): Round {
  const before = process.cpuUsage();
  const took = calls.map((call) => {
    const beganMs = performance.now();
    call();
    return (performance.now() - beganMs) * 1_000;
  });
  const { user: inUser, system } = process.cpuUsage(before);
  return { p50Us: at(took, 0.5), p99Us: at(took, 0.99), cpuUs: (inUser + system) / calls.length };
}

const rounds = 3;
/** V8 makes its fastest code of what was called some thousand times. */
const warmRounds = 4;

function analyses(analyze: Analyze): void {
  const nowMs = systemClock.epochMs();
  const results = sizes.map(({ name, text, calls }) => {
    const requests = Array.from({ length: calls }, (_, nth) => requestOf([user(text(nth))]));
    const all: Round[] = [];
    return { name, all, calls: requests.map((request) => () => void analyze(request, { nowMs })) };
  });
  // The first rounds warm everything up; rounds are interleaved, so that a noisy moment hits every size alike.
  for (let round = -warmRounds; round < rounds; round++)
    for (const { calls, all } of results) {
      const one = timed(calls);
      if (round >= 0) all.push(one);
    }
  for (const { name, all } of results) {
    const values = (of: keyof Round): number[] => all.map((one) => one[of]);
    const median = (of: keyof Round): string => at(values(of), 0.5).toFixed(0);
    console.log(
      `${name.padEnd(22)} p50 ${median("p50Us")} us   p99 ${median("p99Us")} us   CPU ${median("cpuUs")} us/call, all threads`,
    );
  }
}

/** How much of the traffic of some place is low, medium and high, in per cent. */
interface Mix {
  readonly name: string;
  readonly shares: Readonly<Record<Label, number>>;
}

type Label = NonNullable<Prompt["complexity"]>;

/** What others report of their traffic, and a chat that is a little harder. */
const mixes: readonly Mix[] = [
  { name: "chat 76/14/10", shares: { low: 76, medium: 14, high: 10 } },
  { name: "chat 60/25/15", shares: { low: 60, medium: 25, high: 15 } },
  { name: "dev 48/27/25", shares: { low: 48, medium: 27, high: 25 } },
  { name: "code-heavy 13/34/53", shares: { low: 13, medium: 34, high: 53 } },
];

const promptsOfMix = 300;
const clients = 8;
const cloudModel = "anthropic/claude-sonnet-4.5";

/** So many prompts with the labels of a mix, none of them twice, in an order of their own. */
function draw({ shares }: Mix, seed: number): Prompt[] {
  const random = createRandom(seed);
  const drawn = (["low", "medium", "high"] as const).flatMap((label) => {
    const pool = prompts.filter(({ complexity }) => complexity === label);
    shuffle(pool, random);
    return pool.slice(0, Math.round((promptsOfMix * shares[label]) / 100));
  });
  shuffle(drawn, random);
  return drawn;
}

/** A local model, never at a loss, that says again what it was asked, as the fake in the cloud does, and counts words as that one does. */
function echo({ path, body }: Seen): Scripted | undefined {
  if (path !== "/api/chat") return undefined;
  const { messages, options } = JSON.parse(body) as {
    messages: { content: string }[];
    options: { num_predict: number };
  };
  const said = messages.at(-1)?.content ?? "";
  const words = wordsOf(`You said: ${said}`).slice(0, options.num_predict);
  const answer = {
    model: "tiny",
    created_at: "2026-11-21T00:00:00Z",
    message: { role: "assistant", content: words.join("") },
    done: true,
    done_reason: "stop",
    prompt_eval_count: wordsIn(said),
    eval_count: words.length,
  };
  const headers = { "content-type": "application/json; charset=utf-8" };
  return { status: 200, headers, body: JSON.stringify(answer) };
}

interface House {
  readonly daemon: RunningDaemon;
  readonly cloud: FakeOpenRouter;
  readonly stop: () => Promise<void>;
}

async function setUp(): Promise<House> {
  const local = await startFakeUpstream(["tiny:latest"]);
  local.respond = echo;
  const cloud = await startFakeOpenRouter();
  const web = await startFakeSearch("searxng");
  const daemon = await startDaemon(`
demo: off
upstreams:
  - { name: local, url: "${local.url}" }
  - { type: openrouter, name: cloud, url: "${cloud.url}", api_key: "${cloud.key}" }
search: { providers: [{ type: searxng, url: "${web.url}" }], per_day: 100000 }
routing: { cloud: ["${cloudModel}"] }
money: { baseline: "${cloudModel}" }
`);
  return {
    daemon,
    cloud,
    async stop() {
      for (const one of [daemon, local, cloud, web]) await one.stop();
    },
  };
}

interface Answered {
  readonly prompt: Prompt;
  readonly headers: Answer["headers"];
}

/** Asks all of them, so many at once; every one must be answered. */
async function askAll({ daemon }: House, drawn: readonly Prompt[], model: string): Promise<Answered[]> {
  const left = [...drawn];
  const answered: Answered[] = [];
  const client = async (): Promise<void> => {
    for (let prompt = left.shift(); prompt !== undefined; prompt = left.shift()) {
      const messages = [{ role: "user", content: prompt.text }];
      // Web results in a prompt make no answer longer, though the fakes would say them again too.
      const options = { num_predict: wordsIn(prompt.text) + 2 };
      const body = { model, stream: false, messages, options };
      const { status, headers, text } = await ask(`${daemon.url}/api/chat`, body);
      if (status !== 200) throw new Error(`${model} answered ${status}: ${text}`);
      answered.push({ prompt, headers });
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return answered;
}

type Usage = Readonly<Record<"calls" | "cost_nano_usd" | "saving_nano_usd" | "baseline_nano_usd", number>>;

/** What the daemon itself wrote down, once it has written so many calls. */
async function usageOf({ daemon }: House, calls: number): Promise<Usage> {
  let total: Usage | undefined;
  await eventually(async () => {
    const { text } = await ask(`${daemon.url}/api/usage`);
    ({ total } = JSON.parse(text) as { total: Usage });
    return total.calls >= calls;
  }, `${calls} calls are written down`);
  if (total === undefined) throw new Error("there is no usage");
  return total;
}

const billed = ({ cloud }: House): number =>
  [...cloud.bill.values()].reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0);

const percent = (part: number, whole: number): string =>
  whole === 0 ? "-" : `${((100 * part) / whole).toFixed(1)} %`;

const usd = (nanoUsd: number): string => `$${(nanoUsd / 1e9).toFixed(4)}`;

/** Who answered what, and what was searched: of all, of those that need it, and of those with the labels low and high. */
function sharesOf(answered: readonly Answered[]): string[] {
  const share = (of: readonly Answered[], holds: (one: Answered) => boolean): string =>
    percent(of.filter(holds).length, of.length);
  const isLocal = ({ headers }: Answered): boolean => headers["x-chasqui-upstream"] === "local";
  const isSearched = ({ headers }: Answered): boolean => headers["x-chasqui-searched"] === "yes";
  const labelled = (label: Label): Answered[] => answered.filter(({ prompt }) => prompt.complexity === label);
  const fresh = answered.filter(({ prompt }) => prompt.search === true);
  return [
    share(answered, isLocal),
    share(answered, isSearched),
    share(fresh, isSearched),
    share(labelled("high"), isLocal),
    share(labelled("low"), (one) => !isLocal(one)),
    share(labelled("low"), isSearched),
  ];
}

const columns = (
  "mix, local, searched, fresh searched, High at local, Low at cloud, Low searched, " +
  "bill auto, bill cloud, saving, daemon says, ledger"
).split(", ");

/** One line of the table: the prompts of a mix by `auto`, and once more all of them by the cloud. */
async function replay(mix: Mix, seed: number): Promise<string[]> {
  const house = await setUp();
  try {
    const drawn = draw(mix, seed);
    const answered = await askAll(house, drawn, "auto");
    const auto = billed(house);
    const byAuto = await usageOf(house, drawn.length);
    await askAll(house, drawn, cloudModel);
    const always = billed(house) - auto;
    const byAll = await usageOf(house, drawn.length * 2);
    const agrees = byAuto.cost_nano_usd === auto && byAll.cost_nano_usd === auto + always;
    return [
      mix.name,
      ...sharesOf(answered),
      usd(auto),
      usd(always),
      percent(always - auto, always),
      percent(byAuto.saving_nano_usd, byAuto.baseline_nano_usd),
      agrees ? "agrees" : `says ${usd(byAuto.cost_nano_usd)} and ${usd(byAll.cost_nano_usd)}`,
    ];
  } finally {
    await house.stop();
  }
}

async function replays(): Promise<void> {
  console.log(
    `\nMixes of traffic (low/medium/high), ${promptsOfMix} prompts each, ${clients} clients, ${cloudModel} or local for nothing.` +
      "\nThe weights were trained on these prompts, so that this is about money and not about how well they are told apart.",
  );
  const rows = [columns];
  for (const [index, mix] of mixes.entries()) rows.push(await replay(mix, index + 1));
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  for (const row of rows) console.log(row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("   "));
}

console.log(`The analyzer, medians of ${rounds} rounds`);
analyses(loadWeights());
await replays();
