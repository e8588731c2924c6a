import { writeFileSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { ask } from "../support/ask.ts";
import { eventually, scratch, type SpawnedDaemon, spawnDaemon } from "../support/daemon.ts";
import { type FakeOpenRouter, startFakeOpenRouter } from "../support/fake-openrouter.ts";
import { makeCalls, type Outcome, secretOf } from "../support/money-client.ts";
import {
  type History,
  historyOf,
  judge,
  type LedgerContent,
  readLedger,
  sumsOf,
} from "../support/money-judge.ts";
import { keyNames, planCalls, type PlannedCall } from "../support/money-plan.ts";
import { createRandom, type Random } from "../support/random.ts";
import { noBreaker } from "../support/stage.ts";

const admin = "chq-admin-a-key-for-the-specs-only";

/** Every fault is met: nothing is left alone because it failed, and what hangs is given up soon. */
const yaml = `
${noBreaker}
auth: auto
api_keys:
${keyNames.map((name) => `  - { name: ${name}, key: ${secretOf(name)} }`).join("\n")}
  - { name: boss, key: ${admin}, admin: true }
timeouts: { first_byte: 800ms, idle: 800ms }
retry: { wait: 1s, share: 1 }
cache: { enabled: false }
`;

interface Stage {
  readonly fake: FakeOpenRouter;
  readonly dir: string;
  readonly spawn: () => Promise<SpawnedDaemon>;
}

/** Calls, a kill -9 in the middle of each round but the last, and what everyone remembers of it. */
async function liveThrough({ fake, spawn }: Stage, plans: readonly PlannedCall[][], random: Random) {
  const outcomes: Outcome[] = [];
  const killsMs: number[] = [];
  let daemon = spawn();
  for (const [round, calls] of plans.entries()) {
    const isLast = round === plans.length - 1;
    let untilKill = isLast ? Infinity : Math.floor(calls.length * (0.3 + random() * 0.5));
    const restart = async (): Promise<SpawnedDaemon> => {
      const { child, exited } = await daemon;
      killsMs.push(performance.now());
      child.kill("SIGKILL");
      await exited;
      fake.release();
      return spawn();
    };
    await makeCalls(calls, {
      atOnce: 8,
      url: async () => (await daemon).url,
      onOutcome(outcome) {
        outcomes.push(outcome);
        untilKill -= 1;
        if (untilKill === 0) daemon = restart();
      },
    });
  }
  return { outcomes, killsMs, daemon: await daemon };
}

async function withStage<Value>(use: (stage: Stage) => Promise<Value>): Promise<Value> {
  const fake = await startFakeOpenRouter();
  const { dir, cleanUp } = await scratch();
  const config = path.join(dir, "config.yaml");
  writeFileSync(config, yaml);
  const running: SpawnedDaemon[] = [];
  const args = ["--config", config, "--upstream", `openrouter=${fake.url}`];
  const spawn = async (): Promise<SpawnedDaemon> => {
    const daemon = await spawnDaemon(args, { OPENROUTER_API_KEY: fake.key }, { dataDir: dir });
    running.push(daemon);
    return daemon;
  };
  try {
    return await use({ fake, dir, spawn });
  } finally {
    await Promise.all(running.map((daemon) => daemon.stop()));
    await fake.stop();
    await cleanUp();
  }
}

/** The faults planned for each call, attempt by attempt; the provider tells of a generation only at the second asking. */
function misbehave(fake: FakeOpenRouter, calls: readonly PlannedCall[]): void {
  const plans = new Map(calls.map(({ tag, faults }) => [tag, [...faults]]));
  const askedAbout = new Set<string>();
  fake.faults = ({ path: asked, query, text }) => {
    const id = query.get("id") ?? "";
    if (asked === "/generation" && !askedAbout.has(id)) {
      askedAbout.add(id);
      return { kind: "http", status: 404 };
    }
    return plans.get(/tag-[a-z0-9-]+/.exec(text)?.[0] ?? "")?.shift();
  };
  fake.billsAfterCancel.add("openai/gpt-4o-mini").add("deepseek/deepseek-r1");
}

async function totalsBy(daemon: SpawnedDaemon, by: string) {
  const answer = await ask(`${daemon.url}/api/usage?by=${by}`, undefined, {
    headers: { authorization: `Bearer ${admin}` },
  });
  const { rows } = JSON.parse(answer.text) as {
    rows: { name: string; calls: number; cost_nano_usd: number }[];
  };
  return Object.fromEntries(
    rows.map(({ name, calls, cost_nano_usd }) => [name, { calls, costNanoUsd: cost_nano_usd }]),
  );
}

async function checkHistory(seed: number): Promise<{ history: History; content: LedgerContent }> {
  const random = createRandom(seed);
  return withStage(async (stage) => {
    const { fake, dir } = stage;
    const plans = [0, 1, 2, 3].map((round) => planCalls({ random, calls: 60, name: `${seed}-${round}` }));
    misbehave(fake, plans.flat());
    const { daemon, ...lived } = await liveThrough(stage, plans, random);
    fake.release();
    const file = path.join(dir, "usage.db");
    let problems: string[] = [];
    await eventually(
      () => {
        problems = judge(historyOf(fake, lived), readLedger(file));
        return problems.length === 0;
      },
      "ledger and bill agree",
      15_000,
    ).catch(() => undefined);
    expect(problems, `seed ${seed}`).toEqual([]);
    const history = historyOf(fake, lived);
    // The provider is still being asked about calls that did not end well: the sums follow.
    let content = readLedger(file);
    const sums = async () => {
      const told = { byKey: await totalsBy(daemon, "key"), byDay: await totalsBy(daemon, "day") };
      content = readLedger(file);
      const ofRows = {
        byKey: sumsOf(content.rows, (row) => row.key_name ?? "none"),
        byDay: sumsOf(content.rows, (row) => new Date(row.time_ms).toISOString().slice(0, 10)),
      };
      return { told, ofRows };
    };
    await eventually(async () => {
      const { told, ofRows } = await sums();
      return isDeepStrictEqual(told, ofRows);
    }, `the totals are the sums of the rows (seed ${seed})`);
    return { history, content };
  });
}

/** More seeds: `CHASQUI_SPEC_SEEDS=20` tries that many, from a new one on. */
const seedCount = Number(process.env["CHASQUI_SPEC_SEEDS"] ?? 0);
const firstSeed = Number(process.env["CHASQUI_SPEC_SEED"] ?? Date.now() % 1_000_000);
const seeds =
  seedCount > 0 ? Array.from({ length: seedCount }, (_, index) => firstSeed + index) : [20_261_121];

describe("after random faults and kills the ledger", () => {
  it.each(seeds)("agrees with what the provider charged, seed %i", { timeout: 60_000 }, async (seed) => {
    const { history, content } = await checkHistory(seed);

    // The run was worth something: calls were killed, charged, and ended well.
    expect(history.outcomes.filter(({ isClean }) => isClean).length).toBeGreaterThan(60);
    expect(content.rows.filter(({ error }) => error === "interrupted").length).toBeGreaterThan(0);
    expect([...history.charged.values()].filter((nanoUsd) => nanoUsd > 0).length).toBeGreaterThan(60);
    // And the judge sees what is wrong.
    const { rows } = content;
    const one = rows.find((row) => (history.charged.get(row.request_id.replace("req-", "tag-")) ?? 0) > 0);
    if (one === undefined) throw new Error("nothing was charged");
    const others = rows.filter((row) => row !== one);
    const judged = (all: LedgerContent["rows"]): number => judge(history, { ...content, rows: all }).length;
    expect(judged(others)).toBe(1);
    expect(judged([...rows, one])).toBe(1);
    expect(judged([...others, { ...one, cost_nano_usd: 0 }])).toBe(1);
  });
});
