import { afterEach } from "vitest";
import { eventually, startDaemon, type RunningDaemon } from "./daemon.ts";
import { startFakeUpstream, type FakeUpstream } from "./fake-upstream.ts";
import { ask } from "./ask.ts";

/** A daemon in front of some upstreams, all in this process. */
export interface Stage {
  readonly daemon: RunningDaemon;
  /** Named `one`, `two`, ... in the daemon's configuration. */
  readonly upstreams: readonly FakeUpstream[];
  /** The first upstream. */
  readonly one: FakeUpstream;
  readonly two: FakeUpstream;
  url(path: string): string;
  stop(): Promise<void>;
}

export interface StageOptions {
  /** The models of each upstream; the list's length says how many there are. */
  readonly models?: readonly (readonly string[])[];
  /** Prepares the upstreams before the daemon looks at them. */
  readonly prepare?: (upstreams: readonly FakeUpstream[]) => void | Promise<void>;
  /** More configuration, as YAML. */
  readonly yaml?: string;
}

const names = ["one", "two", "three"];

/** A breaker that stays closed, so that a trial sees each upstream as it is. */
export const noBreaker = "breaker: { failures: 1000, refusals: 1000, sample: 100000 }";

/** Sets up a stage. */
export async function setStage(options: StageOptions = {}): Promise<Stage> {
  const models = options.models ?? [["tiny:latest"]];
  const upstreams = await Promise.all(models.map((list) => startFakeUpstream(list)));
  await options.prepare?.(upstreams);
  const entries = upstreams.map((upstream, index) => `  - { name: ${names[index]}, url: "${upstream.url}" }`);
  const yaml = `demo: off\nupstreams:\n${entries.join("\n")}\n${options.yaml ?? noBreaker}\n`;
  const daemon = await startDaemon(yaml);
  const [one, two] = upstreams as [FakeUpstream, FakeUpstream];
  return {
    daemon,
    upstreams,
    one,
    two,
    url: (path) => daemon.url + path,
    async stop() {
      await daemon.stop();
      await Promise.all(upstreams.map((upstream) => upstream.stop()));
    },
  };
}

/** A `setStage` whose stages are taken down after each test of the file. */
export function stages(): (options?: StageOptions) => Promise<Stage> {
  const standing: Stage[] = [];
  afterEach(async () => {
    await Promise.all(standing.splice(0).map((one) => one.stop()));
  });
  return async (options) => {
    const stage = await setStage(options);
    standing.push(stage);
    return stage;
  };
}

export interface UpstreamStats {
  readonly name: string;
  readonly breaker: { readonly state: string; readonly opened: number };
  readonly in_flight: number;
  readonly queued: number;
  readonly control_in_flight: number;
  readonly models_stale: boolean;
}

/** What the daemon says of its upstreams, by name. */
export async function upstreamStats({ daemon }: Stage): Promise<Record<string, UpstreamStats>> {
  const { text } = await ask(`${daemon.url}/api/stats`);
  const { upstreams } = JSON.parse(text) as { upstreams: UpstreamStats[] };
  return Object.fromEntries(upstreams.map((one) => [one.name, one]));
}

/** Waits until nothing is under way any more, neither at the daemon nor at an upstream. */
export async function quiet(stage: Stage): Promise<void> {
  await eventually(async () => {
    const stats = Object.values(await upstreamStats(stage));
    return stats.every((one) => one.in_flight + one.queued + one.control_in_flight === 0);
  }, "every place at every upstream is free");
  await eventually(() => stage.daemon.daemon.exchanges.size === 0, "no exchange is open");
  await eventually(
    () => stage.upstreams.every((one) => one.seen.every((seen) => seen.ended !== undefined)),
    "every connection of a request is over",
  );
}

/** The daemon's log lines about requests with this id. */
export function requestLines({ daemon }: Stage, id: string): Readonly<Record<string, unknown>>[] {
  return daemon.lines.filter((line) => line.message === "request" && line.id === id);
}
