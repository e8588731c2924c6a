import { compilePattern } from "../lib/pattern.ts";
import type { Loaded } from "./load.ts";

/** How `auto` chooses. */
export function routingOptions({ config: { routing, money, context } }: Loaded) {
  const { baseline } = money;
  return {
    isOn: routing.enabled,
    models: routing.models,
    canTrim: context.policy === "grow" || context.policy === "trim",
    policy: {
      dial: routing.dial,
      onUncertain: routing.on_uncertain,
      fastModel: routing.fast,
      localModels: routing.local,
      cloudModels: routing.cloud.length > 0 || baseline === undefined ? routing.cloud : [baseline],
    },
    decisionsMax: routing.decisions,
    searchTokensMax: routing.search_tokens,
  };
}

/** What is private, the operator's own patterns compiled: that takes a while, so it is asked for once a reading. */
export function privatePatterns({ config: { routing } }: Loaded) {
  const { kinds, patterns } = routing.private;
  return {
    kinds: new Set(kinds),
    own: patterns.map(({ name, pattern }) => ({ name, pattern: compilePattern(pattern) })),
  };
}
