import { afterEach } from "vitest";
import path from "node:path";
import { type Answer, ask, type Asking, type AskOptions, open } from "./ask.ts";
import { eventually, type RunningDaemon, scratch, startDaemon } from "./daemon.ts";
import { type FakeOpenRouter, startFakeOpenRouter } from "./fake-openrouter.ts";
import { type FakeUpstream, startFakeUpstream } from "./fake-upstream.ts";
import { secretOf } from "./money-client.ts";
import { type LedgerRow, readLedger } from "./money-judge.ts";
import { plainAnswer } from "./plain-answers.ts";
import { noBreaker } from "./stage.ts";

/** A daemon in front of an OpenRouter and a local model, with a ledger that outlives it. */
export interface MoneyStage {
  readonly fake: FakeOpenRouter;
  /** An Ollama named `local`, with the model `tiny`. */
  readonly local: FakeUpstream;
  /** The ledger's file. */
  readonly file: string;
  readonly daemon: () => RunningDaemon;
  /** Starts another daemon on the same ledger. */
  readonly restart: () => Promise<void>;
  readonly ask: (path: string, body?: object, options?: AskOptions) => Promise<Answer>;
  /** The same, of a client that may leave. */
  readonly leave: (path: string, body: object, options?: AskOptions) => Asking;
  /** The row of a request, as soon as it is there. */
  readonly rowOf: (requestId: string) => Promise<LedgerRow>;
  readonly rows: () => readonly LedgerRow[];
  /** `money` of `/api/stats`. */
  readonly shown: () => Promise<ShownMoney>;
}

export interface ShownMoney {
  readonly ledger: {
    readonly state: string;
    readonly error?: string | null;
    readonly set_aside?: string | null;
  };
  readonly today: Readonly<Record<string, number | string>>;
  readonly by_key: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly by_model: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly by_upstream: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly budgets: readonly Readonly<Record<string, number | string | null>>[];
}

export interface MoneyOptions {
  /** What is configured beneath `money`, as lines of YAML. */
  readonly money?: string;
  /** More configuration. */
  readonly yaml?: string;
  /** Puts something in the place of the ledger's file before the daemon starts. */
  readonly prepare?: (file: string) => void;
}

/** Stages that are taken down after each test of the file. */
export function moneyStages(): (options?: MoneyOptions) => Promise<MoneyStage> {
  const standing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const stop of standing.splice(0).toReversed()) await stop();
  });
  return async (options = {}) => {
    const { dir, cleanUp } = await scratch();
    standing.push(cleanUp);
    const fake = await startFakeOpenRouter();
    standing.push(() => fake.stop());
    const local = await startFakeUpstream(["tiny:latest"]);
    local.respond = (seen) => plainAnswer(seen);
    standing.push(() => local.stop());
    const file = path.join(dir, "usage.db");
    options.prepare?.(file);
    const yaml = yamlFor({ fake, local, file }, options);
    let daemon = await startDaemon(yaml);
    standing.push(() => daemon.stop());
    const restart = async (): Promise<void> => {
      await daemon.stop();
      daemon = await startDaemon(yaml);
    };
    return { fake, local, file, daemon: () => daemon, restart, ...questionsTo(() => daemon, file) };
  };
}

type Places = Pick<MoneyStage, "fake" | "local" | "file">;

const yamlFor = ({ fake, local, file }: Places, { money = "", yaml = "" }: MoneyOptions): string => `
demo: off
upstreams:
  - { name: local, url: "${local.url}" }
  - { type: openrouter, url: "${fake.url}", api_key: ${fake.key} }
${noBreaker}
money:
  path: ${file}
${money}
${yaml.includes("cache:") ? "" : "cache: {}"}
${yaml}
`;

function questionsTo(
  daemon: () => RunningDaemon,
  file: string,
): Pick<MoneyStage, "ask" | "leave" | "rowOf" | "rows" | "shown"> {
  const askIt: MoneyStage["ask"] = (asked, body, options) => ask(daemon().url + asked, body, options);
  const shown = async (): Promise<ShownMoney> => {
    const { text } = await askIt("/api/stats", undefined, { headers: as("boss") });
    return (JSON.parse(text) as { money: ShownMoney }).money;
  };
  const rows = (): readonly LedgerRow[] => readLedger(file).rows;
  return {
    ask: askIt,
    leave: (asked, body, options) => open(daemon().url + asked, body, options),
    rows,
    async rowOf(requestId) {
      await eventually(async () => (await shown()).ledger.state === "ok", "the ledger is open");
      const found = (): LedgerRow[] => rows().filter((row) => row.request_id === requestId);
      await eventually(() => found().length > 0, `there is a row of ${requestId}`);
      const [row, ...others] = found();
      if (row === undefined || others.length > 0)
        throw new Error(`${requestId} has ${others.length + 1} rows`);
      return row;
    },
    shown,
  };
}

/** Two keys that may use models, and an administrator's; `ada` has what is said beneath her. */
export const keysYaml = (ofAda = ""): string => `
api_keys:
  - { name: ada, key: ${secretOf("ada")}${ofAda} }
  - { name: bob, key: ${secretOf("bob")} }
  - { name: boss, key: ${bossKey}, admin: true }
`;

export const bossKey = "chq-boss-a-key-for-the-specs-only";

/** What says who asks, and under which id. */
export const as = (key: "ada" | "bob" | "boss", requestId?: string): Record<string, string> => ({
  authorization: `Bearer ${key === "boss" ? bossKey : secretOf(key)}`,
  ...(requestId === undefined ? {} : { "x-request-id": requestId }),
});

export const called = (requestId: string): AskOptions => ({ headers: { "x-request-id": requestId } });
