import type { Call, Operation } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import { modelKey, parseModelName } from "../core/model-name.ts";
import { modelNotFound } from "../dialect/model-check.ts";
import { textOf } from "../dialect/values.ts";
import { field } from "../lib/json.ts";
import type { Clock } from "../lib/time.ts";
import { createLooks, type Looks } from "./looks.ts";
import type { Upstream } from "./upstream.ts";

/** When the demo model is offered: while no other upstream is up, always, or never. */
export type DemoMode = "auto" | "on" | "off";

/** Who may answer a call: upstreams that are up and have the model. */
export interface Route {
  readonly candidates: readonly Upstream[];
  /** The model's key; empty when the call is about no model. */
  readonly key: string;
}

/** All upstreams, and what is known of them. */
export interface Registry extends Pick<Looks, "freshen" | "expire" | "stop"> {
  /** Those in use now: the configured ones, and the demo model while it is offered. */
  readonly upstreams: readonly Upstream[];
  /** Finds who may answer; at once when that is known. Rejects with ProxyError: unknown model, all down. */
  readonly route: (call: Call) => Route | Promise<Route>;
  /** The key of a model's name; empty for what is no name. */
  readonly keyOf: (model: string) => string;
  /** What is known of a model now, at the upstreams that are up. */
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
}

export interface RegistryParts {
  readonly upstreams: readonly Upstream[];
  /** Undefined when the demo model is switched off. */
  readonly demo: Upstream | undefined;
  readonly demoMode: DemoMode;
  readonly clock: Clock;
  readonly refreshMs: number;
}

/** How old a look may be when someone asks for a list or an unknown model, and how long they wait for a newer one. */
export const listAgeMaxMs = 1_000;
export const listWaitMs = 500;

/** Operations that go to an upstream as such, not to a model it has. */
const upstreamWide = new Set<Operation>(["pull", "push", "create", "blob", "account"]);

export function createRegistry({ upstreams, demo, demoMode, clock, refreshMs }: RegistryParts): Registry {
  const { freshen, expire, begin, stop } = createLooks(upstreams, clock);

  const inUse = (): readonly Upstream[] => {
    if (demo === undefined) return upstreams;
    const alone = !upstreams.some(isUp);
    return demoMode === "on" || alone ? [...upstreams, demo] : upstreams;
  };

  const holdersOf = (key: string): readonly Upstream[] => inUse().filter((one) => one.models.byKey.has(key));

  const holders = async (model: string): Promise<readonly Upstream[]> => {
    const key = keyOf(model);
    if (key === "") return [];
    if (!holdersOf(key).some(isUp)) await freshen(listAgeMaxMs, listWaitMs);
    return holdersOf(key);
  };

  /** The first Ollama server that is up, one that already has the model before others. */
  const serverFor = async (call: Call): Promise<Upstream> => {
    if (!upstreams.some(isUp)) await freshen(listAgeMaxMs, listWaitMs);
    const servers = pinnedTo(call, inUse()).filter((one) => one.type === "ollama");
    const up = servers.filter(isUp);
    const having = await holders(modelToBeAt(call));
    const best = up.find((one) => having.includes(one)) ?? up[0];
    if (best !== undefined) return best;
    if (servers.length > 0) throw allDown(servers);
    throw new ProxyError("no_upstream", "there is no Ollama server behind Chasqui that could do this");
  };

  const modelServers = async (call: Call): Promise<readonly Upstream[]> => {
    const found = await holders(call.model);
    const having = pinnedTo(call, found.length > 0 ? found : cloudServers(call.model, upstreams), inUse());
    if (having.length === 0) throw unknownModel(call, upstreams);
    const up = having.filter(isUp);
    if (up.length === 0) throw allDown(having);
    return up;
  };

  const search = async (call: Call, key: string): Promise<Route> => ({
    candidates: upstreamWide.has(call.operation) ? [await serverFor(call)] : await modelServers(call),
    key,
  });

  return {
    get upstreams() {
      return inUse();
    },
    route: (call) => {
      const key = keyOf(call.model);
      if (!upstreamWide.has(call.operation) && call.pinnedUpstream === undefined) {
        const candidates = holdersOf(key).filter(isUp);
        if (candidates.length > 0) return { candidates, key };
      }
      return search(call, key);
    },
    keyOf,
    factsOf: (model, pinnedUpstream) => factsAt(holdersOf(keyOf(model)), keyOf(model), pinnedUpstream),
    holders,
    freshen,
    expire,
    async start(waitMs) {
      begin(refreshMs);
      await freshen(0, waitMs);
    },
    stop,
  };
}

