import type { Loaded } from "../../config/load.ts";
import { routingOptions } from "../../config/routing-options.ts";
import { searchOptions } from "../../config/search-options.ts";
import { shortName } from "../../core/model-name.ts";
import { holdersAt } from "../../pipeline/auto/candidates.ts";
import type { Candidate } from "../../router/gates.ts";
import { allowed, inOrder } from "../../router/order.ts";
import { isUnseen } from "../../upstream/away.ts";
import type { Upstream } from "../../upstream/upstream.ts";

/**
 * Whom the model `auto` may ask: its best local model, its best one in the cloud, and who searches. Upstreams whose lists
 * are not known yet are told by their names. The demo model is left out: it is no language model.
 */
export function autoText(loaded: Loaded, upstreams: readonly Upstream[]): string {
  const { isOn, policy } = routingOptions(loaded);
  if (!isOn) return "off";
  const servers = upstreams.filter(({ type }) => type !== "demo");
  const candidates = holdersAt(servers).map(({ candidate }) => candidate);
  const best = inOrder(allowed(candidates, policy, "auto"), { tier: "high", mode: "auto", models: policy });
  const unseen = servers.filter(isUnseen);
  const isThere = (isCloud: boolean): string =>
    modelsText(best.filter((one) => one.isCloud === isCloud)) ??
    unseen
      .filter((one) => one.isCloud === isCloud)
      .map(({ name }) => name)
      .join(", ");
  const providers = searchOptions(loaded)?.providers.map(({ type }) => type) ?? [];
  return [
    said("local", isThere(false), "no local model"),
    said("cloud", isThere(true), "no cloud"),
    said("search", [...new Set(providers)].join(", "), "no search provider"),
  ].join(", ");
}

const said = (what: string, names: string, otherwise: string): string =>
  names === "" ? otherwise : `${what} ${names}`;

/** The first choice, and how many there are beside it; undefined for none. */
function modelsText(candidates: readonly Candidate[]): string | undefined {
  const names = [...new Set(candidates.map(({ model }) => shortName(model)))];
  const [first] = names;
  return first === undefined || names.length === 1 ? first : `${first} and ${names.length - 1} more`;
}
