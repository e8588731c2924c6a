import { suggestion } from "../config/environment.ts";
import type { Loaded } from "../config/load.ts";
import { shortName } from "../core/model-name.ts";
import type { Logger } from "../lib/log.ts";
import { holdersAt } from "../pipeline/auto/candidates.ts";
import { nameOf } from "../router/order.ts";
import { isUnseen } from "../upstream/away.ts";
import type { Upstream } from "../upstream/upstream.ts";

export interface NamedModelsParts {
  readonly upstreams: () => readonly Upstream[];
  readonly log: () => Logger;
}

/** A key of the configuration that names models for `auto`. */
interface Naming {
  readonly key: string;
  readonly names: readonly string[];
  /** Where they are meant to be; undefined for anywhere. */
  readonly isCloud: boolean | undefined;
}

/**
 * Warns, once, of names for `auto` that nobody has: a slip of the pen would send to the paid cloud what was meant for a
 * local model. To be called again until every upstream that may have them was seen.
 */
export function createNamedModelsCheck({ config }: Loaded, { upstreams, log }: NamedModelsParts): () => void {
  let left = config.routing.enabled ? namingsOf(config.routing) : [];
  return () => {
    if (left.length === 0) return;
    const all = upstreams();
    const known = left.filter((one) => !isPending(one, all));
    left = left.filter((one) => !known.includes(one));
    for (const one of known)
      for (const problem of problemsOf(one, all)) log().warn("configuration", { problem });
  };
}

const namingsOf = ({ local, cloud, fast }: Loaded["config"]["routing"]): readonly Naming[] =>
  [
    { key: "routing.local", names: local, isCloud: false },
    { key: "routing.cloud", names: cloud, isCloud: true },
    { key: "routing.fast", names: fast === undefined ? [] : [fast], isCloud: undefined },
  ].filter(({ names }) => names.length > 0);

/** Whether an upstream may turn out to have them. One in the house may have models that are outside. */
const isPending = ({ isCloud }: Naming, upstreams: readonly Upstream[]): boolean =>
  upstreams.some((one) => (isUnseen(one) || isLookedFor(one)) && !(isCloud === false && one.isCloud));

/** Whether nobody knows yet if it is there. Nobody waits for the usual Ollama server any longer than that. */
const isLookedFor = ({ health }: Upstream): boolean => health.state === "half-open";

function problemsOf({ key, names, isCloud }: Naming, upstreams: readonly Upstream[]): readonly string[] {
  const all = holdersAt(upstreams).map(({ candidate }) => candidate);
  const meant = all.filter((one) => isCloud === undefined || one.isCloud === isCloud);
  const isAmong = (name: string, some: typeof all): boolean =>
    some.some(({ model }) => nameOf(model) === nameOf(name));
  const shown = meant.map(({ model }) => shortName(model));
  return names
    .filter((name) => !isAmong(name, meant))
    .map((name) =>
      isAmong(name, all)
        ? `${key} names ${name}, which is ${isCloud === true ? "in the house" : "in the cloud"}`
        : `${key} names ${name}, which no upstream has${suggestion(name, shown)}`,
    );
}
