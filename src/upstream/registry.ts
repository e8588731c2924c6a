import type { Call } from "../core/call.ts";
import type { Price } from "../core/price.ts";
import { textOf } from "../dialect/values.ts";
import type { Clock } from "../lib/time.ts";
import { createLooks, type Looks } from "./looks.ts";
import { createRouting, type Fallback, isUp, keyOf, type Route } from "./route.ts";
import type { Upstream } from "./upstream.ts";

/** When the demo model is offered: while no other upstream is up, always, or never. */
export type DemoMode = "auto" | "on" | "off";

/** All upstreams, and what is known of them. */
export interface Registry extends Pick<Looks, "freshen" | "expire" | "stop"> {
  /** Those in use now: the configured ones, and the demo model while it is offered. */
  readonly upstreams: readonly Upstream[];
  /** Whether another reading of the configuration took its place. */
  readonly isStopped: () => boolean;
  /** Finds who may answer; at once when that is known. Rejects with ProxyError: unknown model, all down. */
  readonly route: (call: Call) => Route | Promise<Route>;
  /** The key of a model's name; empty for what is no name. */
  readonly keyOf: (model: string) => string;
  /** What is known of a model now, at the upstreams that are up; as last seen where none is. */
  readonly factsOf: (model: string, pinnedUpstream?: string) => ModelFacts;
  /** Every upstream that has the model, up or not. */
  holders(model: string): Promise<readonly Upstream[]>;
  /** First look at every upstream, then one every interval. Resolves when all have been looked at or `waitMs` passed. */
  start(waitMs: number): Promise<void>;
}

export interface ModelFacts {
  /** The digests it has at its holders, which are one unless they differ; undefined where nobody tells. */
  readonly digest: string | undefined;
  /** Tokens it sees at once where it is loaded, the fewest of several; undefined when that is not known. */
  readonly contextTokens: number | undefined;
  readonly isLoaded: boolean;
  /** What it costs where that is known. */
  readonly price: Price | undefined;
}

export interface RegistryParts {
  readonly upstreams: readonly Upstream[];
  /** Undefined when the demo model is switched off. */
  readonly demo: Upstream | undefined;
  readonly demoMode: DemoMode;
  readonly fallbacks: readonly Fallback[];
  readonly clock: Clock;
  readonly refreshMs: number;
}

export function createRegistry(parts: RegistryParts): Registry {
  const { upstreams, demo, demoMode, fallbacks, clock, refreshMs } = parts;
  const { freshen, expire, begin, stop } = createLooks(upstreams, clock);
  let isOver = false;
  const isStopped = (): boolean => isOver;

  const inUse = (): readonly Upstream[] => {
    if (demo === undefined) return upstreams;
    const alone = !upstreams.some(isUp);
    return demoMode === "on" || alone ? [...upstreams, demo] : upstreams;
  };
  const { route, holders, holdersOf } = createRouting({ upstreams, inUse, fallbacks, freshen, isStopped });

  return {
    get upstreams() {
      return inUse();
    },
    route,
    keyOf,
    factsOf: (model, pinnedUpstream) => factsAt(holdersOf(keyOf(model)), keyOf(model), pinnedUpstream),
    holders,
    freshen,
    expire,
    async start(waitMs) {
      begin(refreshMs);
      await freshen(0, waitMs);
    },
    isStopped,
    stop() {
      isOver = true;
      stop();
    },
  };
}

function factsAt(holders: readonly Upstream[], key: string, pinned: string | undefined): ModelFacts {
  const named = holders.filter((one) => pinned === undefined || one.name === pinned);
  // What was known of one that is down still holds: its answers in the cache are found by it.
  const having = named.some(isUp) ? named.filter(isUp) : named;
  const digests = new Set(having.map((one) => textOf(one.models.byKey.get(key)?.["digest"])));
  digests.delete("");
  const contexts = having
    .map((one) => one.models.loaded.get(key)?.["context_length"])
    .filter((length) => typeof length === "number");
  return {
    digest: digests.size === 0 ? undefined : [...digests].toSorted().join(","),
    contextTokens: contexts.length === 0 ? undefined : Math.min(...contexts),
    isLoaded: having.some((one) => one.models.warm.has(key)),
    price: having.map((one) => one.models.details.get(key)?.price).find((price) => price !== undefined),
  };
}
