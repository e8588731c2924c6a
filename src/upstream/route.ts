import { type Call, isInference, type Operation } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import { displayName, modelKey, parseModelName } from "../core/model-name.ts";
import { dialects } from "../dialect/dialects.ts";
import { modelNotFound } from "../dialect/model-check.ts";
import { textOf } from "../dialect/values.ts";
import { globMatcher } from "../lib/glob.ts";
import { field } from "../lib/json.ts";
import { backInMs, downText, isUnseen } from "./away.ts";
import { listAgeMaxMs, listWaitMs, type Looks } from "./looks.ts";
import type { Target, Upstream } from "./upstream.ts";

/** Upstreams that are up and have a model. */
export interface Stage {
  readonly upstreams: readonly Upstream[];
  readonly target: Target;
}

/** Who may answer a call, in order: those that have the model it names, then those that have one in its place. */
export interface Route {
  readonly stages: readonly Stage[];
  /** Where to look anew, after a wait: who is to answer is still loading, and may turn out not to have the model. */
  readonly again?: () => Route | Promise<Route>;
}

/** Models that may answer in the place of others. */
export interface Fallback {
  /** Names of models, `*` for any text. */
  readonly match: string;
  /** Names of those that answer in their place, in order. */
  readonly to: readonly string[];
}

/** Finds who may answer. */
export interface Routing {
  /** At once when that is known. Rejects with ProxyError: unknown model, all down. */
  readonly route: (call: Call) => Route | Promise<Route>;
  /** Every upstream that has the model, up or not, as last seen. */
  readonly holdersOf: (key: string) => readonly Upstream[];
  /** The same; looks anew when none of them is up. */
  readonly holders: (model: string) => Promise<readonly Upstream[]>;
}

export interface RoutingParts {
  /** Those that are configured. */
  readonly upstreams: readonly Upstream[];
  /** Those in use now: the demo model beside them while it is offered. */
  readonly inUse: () => readonly Upstream[];
  readonly fallbacks: readonly Fallback[];
  readonly freshen: Looks["freshen"];
  /** Whether others have taken the place of these upstreams: then nobody is waited for any more. */
  readonly isStopped: () => boolean;
}

/** Operations that go to an upstream as such, not to a model it has. */
const upstreamWide = new Set<Operation>(["pull", "push", "create", "blob", "account"]);

export function createRouting({ upstreams, inUse, fallbacks, freshen, isStopped }: RoutingParts): Routing {
  const standIns = createStandIns(fallbacks);

  const holdersOf = (key: string): readonly Upstream[] => {
    const among = inUse();
    const having = among.filter((one) => one.models.byKey.has(key));
    if (having.length > 0 || key === "") return having;
    // A lone server that answers to every name does so here too; beside others, a name it does not list is not its.
    return among.length === 1 ? among.filter((one) => one.takesAnyModel) : having;
  };

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

  const modelServers = async (call: Call, target: Target): Promise<Servers> => {
    const found = await holders(call.model);
    const having = pinnedTo(call, found.length > 0 ? found : cloudServers(call.model, upstreams), inUse());
    const up = mayAnswer(call, target, having);
    if (up.length > 0) return { servers: up, isLoading: false };
    const unseen = having.length > 0 ? having : pinnedTo(call, upstreams.filter(isUnseen), inUse());
    const loading = isStopped() ? [] : unseen.filter((one) => isLoadingFor(call, target, one));
    if (loading.length > 0) return { servers: loading, isLoading: true };
    throw having.length === 0 ? unknownModel(call, upstreams) : noneOf(having, { call, target });
  };

  const stagesAfter = (call: Call): readonly Stage[] => stagesInPlace(call, { standIns, holdersOf });

  const search = async (call: Call, target: Target): Promise<Route> => {
    if (upstreamWide.has(call.operation)) return { stages: [{ upstreams: [await serverFor(call)], target }] };
    try {
      const { servers, isLoading } = await modelServers(call, target);
      const stages = [{ upstreams: servers, target }, ...stagesAfter(call)];
      return isLoading ? { stages, again: () => search(call, target) } : { stages };
    } catch (thrown) {
      const others = stagesAfter(call);
      if (others.length === 0 || !(thrown instanceof ProxyError) || thrown.code === "invalid_request")
        throw thrown;
      return { stages: others };
    }
  };

  return {
    holdersOf,
    holders,
    route(call) {
      const target = { key: keyOf(call.model), model: call.model };
      if (upstreamWide.has(call.operation) || call.pinnedUpstream !== undefined) return search(call, target);
      const having = mayAnswer(call, target, holdersOf(target.key));
      if (having.length === 0) return search(call, target);
      return { stages: [{ upstreams: having, target }, ...stagesAfter(call)] };
    },
  };
}

interface Servers {
  readonly servers: readonly Upstream[];
  /** Whether they are not there yet. */
  readonly isLoading: boolean;
}

/** The key of a model's name; empty for what is no name. */
export function keyOf(model: string): string {
  const name = model === "" ? undefined : parseModelName(model);
  return name === undefined ? "" : modelKey(name);
}

/** Those that a call may be sent to now. */
const mayAnswer = ({ asker }: Call, target: Target, having: readonly Upstream[]): readonly Upstream[] =>
  having.filter((one) => isUsable(one) && !isForbidden(asker, one, target));

const isLoadingFor = ({ asker }: Call, target: Target, one: Upstream): boolean =>
  one.isLoading === true && !isForbidden(asker, one, target);

