import type { Call } from "../../core/call.ts";
import { parseModelName } from "../../core/model-name.ts";
import { textOf } from "../../dialect/values.ts";
import { isObject, type JsonObject } from "../../lib/json.ts";
import type { Candidate as Asked } from "../../upstream/admission.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import type { Candidate } from "../../router/gates.ts";

/** A model that the router may choose, and whom to ask for it. */
export interface Holder extends Asked {
  readonly candidate: Candidate;
}

/** The most that a call may cost at a model, in nano-dollars; NaN where nobody knows its price. */
export type MostCost = (asked: Asked) => number;

/** Every model that generates text at the upstreams in use, or at the one that the client insists on. */
export function holdersFor(
  { pinnedUpstream }: Call,
  upstreams: readonly Upstream[],
  mostCost: MostCost,
): Holder[] {
  return upstreams
    .filter(({ name }) => pinnedUpstream === undefined || name === pinnedUpstream)
    .flatMap((upstream) =>
      [...upstream.models.byKey].flatMap(([key, entry]): Holder[] => {
        if (!generates(entry)) return [];
        const asked = { upstream, target: { key, model: textOf(entry["name"]) } };
        return [{ ...asked, candidate: candidateOf(asked, entry, mostCost) }];
      }),
    );
}

/** Whether a model of a list writes text; some only turn it into vectors, and lists do not always say so. */
function generates(entry: JsonObject): boolean {
  const { capabilities, details } = entry;
  if (Array.isArray(capabilities)) return capabilities.includes("completion");
  const family = isObject(details) ? textOf(details["family"]) : "";
  return !/bert/i.test(family) && !/embed|minilm|\bbge\b/i.test(textOf(entry["name"]));
}

function candidateOf(asked: Asked, entry: JsonObject, mostCost: MostCost): Candidate {
  const { upstream, target } = asked;
  const { models, health, trouble, name } = upstream;
  const detail = models.details.get(target.key);
  const isCloud = leavesTheHouse(asked, entry);
  const details = isObject(entry["details"]) ? entry["details"] : {};
  const { context_length: context } = details;
  let most: number | undefined;
  return {
    model: target.model,
    upstream: name,
    isCloud,
    capabilities: capabilitiesOf(entry, detail?.lacks ?? []),
    contextTokens: detail?.contextTokens ?? (typeof context === "number" ? context : undefined),
    parameters: parametersIn(textOf(details["parameter_size"])),
    isLoaded: models.warm.has(target.key),
    // There may be hundreds, and few are ever asked.
    get maxCostNanoUsd() {
      return (most ??= isCloud ? mostCost(asked) : 0);
    },
    isAway: health.state !== "up" || trouble !== undefined,
  };
}

/** Ollama's own cloud models are asked for at a server in the house, and leave it all the same. */
const leavesTheHouse = ({ upstream, target }: Asked, entry: JsonObject): boolean =>
  upstream.isCloud || textOf(entry["remote_host"]) !== "" || parseModelName(target.model)?.source === "cloud";

function capabilitiesOf({ capabilities }: JsonObject, lacks: readonly string[]): Candidate["capabilities"] {
  const has = (name: string): boolean | undefined => {
    if (lacks.includes(name)) return false;
    return Array.isArray(capabilities) ? capabilities.includes(name) : undefined;
  };
  return { tools: has("tools"), vision: has("vision"), thinking: has("thinking") };
}

const scales: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, B: 1e9, T: 1e12 };

/** `8.0B`, `494.03M` or `8x7B` as a number. */
function parametersIn(text: string): number | undefined {
  const [, times = "1", number, scale = ""] =
    /^(?:(\d+)x)?(\d+(?:\.\d+)?)\s*([KMBT])$/i.exec(text.trim()) ?? [];
  return number === undefined
    ? undefined
    : Math.round(Number(times) * Number(number) * (scales[scale.toUpperCase()] ?? 1));
}
