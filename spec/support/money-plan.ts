import type { Fault } from "./fake-openrouter/faults.ts";
import type { Random } from "./random.ts";

/** A call that a client will make, what goes wrong with it at the provider, and when the client loses interest. */
export interface PlannedCall {
  readonly tag: string;
  readonly requestId: string;
  readonly key: KeyName;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** For the attempts at the provider, in their order; those after them are good. */
  readonly faults: readonly Fault[];
  readonly leaves: Leaves;
}

/** When the client closes its connection: never, after its first byte, or so many milliseconds after it asked. */
export type Leaves = "never" | "at-first-byte" | number;

export const keyNames = ["ada", "bob"] as const;
export type KeyName = (typeof keyNames)[number];

export function pick<Value>(random: Random, values: readonly [Value, ...Value[]]): Value {
  return values[Math.floor(random() * values.length)] ?? values[0];
}

const models = [
  "openai/gpt-4o-mini",
  "anthropic/claude-sonnet-4.5",
  "deepseek/deepseek-r1",
  "openai/gpt-5-pro",
  "meta-llama/llama-3.3-70b-instruct:free",
] as const;

const paths = ["/api/chat", "/api/generate", "/v1/chat/completions", "/v1/messages"] as const;

/** Half of the calls go well; the others meet one of these. */
const faultMakers: readonly [FaultMaker, ...FaultMaker[]] = [
  () => [],
  () => [{ kind: "error-midway", status: 502 }],
  () => [{ kind: "error-midway", status: 502, code: "provider_unavailable" }],
  (at) => [{ kind: "cut", afterDeltas: at }],
  (at) => [{ kind: "reset", afterDeltas: at }],
  (at) => [{ kind: "end-early", afterDeltas: at }],
  (at) => [{ kind: "garbage", afterDeltas: at }],
  () => [{ kind: "no-usage" }],
  () => [{ kind: "no-done" }],
  () => [{ kind: "usage-in-finish" }],
  () => [{ kind: "blank" }],
  () => [{ kind: "html", status: 524 }],
  () => [{ kind: "comments", count: 5 }],
  () => [{ kind: "cut-before-headers" }],
  () => [{ kind: "reset-before-headers" }],
  () => [{ kind: "http", status: 502 }],
  () => [{ kind: "http", status: 429 }],
  () => [{ kind: "http", status: 429, retryAfterS: 0 }],
  () => [{ kind: "http", status: 400, shape: "flat" }],
  () => [{ kind: "error-in-200", status: 502 }],
  () => [{ kind: "error-in-200", status: 429, code: "rate_limit_exceeded" }],
  // Longer than the daemon waits for progress.
  () => [{ kind: "hang" }],
  (at) => [{ kind: "hold", afterDeltas: at }],
];
type FaultMaker = (afterDeltas: number) => readonly Fault[];

export interface PlanOptions {
  readonly random: Random;
  readonly calls: number;
  /** Begins every tag and request id, so that those of two rounds differ. */
  readonly name: string;
}

/** A mix of calls in which everything can go wrong. */
export const planCalls = ({ random, calls, name }: PlanOptions): PlannedCall[] =>
  Array.from({ length: calls }, (_, index) => planCall(random, `${name}-${index}`));

function planCall(random: Random, name: string): PlannedCall {
  const tag = `tag-${name}`;
  const isEmbedding = random() < 0.06;
  const made = isEmbedding ? embeddingOf(random, tag) : chatOf(random, tag);
  const leaves = random() < 0.25 ? leavesOf(random) : "never";
  return {
    tag,
    requestId: `req-${name}`,
    key: pick(random, keyNames),
    ...made,
    faults: faultsOf(random, leaves),
    leaves,
  };
}

/** A client that leaves finds the answer still on its way. */
function faultsOf(random: Random, leaves: Leaves): readonly Fault[] {
  if (leaves !== "never")
    return [
      pick<Fault>(random, [
        { kind: "slow", betweenMs: 30 },
        { kind: "hold", afterDeltas: 2 },
        { kind: "hang" },
      ]),
    ];
  return random() < 0.5 ? [] : pick(random, faultMakers)(Math.floor(random() * 8));
}

const leavesOf = (random: Random): Leaves =>
  random() < 0.5 ? "at-first-byte" : Math.floor(random() * 250) + 5;

type Made = Pick<PlannedCall, "path" | "body">;

function embeddingOf(random: Random, tag: string): Made {
  const path = pick(random, ["/api/embed", "/v1/embeddings"]);
  return { path, body: { model: "qwen/qwen3-embedding-8b", input: `${tag} ${wordsFrom(random)}` } };
}

function chatOf(random: Random, tag: string): Made {
  const path = pick(random, paths);
  const model = pick(random, models);
  const text = `${tag} ${wordsFrom(random)}`;
  const stream = random() < 0.6;
  const tokensMax = random() < 0.5 ? undefined : Math.floor(random() * 30) + 1;
  const messages = [{ role: "user", content: text }];
  if (path === "/v1/messages")
    return { path, body: { model, messages, stream, max_tokens: tokensMax ?? 64 } };
  if (path === "/v1/chat/completions") {
    const limit = tokensMax === undefined ? {} : { max_tokens: tokensMax };
    const counts = stream && random() < 0.5 ? { stream_options: { include_usage: true } } : {};
    return { path, body: { model, messages, stream, ...limit, ...counts } };
  }
  const options = tokensMax === undefined ? {} : { options: { num_predict: tokensMax } };
  const asked = path === "/api/generate" ? { prompt: text } : { messages };
  return { path, body: { model, ...asked, stream, ...options } };
}

const words = ["alpaca", "relay", "runner", "knot", "road", "señal", "🦙", "day", "mountain"] as const;

/** One prompt in twenty is long enough for the prices of long prompts. */
function wordsFrom(random: Random): string {
  const count = random() < 0.05 ? 1_100 : Math.floor(random() * 12) + 1;
  return Array.from({ length: count }, () => pick(random, words)).join(" ");
}
