import type { Call } from "../../core/call.ts";
import { parseModelName } from "../../core/model-name.ts";
import { textOf } from "../../dialect/values.ts";
import { isObject, type JsonObject } from "../../lib/json.ts";
import type { Candidate as Asked } from "../../upstream/admission.ts";
import { pinnedTo } from "../../upstream/route.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import type { Candidate } from "../../router/gates.ts";

/** A model that the router may choose, and whom to ask for it. */
export interface Holder extends Asked {
  readonly candidate: Candidate;
}

/** What depends on the call that is asked. */
export interface Asking {
  /** The most that it may cost at a model, in nano-dollars; NaN where nobody knows its price. */
  readonly mostCost: (asked: Asked) => number;
  /** Whether it is made to fit where it is too long. */
  readonly canTrim: (asked: Asked) => boolean;
}

/**
 * Every model that generates text at the upstreams in use, or at the one that the client insists on. Throws ProxyError
 * where it insists on one that is not there.
 */
export const holdersFor = (call: Call, upstreams: readonly Upstream[], asking: Asking): Holder[] =>
  holdersOf(pinnedTo(call, upstreams), asking);

/** Every model that generates text at these upstreams, whatever is asked. */
export const holdersAt = (upstreams: readonly Upstream[]): Holder[] =>
  holdersOf(upstreams, { mostCost: () => 0, canTrim: () => false });

function holdersOf(upstreams: readonly Upstream[], asking: Asking): Holder[] {
  const holders: Holder[] = [];
  for (const upstream of withoutStandIn(upstreams)) addHolders(holders, upstream, asking);
  return holders;
}

/** The demo model is for those who have configured nothing: it would hide that a server of theirs is down. */
export const withoutStandIn = (upstreams: readonly Upstream[]): readonly Upstream[] =>
  upstreams.some(({ type, configured }) => type !== "demo" && configured)
    ? upstreams.filter(({ type }) => type !== "demo")
    : upstreams;

function addHolders(holders: Holder[], upstream: Upstream, asking: Asking): void {
  for (const [key, entry] of upstream.models.byKey) {
    const listed = listedAs(entry);
    if (!listed.generates) continue;
    const target = { key, model: listed.model };
    holders.push({ upstream, target, candidate: new Standing({ upstream, target }, listed, asking) });
  }
}

/** What the entry of a list says of its model, whenever it is read. */
interface Listed extends Pick<Candidate, "model" | "capabilities" | "contextTokens" | "parameters"> {
  readonly generates: boolean;
  /** Ollama's own cloud models are asked for at a server in the house, and leave it all the same. */
  readonly isCloud: boolean;
}

/** There may be hundreds of models, for each call; their entries are read once for each list. */
const known = new WeakMap<JsonObject, Listed>();

function listedAs(entry: JsonObject): Listed {
  const before = known.get(entry);
  if (before !== undefined) return before;
  const listed = readEntry(entry);
  known.set(entry, listed);
  return listed;
}

function readEntry(entry: JsonObject): Listed {
  const model = textOf(entry["name"]);
  const details = isObject(entry["details"]) ? entry["details"] : {};
  const { context_length: context } = details;
  return {
    model,
    generates: generates(entry),
    isCloud: textOf(entry["remote_host"]) !== "" || parseModelName(model)?.source === "cloud",
    capabilities: capabilitiesIn(entry),
    contextTokens: typeof context === "number" ? context : undefined,
    parameters: parametersIn(textOf(details["parameter_size"])),
  };
}

/** Whether a model of a list writes text; some only turn it into vectors, and lists do not always say so. */
function generates(entry: JsonObject): boolean {
  const { capabilities, details } = entry;
  if (Array.isArray(capabilities)) return capabilities.includes("completion");
  const family = isObject(details) ? textOf(details["family"]) : "";
  return !/bert/i.test(family) && !/embed|minilm|\bbge\b/i.test(textOf(entry["name"]));
}

/**
 * A class, since an object with a getter of its own costs as much as all the rest, and there may be hundreds. A copy by
 * spreading has neither cost nor room.
 */
class Standing implements Candidate {
  readonly model: string;
  readonly upstream: string;
  readonly isCloud: boolean;
  readonly capabilities: Candidate["capabilities"];
  readonly contextTokens: number | undefined;
  readonly parameters: number | undefined;
  readonly isLoaded: boolean;
  readonly isAway: boolean;
  readonly #asked: Asked;
  readonly #asking: Asking;
  #most: number | undefined;

  constructor(asked: Asked, listed: Listed, asking: Asking) {
    const { models, health, trouble, name, isCloud } = asked.upstream;
    const { key } = asked.target;
    const detail = models.details.get(key);
    this.model = listed.model;
    this.upstream = name;
    this.isCloud = isCloud || listed.isCloud;
    this.capabilities =
      detail === undefined ? listed.capabilities : without(listed.capabilities, detail.lacks);
    this.contextTokens = detail?.contextTokens ?? listed.contextTokens;
    this.parameters = listed.parameters;
    this.isLoaded = models.warm.has(key);
    this.isAway = health.state !== "up" || trouble !== undefined;
    this.#asked = asked;
    this.#asking = asking;
  }

  /** Reckoned when it is asked for: few ever are. */
  get maxCostNanoUsd(): number {
    this.#most ??= this.isCloud ? this.#asking.mostCost(this.#asked) : 0;
    return this.#most;
  }

  get isTrimmable(): boolean {
    return this.#asking.canTrim(this.#asked);
  }
}

function capabilitiesIn({ capabilities }: JsonObject): Candidate["capabilities"] {
  if (!Array.isArray(capabilities)) return {};
  return {
    tools: capabilities.includes("tools"),
    vision: capabilities.includes("vision"),
    thinking: capabilities.includes("thinking"),
  };
}

const without = (had: Candidate["capabilities"], lacks: readonly string[]): Candidate["capabilities"] => ({
  ...had,
  ...Object.fromEntries(lacks.map((name) => [name, false])),
});

const scales: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, B: 1e9, T: 1e12 };

/** `8.0B`, `494.03M` or `8x7B` as a number. */
function parametersIn(text: string): number | undefined {
  const [, times = "1", number, scale = ""] =
    /^(?:(\d+)x)?(\d+(?:\.\d+)?)\s*([KMBT])$/i.exec(text.trim()) ?? [];
  return number === undefined
    ? undefined
    : Math.round(Number(times) * Number(number) * (scales[scale.toUpperCase()] ?? 1));
}
