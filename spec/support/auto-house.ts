import { ask, type Answer } from "./ask.ts";
import { startDaemon, type RunningDaemon } from "./daemon.ts";
import { type FakeOpenRouter, startFakeOpenRouter } from "./fake-openrouter.ts";
import { type FakeSearch, startFakeSearch } from "./fake-search.ts";
import { type FakeUpstream, startFakeUpstream } from "./fake-upstream.ts";

const gpt = "openai/gpt-4o-mini";

/** A daemon with a local model, a cloud and the web, all of them fakes. */
export interface House {
  readonly daemon: RunningDaemon;
  readonly local: FakeUpstream;
  readonly cloud: FakeOpenRouter;
  readonly web: FakeSearch;
  readonly ask: (path: string, body: object, headers?: Record<string, string>) => Promise<Answer>;
}

const standing: { stop(): Promise<void> }[] = [];

/** Stops all that was set up. */
export async function leave(): Promise<void> {
  for (const one of standing.splice(0)) await one.stop();
}

interface HouseOptions {
  readonly hasLocal?: boolean;
  readonly hasCloud?: boolean;
  readonly hasSearch?: boolean;
  readonly yaml?: string;
  /** More of the section `money`. */
  readonly money?: string;
}

export async function setUp({
  hasLocal = true,
  hasCloud = true,
  hasSearch = true,
  yaml = "",
  money = "",
}: HouseOptions = {}): Promise<House> {
  const [local, cloud, web] = await Promise.all([
    startFakeUpstream(["tiny:latest"]),
    startFakeOpenRouter(),
    startFakeSearch("searxng"),
  ]);
  const lines = [
    "demo: off",
    "upstreams:",
    hasLocal ? `  - { name: local, url: "${local.url}" }` : "",
    hasCloud ? `  - { type: openrouter, name: cloud, url: "${cloud.url}", api_key: "${cloud.key}" }` : "",
    hasSearch ? `search: { providers: [{ type: searxng, url: "${web.url}" }] }` : "",
    `money: { baseline: "${gpt}"${money === "" ? "" : `, ${money}`} }`,
    yaml,
  ];
  const daemon = await startDaemon(lines.join("\n"));
  standing.push(daemon, local, cloud, web);
  return {
    daemon,
    local,
    cloud,
    web,
    ask: (path, body, headers = {}) => ask(daemon.url + path, body, { headers }),
  };
}

export const chat = (content: string, more: object = {}): object => ({
  model: "auto",
  stream: false,
  messages: [{ role: "user", content }],
  ...more,
});

export const counts = ({ local, cloud, web }: House): number[] => [
  local.calls().length,
  cloud.to("/chat/completions").length,
  web.seen.length,
];

export const easy = "hi there";
export const fresh = "What is the price of bitcoin today?";
export const hard =
  "Prove that every bounded linear operator on a Hilbert space has an adjoint, and then show rigorously when it is compact.";

/** A local model that says this, streamed or whole. */
export function says({ local }: House, text: string): void {
  local.respond = ({ path, body }) => {
    if (path !== "/api/chat") return undefined;
    const line = (content: string, done: boolean): string =>
      `${JSON.stringify({
        model: "tiny",
        created_at: "2026-11-21T00:00:00Z",
        message: { role: "assistant", content },
        done,
        ...(done
          ? {
              done_reason: "stop",
              prompt_eval_count: 3,
              eval_count: 3,
              total_duration: 5,
              load_duration: 1,
              prompt_eval_duration: 1,
              eval_duration: 1,
            }
          : {}),
      })}\n`;
    const streams = (JSON.parse(body) as { stream?: boolean }).stream !== false;
    const whole = streams
      ? line(text.slice(0, 5), false) + line(text.slice(5), false) + line("", true)
      : line(text, true);
    const type = streams ? "application/x-ndjson" : "application/json; charset=utf-8";
    return { status: 200, headers: { "content-type": type }, body: whole };
  };
}

/** What a local model says that does not know what is new. */
export const dated =
  "I'm sorry, but as of my knowledge cutoff in 2023 I do not have access to real-time information.";

/** A local model that says the one at first, and the other from then on. */
export function saysInTurn(house: House, first: string, then: string): void {
  says(house, first);
  const { respond } = house.local;
  house.local.respond = (seen) => {
    if (house.local.calls().length <= 1) return respond?.(seen);
    says(house, then);
    return house.local.respond?.(seen);
  };
}

/** A question with these headers is one whose local answer is doubted. */
export const doubtful = { "x-chasqui-tier": "medium", "x-chasqui-no-search": "1" };
