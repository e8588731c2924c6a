import type { Analysis } from "./analyze.ts";
import type { DecideParts, Decision, Missing, Refused, Tiered } from "./decision.ts";
import { type Candidate, type Needs, refusedBecause } from "./gates.ts";
import { allowed, inOrder, nameOf, prefersCloud } from "./order.ts";
import { tierOf } from "./tier.ts";
import { explain } from "./told.ts";

/**
 * Decides who answers: gates first, then policy. The same parts give the same decision. When nobody is left after
 * the gates, nobody is chosen: a private request waits for a local model rather than leaving the house.
 */
export function decide(parts: DecideParts): Decision {
  const needs = needsOf(parts);
  const tiered = tierOf(parts);
  const searching = searchOf(parts, tiered, needs);
  const canSearch = searching.isAllowed && searching.isAvailable;
  const room = { needs, search: searching.isWanted && canSearch };
  const { search, isTrimmed, ...sorted } = withRoom(parts, tiered, room);
  const { order, isLocked } = sorted;
  const maySearch = canSearch && hasRoomForResults(parts, needs, order[0]);
  const isDoubted = tiered.isUnsure || (searching.isWanted && !search);
  const escalateTo = isLocked ? undefined : escalationOf(order, needs);
  // What a local model does not know may still be looked up for it.
  const canAskAgain = escalateTo !== undefined || [maySearch, !search, !isLocked].every(Boolean);
  const decision = {
    tier: tiered.tier,
    ownTier: tiered.own,
    search,
    maySearch,
    verify: isDoubted && canAskAgain && isChecked(parts, tiered, order),
    order,
    refused: sorted.refused,
    confidence: tiered.confidence,
    missing: missingOf(parts, { tiered, among: sorted.among, needs, searching }),
    isTrimmed,
    isLocked,
    escalateTo,
  };
  return { ...decision, reasons: explain({ ...parts, needs, tiered, decision, isDoubted }) };
}

/** Candidates, as far as they were looked at. */
interface Sorted {
  /** Those that `auto` may use, before the gates. */
  readonly among: readonly Candidate[];
  readonly refused: readonly Refused[];
  readonly order: readonly Candidate[];
  readonly isLocked: boolean;
}

interface Room {
  readonly needs: Needs;
  readonly search: boolean;
}

interface Roomy extends Sorted {
  readonly search: boolean;
  readonly isTrimmed: boolean;
}

/** An answer that turns out to be dated is asked for once more with results, which need their room then. */
function hasRoomForResults(
  { search: { tokensMax = 0 } }: DecideParts,
  { tokens }: Needs,
  first: Candidate | undefined,
): boolean {
  return first?.contextTokens === undefined || tokens + tokensMax <= first.contextTokens;
}

/**
 * Web results need room in the prompt too. Where nobody has that much, the request is answered without them; where
 * nobody has room for all of the request, by whoever has the most of those for whom it can be trimmed.
 */
function withRoom(parts: DecideParts, tiered: Tiered, { needs, search }: Room): Roomy {
  const { tokensMax = 0 } = parts.search;
  if (search) {
    const sorted = sortOut(parts, tiered, { ...needs, tokens: needs.tokens + tokensMax });
    if (sorted.order.length > 0) return { ...sorted, search, isTrimmed: false };
  }
  const whole = sortOut(parts, tiered, needs);
  if (whole.order.length > 0) return { ...whole, search: false, isTrimmed: false };
  const trimmed = sortOut(parts, tiered, { ...needs, mayTrim: true });
  const order = trimmed.isLocked ? trimmed.order : trimmed.order.toSorted(byRoom);
  return { ...trimmed, order, search: false, isTrimmed: order.length > 0 };
}

const byRoom = (one: Candidate, other: Candidate): number =>
  (other.contextTokens ?? 0) - (one.contextTokens ?? 0);

function sortOut(parts: DecideParts, tiered: Tiered, needs: Needs): Sorted {
  const { mode } = parts.control;
  const among = allowed(parts.candidates, parts.policy, mode);
  const passed: Candidate[] = [];
  const refused: Refused[] = [];
  for (const candidate of among) {
    const reason = refusedBecause(candidate, needs);
    if (reason === undefined) passed.push(candidate);
    else refused.push({ candidate, reason });
  }
  const usual = inOrder(passed, { tier: tiered.tier, mode, models: parts.policy });
  const stay = stayOf(parts, tiered, usual);
  const order = stay === undefined ? usual : [stay, ...usual.filter((one) => one !== stay)];
  return { among, refused, order, isLocked: stay !== undefined && parts.analysis.is_tool_loop };
}

