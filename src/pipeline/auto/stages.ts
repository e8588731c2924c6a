import type { Candidate } from "../../router/gates.ts";
import type { Route, Stage } from "../../upstream/route.ts";
import type { Plan } from "./plan.ts";

/** Candidates in their order; those next to each other with the same model are one stage, and the least busy answers. */
export function routeOf({ holders }: Plan, order: readonly Candidate[]): Route {
  const stages: Stage[] = [];
  const holderOf = new Map(holders.map((one) => [one.candidate, one]));
  for (const { upstream, target } of order.flatMap((one) => holderOf.get(one) ?? [])) {
    const last = stages.at(-1);
    if (last?.target.key === target.key && last.upstreams.every((one) => one.isCloud === upstream.isCloud))
      stages[stages.length - 1] = { ...last, upstreams: [...last.upstreams, upstream] };
    else stages.push({ upstreams: [upstream], target });
  }
  return { stages };
}
