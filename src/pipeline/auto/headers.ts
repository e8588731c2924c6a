import { headerText } from "../../lib/header-text.ts";
import type { Source } from "../../search/context.ts";
import type { Sent } from "../../upstream/retry.ts";
import type { Enriched } from "./enrich.ts";
import type { Plan } from "./plan.ts";

/** Whether the web was searched: not at all, with results in the prompt, without a question, without results or in vain. */
export type Searched = "no" | Enriched["outcome"];

/** How a call went. */
export interface Outcome {
  readonly searched: Searched;
  /** What was wrong with the local answer, so that somebody else was asked. */
  readonly escalated: string | undefined;
  /** Whether the first answer was held and checked. */
  readonly isVerified: boolean;
  readonly sent: Sent | undefined;
}

interface Told extends Pick<Outcome, "searched" | "escalated"> {
  readonly sources: readonly Source[];
}

/** Reasons are for people to read: spaces stay, and what no header takes is left out. */
const plain = (text: string): string => text.replaceAll(/[^ -~]/g, "?");

/** An address as it is asked for: in ASCII, and what is escaped in it once stays so. */
const addressText = (url: string): string => (URL.canParse(url) ? new URL(url).href : headerText(url));

/** What every answer of `auto` tells of itself, streams included. */
export function headersOf(
  { decision }: Plan,
  { searched, escalated, sources }: Told,
): Record<string, string> {
  const { tier, reasons, confidence, missing } = decision;
  return {
    "X-Chasqui-Tier": tier,
    "X-Chasqui-Reasons": plain(reasons.join("; ")),
    "X-Chasqui-Confidence": confidence.toFixed(2),
    "X-Chasqui-Searched": searched,
    ...(missing.length > 0 ? { "X-Chasqui-Missing": missing.join(", ") } : {}),
    ...(escalated === undefined ? {} : { "X-Chasqui-Escalated": escalated }),
    ...(sources.length > 0
      ? { "X-Chasqui-Sources": sources.map(({ url }) => addressText(url)).join(" ") }
      : {}),
  };
}
