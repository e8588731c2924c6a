import type { Complexity } from "./analyze.ts";

/** From the least to the most. */
export const tiers = ["low", "medium", "high"] as const satisfies readonly Complexity[];

/** A tier as a number, to compare tiers by. */
export const rankOf = (tier: Complexity): number => tiers.indexOf(tier);

/** The higher of two tiers; undefined is below all. */
export const higherOf = (one: Complexity, other: Complexity | undefined): Complexity =>
  other === undefined || rankOf(one) >= rankOf(other) ? one : other;

export const lowerOf = (one: Complexity, other: Complexity): Complexity =>
  rankOf(one) <= rankOf(other) ? one : other;

/** The tier some steps up, or down where `steps` is negative, as far as there is one. */
export const stepFrom = (tier: Complexity, steps: number): Complexity =>
  tiers[Math.min(tiers.length - 1, Math.max(0, rankOf(tier) + steps))] ?? tier;
