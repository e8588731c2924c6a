import type { Loaded } from "../config/load.ts";
import { upstreamOptions } from "../config/upstream-options.ts";
import type { Exchange } from "../http/exchange.ts";
import type { Logger } from "../lib/log.ts";
import type { Clock } from "../lib/time.ts";
import { createUpstream } from "../upstream/create.ts";
import type { HealthState } from "../upstream/health.ts";
import type { Upstream } from "../upstream/upstream.ts";

/** Upstreams by their definition. */
export type Upstreams = ReadonlyMap<string, Upstream>;

export interface UpstreamsParts {
  readonly clock: Clock;
  readonly log: () => Logger;
}

/** Upstreams whose definition has not changed are taken over from the generation before. */
export function createUpstreams(
  loaded: Loaded,
  { clock, log }: UpstreamsParts,
  before: Upstreams,
): Upstreams {
  const told = new Map<string, HealthState>();
  const onState = (upstream: string, state: HealthState): void => {
    if (state === "half-open" || told.get(upstream) === state) return;
    told.set(upstream, state);
    if (state === "up") log().info("upstream is up", { upstream });
    else log()[loaded.upstreamsNamed ? "warn" : "debug"]("upstream is down", { upstream });
  };
  const onTrouble = (upstream: string, why: string): void =>
    log().error("upstream is switched off for a while", { upstream, why });
  const upstreams = new Map<string, Upstream>();
  for (const options of upstreamOptions(loaded)) {
    const definition = JSON.stringify(options);
    const parts = { clock, random: Math.random, onState, onTrouble };
    const upstream = before.get(definition) ?? createUpstream(options, parts);
    upstreams.set(definition, upstream);
  }
  return upstreams;
}

/** Closes the upstreams that the next generation has not taken over. */
export function retireAll(before: Upstreams, next: Upstreams, parts: RetireParts): void {
  const begun = new Set(parts.exchanges);
  for (const [definition, upstream] of before) {
    if (!next.has(definition)) retire(upstream, begun, parts);
  }
}

export interface RetireParts {
  readonly clock: Clock;
  readonly exchanges: Iterable<Exchange>;
}

/** How often it is looked whether an upstream that is no longer configured has finished its work. */
const retireCheckMs = 1_000;

/** Closes an upstream when the requests that may still come to it are over. */
function retire(upstream: Upstream, begun: ReadonlySet<Exchange>, parts: RetireParts): void {
  const left = [...parts.exchanges].some((exchange) => begun.has(exchange));
  if (left) parts.clock.after(retireCheckMs, () => retire(upstream, begun, parts));
  else upstream.close();
}