function needsOf({ analysis, asks, control, ...parts }: DecideParts): Needs {
  return {
    isPrivate: parts.isPrivate || parts.session?.isPrivate === true,
    isLocalOnly: parts.isLocalOnly || control.mode === "local",
    images: asks.images,
    tools: asks.tools,
    tokens: analysis.tokens + asks.replyTokens,
    costNanoUsdMax: control.costNanoUsdMax,
    budgetNanoUsd: parts.budgetNanoUsd,
  };
}

/** The candidate that answered before, when it is to answer again. */
function stayOf(
  { analysis, control, session }: DecideParts,
  { tier }: Tiered,
  usual: readonly Candidate[],
): Candidate | undefined {
  if (session === undefined || !(analysis.is_tool_loop || analysis.is_follow_up)) return undefined;
  const name = nameOf(session.model);
  const same = usual.filter((one) => nameOf(one.model) === name);
  const found = same.find(({ upstream }) => upstream === session.upstream) ?? same[0];
  if (analysis.is_tool_loop || found === undefined) return found;
  const { mode } = control;
  const isMeant = mode === "cloud" ? found.isCloud : mode !== "fast";
  return isMeant && tier === session.tier ? found : undefined;
}

/** Whether web results are wanted, whether the web may be asked, and whether it is there to be asked. */
interface Searching {
  readonly isWanted: boolean;
  readonly isAllowed: boolean;
  readonly isAvailable: boolean;
}

function searchOf(
  { analysis, control, session, search }: DecideParts,
  tiered: Tiered,
  needs: Needs,
): Searching {
  const leans = analysis.is_follow_up || analysis.is_tool_loop;
  const isInherited = leans && session?.needsSearch === true;
  return {
    isWanted: analysis.needs_search || isInherited || isMediumItself(tiered, analysis),
    // A search tells its provider what was asked: it leaves the house too.
    isAllowed:
      mayLeave(needs) && !control.isSearchBarred && control.mode !== "fast" && search.isPlaceable !== false,
    isAvailable: search.isAvailable,
  };
}

const mayLeave = ({ isPrivate, isLocalOnly }: Needs): boolean => !isPrivate && !isLocalOnly;

/** Medium is a local model with web results, unless the tier is only what is left of an earlier, harder question. */
const isMediumItself = ({ tier, from, own }: Tiered, { is_tool_loop: isToolLoop }: Analysis): boolean =>
  tier === "medium" && (from === "client" || from === "doubt" || (own === "medium" && !isToolLoop));

/** A local answer is checked where that is wanted. */
function isChecked({ control, policy }: DecideParts, { tier }: Tiered, order: readonly Candidate[]): boolean {
  if (policy.onUncertain !== "verify" || control.mode === "fast" || tier === "high") return false;
  return order[0]?.isCloud === false;
}

/** Who answers after the first choice, in the cloud, or else a larger model; what both cost must be within the limits. */
function escalationOf(
  [first, ...others]: readonly Candidate[],
  { costNanoUsdMax = Number.POSITIVE_INFINITY, budgetNanoUsd = Number.POSITIVE_INFINITY }: Needs,
): Candidate | undefined {
  if (first === undefined || first.isCloud) return undefined;
  const limitNanoUsd = Math.min(costNanoUsdMax, budgetNanoUsd);
  const fits = others.filter(
    ({ maxCostNanoUsd }) => maxCostNanoUsd === 0 || first.maxCostNanoUsd + maxCostNanoUsd <= limitNanoUsd,
  );
  const isLarger = ({ parameters = 0 }: Candidate): boolean =>
    first.parameters !== undefined && parameters > first.parameters;
  return fits.find(({ isCloud }) => isCloud) ?? fits.find(isLarger);
}

interface MissingParts {
  readonly tiered: Tiered;
  readonly among: readonly Candidate[];
  readonly needs: Needs;
  readonly searching: Searching;
}

function missingOf({ control }: DecideParts, { tiered, among, needs, searching }: MissingParts): Missing[] {
  const wantsCloud = prefersCloud({ tier: tiered.tier, mode: control.mode });
  const hasLocal = among.some(({ isCloud }) => !isCloud);
  const hasCloud = among.some(({ isCloud }) => isCloud);
  const missing: Missing[] = [];
  if (wantsCloud && !hasCloud && mayLeave(needs)) missing.push("cloud");
  if (searching.isWanted && searching.isAllowed && !searching.isAvailable) missing.push("search");
  if (!wantsCloud && !hasLocal) missing.push("local");
  return missing;
}
