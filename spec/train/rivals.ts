import type { Prompt } from "./prompts.ts";

/** What the analyzer is measured against: scores without learning, whose borders are laid where they do best. */
export interface Rival {
  readonly name: string;
  readonly hardness: (text: string) => number;
  readonly freshness: (text: string) => number;
}

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

const fresh =
  /\b(?:today|tonight|tomorrow|yesterday|now|current|currently|latest|newest|recent|recently|this (?:week|month|year)|price|weather|news|score|stock|release|202[5-9])\b/gi;
const reasoning = /\b(?:prove|derive|theorem|step by step|why|analy[sz]e|compare|evaluate|trade-?offs?)\b/gi;
const technical =
  /\b(?:architecture|distributed|algorithm|kubernetes|database|microservices?|optimi[sz]e|concurren\w+|encryption|scal\w+)\b/gi;
const code = /\b(?:function|class|import|def|const|async|return|sql|api|python|javascript)\b|```/gi;
const several = /\b(?:first|then|next|finally|steps?|phase)\b|^\s*\d+[.)]/gim;
const simple = /\b(?:what is|define|hello|hi|thanks|translate|capital of|who is|how many)\b/gi;

/** Weighted counts of words, as published rule scorers have them. */
const keywords: Rival = {
  name: "keyword scorer",
  hardness: (text) =>
    0.18 * count(text, reasoning) +
    0.15 * count(text, code) +
    0.12 * count(text, several) +
    0.1 * count(text, technical) -
    0.05 * count(text, simple) +
    0.08 * Math.min(1, text.length / 2_000),
  freshness: (text) => count(text, fresh),
};

const length: Rival = {
  name: "prompt length",
  hardness: (text) => text.length,
  freshness: (text) => -text.length,
};

export const rivals: readonly Rival[] = [keywords, length];

export interface Borders {
  readonly medium: number;
  readonly high: number;
  readonly fresh: number;
}

/** The values between which borders are tried: every fortieth part of what occurs. */
export function quantiles(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  return Array.from({ length: 40 }, (_, nth) => sorted[Math.floor((nth / 40) * sorted.length)] ?? 0);
}

export interface Judged {
  readonly complexity: string;
  readonly search: string;
}

export function judge({ hardness, freshness }: Rival, { text }: Prompt, borders: Borders): Judged {
  const isFresh = freshness(text) >= borders.fresh;
  const score = hardness(text);
  const raised = score >= borders.medium || isFresh ? "medium" : "low";
  return { complexity: score >= borders.high ? "high" : raised, search: String(isFresh) };
}