/** Whether the call may not go there at all. */
const isForbidden = ({ isLocalOnly }: Call["asker"], upstream: Upstream, target: Target): boolean =>
  isLocalOnly && leavesTheHouse(upstream, target);

/** Whether the answer would come from outside: from a cloud, or through an Ollama server that forwards the model to one. */
function leavesTheHouse(upstream: Upstream, { key, model }: Target): boolean {
  if (upstream.isCloud || parseModelName(model)?.source === "cloud") return true;
  return upstream.models.byKey.get(key)?.["remote_host"] !== undefined;
}

interface InPlace {
  readonly standIns: (model: string) => readonly string[];
  readonly holdersOf: Routing["holdersOf"];
}

/** Vectors of another model mean something else, so nothing stands in for what embeds. */
const embedding = new Set<Operation>(["embed", "embeddings"]);

/** What may answer in the place of the model, as far as it is known to be there, and to be able to. */
function stagesInPlace(call: Call, { standIns, holdersOf }: InPlace): readonly Stage[] {
  if (!isInference(call.operation) || embedding.has(call.operation)) return [];
  const models = call.pinnedUpstream === undefined ? standIns(call.model) : [];
  if (models.length === 0) return [];
  const lacking = lackingFor(call);
  return models
    .map((model) => {
      const target = { key: keyOf(model), model };
      const able = mayAnswer(call, target, holdersOf(target.key)).filter((one) => !lacking(one, target));
      return { target, upstreams: able };
    })
    .filter((stage) => stage.upstreams.length > 0);
}

/** Whether an upstream's model certainly lacks what a call needs. */
function lackingFor(call: Call): (upstream: Upstream, target: Target) => boolean {
  const needs = needsOf(call).map((need) => (need === "images" ? "vision" : need));
  return ({ models }, { key }) => {
    const lacks = models.details.get(key)?.lacks ?? [];
    return needs.some((need) => lacks.includes(need));
  };
}

/** What cannot be decoded is refused by whoever is asked first. */
function needsOf({ dialect, operation, wire }: Call): readonly string[] {
  try {
    return dialects[dialect].decodeRequest(wire, operation).needs;
  } catch (thrown) {
    if (thrown instanceof ProxyError) return [];
    throw thrown;
  }
}

/** The model whose server an operation needs: `create` works where its base is, or where its blobs went, the first one. */
function modelToBeAt(call: Call): string {
  if (call.operation !== "create") return call.model;
  const { wire } = call;
  return field(wire, "files") === undefined && field(wire, "adapters") === undefined
    ? textOf(field(wire, "from"))
    : "";
}

export const isUp = (upstream: Upstream): boolean => upstream.health.state === "up";

/** Whether a call may be sent there now. */
const isUsable = (upstream: Upstream): boolean => isUp(upstream) && upstream.trouble === undefined;

/** Why none of those that have the model may answer. */
function noneOf(
  having: readonly Upstream[],
  { call, target }: { readonly call: Call; readonly target: Target },
): ProxyError {
  const isOutside = having.every((one) => isForbidden(call.asker, one, target));
  return isOutside ? onlyOutside(call) : allDown(having);
}

const onlyOutside = ({ model }: Call): ProxyError =>
  new ProxyError(
    "local_only",
    `model '${model}' is only in the cloud, and this request must not leave the house`,
  );

/** What stands in for a model: of several rules the first that names it counts. A name without a tag has the usual one. */
function createStandIns(fallbacks: readonly Fallback[]): (model: string) => readonly string[] {
  const rules = fallbacks.map(({ match, to }) => ({ isMatch: globMatcher([match, `${match}:latest`]), to }));
  return (model) => {
    if (rules.length === 0) return [];
    const own = keyOf(model);
    const name = parseModelName(model);
    const full = name === undefined ? model : displayName(name);
    const rule = rules.find(({ isMatch }) => isMatch(model.trim()) || isMatch(full));
    return (rule?.to ?? []).filter((other) => keyOf(other) !== own);
  };
}

/** Names with a cloud suffix belong to ollama.com, which any Ollama server reaches without listing them. */
function cloudServers(model: string, upstreams: readonly Upstream[]): readonly Upstream[] {
  return parseModelName(model)?.source === "cloud" ? upstreams.filter((one) => one.type === "ollama") : [];
}

/**
 * Of `among` those that the client insists on, all of them when it does on none; `known` are all that it may name. Throws
 * ProxyError for a name that none of these has.
 */
export function pinnedTo(
  { pinnedUpstream }: Call,
  among: readonly Upstream[],
  known = among,
): readonly Upstream[] {
  if (pinnedUpstream === undefined) return among;
  if (known.some((one) => one.name === pinnedUpstream))
    return among.filter((one) => one.name === pinnedUpstream);
  const names = known.map((one) => one.name).join(", ");
  throw new ProxyError("invalid_request", `X-Chasqui-Upstream names no upstream; there are: ${names}`);
}

/** A configured upstream that was never seen may have the model: then it is not unknown, only out of reach. */
function unknownModel(call: Call, upstreams: readonly Upstream[]): ProxyError {
  const unseen = upstreams.filter(isUnseen);
  return unseen.length > 0 ? allDown(unseen) : modelNotFound(call.model, call.operation);
}

function allDown(upstreams: readonly Upstream[]): ProxyError {
  const names = upstreams.map((one) => one.name);
  const trouble = upstreams.map((one) => one.trouble).find((one) => one !== undefined);
  const text = trouble ?? downText(names);
  return new ProxyError("no_upstream", text, {
    retryAfterMs: backInMs(upstreams),
    upstream: names.join(","),
  });
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
