import type { Upstream } from "./upstream.ts";

/** Why an upstream cannot be asked now, in words that a client may read; undefined while it can be. */
export const whyAway = ({ name, health, trouble }: Upstream): string | undefined =>
  trouble ?? (health.state === "up" ? undefined : downText([name]));

/** What is told of upstreams that are down. */
export const downText = (names: readonly string[]): string =>
  names.length === 1 ? `upstream ${names[0]} is down` : `upstreams ${names.join(", ")} are down`;

/** Whether it is configured and was never seen: it may have any model. */
export const isUnseen = ({ configured, models }: Upstream): boolean =>
  configured && models.seenAtMs === undefined;

const backMsMin = 1_000;

/** When the first of some upstreams may be asked again, in milliseconds; at least a second. */
export function backInMs(upstreams: readonly Upstream[]): number {
  const waits = upstreams.map(({ health, troubleForMs }) =>
    Math.max(health.retryInMs(), troubleForMs?.() ?? 0),
  );
  return waits.length === 0 ? backMsMin : Math.max(backMsMin, Math.min(...waits));
}