/** The key of a model's name; empty for what is no name. */
function keyOf(model: string): string {
  const name = model === "" ? undefined : parseModelName(model);
  return name === undefined ? "" : modelKey(name);
}

function factsAt(holders: readonly Upstream[], key: string, pinned: string | undefined): ModelFacts {
  const having = holders.filter((one) => isUp(one) && (pinned === undefined || one.name === pinned));
  const digests = new Set(having.map((one) => textOf(one.models.byKey.get(key)?.["digest"])));
  digests.delete("");
  const contexts = having
    .map((one) => one.models.loaded.get(key)?.["context_length"])
    .filter((length) => typeof length === "number");
  return {
    digest: digests.size === 0 ? undefined : [...digests].toSorted().join(","),
    contextTokens: contexts.length === 0 ? undefined : Math.min(...contexts),
    isLoaded: having.some((one) => one.models.warm.has(key)),
  };
}

/** The model whose server an operation needs: `create` works where its base is, or where its blobs went, the first one. */
function modelToBeAt(call: Call): string {
  if (call.operation !== "create") return call.model;
  const { wire } = call;
  return field(wire, "files") === undefined && field(wire, "adapters") === undefined
    ? textOf(field(wire, "from"))
    : "";
}

const isUp = (upstream: Upstream): boolean => upstream.health.state === "up";

/** Names with a cloud suffix belong to ollama.com, which any Ollama server reaches without listing them. */
function cloudServers(model: string, upstreams: readonly Upstream[]): readonly Upstream[] {
  return parseModelName(model)?.source === "cloud" ? upstreams.filter((one) => one.type === "ollama") : [];
}

/** Of `among` those the client insists on; `known` are all that it may name. */
function pinnedTo({ pinnedUpstream }: Call, among: readonly Upstream[], known = among): readonly Upstream[] {
  if (pinnedUpstream === undefined) return among;
  if (known.some((one) => one.name === pinnedUpstream))
    return among.filter((one) => one.name === pinnedUpstream);
  const names = known.map((one) => one.name).join(", ");
  throw new ProxyError("invalid_request", `X-Chasqui-Upstream names no upstream; there are: ${names}`);
}

/** A configured upstream that was never seen may have the model: then it is not unknown, only out of reach. */
function unknownModel(call: Call, upstreams: readonly Upstream[]): ProxyError {
  const unseen = upstreams.filter((one) => one.configured && one.models.seenAtMs === undefined);
  return unseen.length > 0 ? allDown(unseen) : modelNotFound(call.model, call.operation);
}

function allDown(upstreams: readonly Upstream[]): ProxyError {
  const names = upstreams.map((one) => one.name);
  const text = names.length === 1 ? `upstream ${names[0]} is down` : `upstreams ${names.join(", ")} are down`;
  const retryAfterMs = Math.max(1_000, Math.min(...upstreams.map((one) => one.health.retryInMs())));
  return new ProxyError("no_upstream", text, { retryAfterMs, upstream: names.join(",") });
}

/**
 * The best of some candidates: one with a free place before one with room in its queue, then one that has the model
 * loaded, then the least busy, then the order of the configuration.
 */
export function choose(candidates: readonly Upstream[], key: string): Upstream | undefined {
  const rank = (one: Upstream): readonly [number, number, number] => [
    one.inference.pressure,
    one.models.warm.has(key) ? 0 : 1,
    (one.inference.inFlight + one.inference.queued) / one.inference.places,
  ];
  return candidates
    .map((one) => ({ one, rank: rank(one) }))
    .sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1] || a.rank[2] - b.rank[2])[0]?.one;
}
