import type { Call, Keeping } from "../core/call.ts";
import type { AnswerFacts } from "../dialect/dialect.ts";
import { field, isObject, tryParse, type JsonObject } from "../lib/json.ts";
import type { Lifetime } from "./cache.ts";
import type { Plan } from "./policy.ts";
import { limitsLength } from "./sampling.ts";
import type { Kept } from "./stored.ts";

/** Why an answer is not stored. */
export type UnstoredReason =
  | "incomplete"
  | "length"
  | "tools"
  | "empty"
  | "not_json"
  | "input_cut"
  | "too_large"
  | "inexact";

/** An answer, and what is known of how it was made. */
export interface Candidate {
  readonly answer: JsonObject;
  readonly facts: AnswerFacts;
  readonly call: Call;
  /** The key of the model that answered. */
  readonly model: string;
  readonly plan: Plan;
  /** What whoever chose the model says of it. */
  readonly keeping?: Keeping | undefined;
  /** Tokens the model could see at once; undefined where nobody knows. */
  readonly contextTokens: number | undefined;
  readonly isAboutNow: boolean;
  readonly nowMs: number;
  /** Milliseconds since it was asked for. */
  readonly tookMs: number;
}

/** Above this share of the context the backend may have cut the prompt without a word. */
const contextShareMax = 0.98;

/** Whether an answer is whole and may be given again, and for how long. */
export function admit(candidate: Candidate): { kept: Kept; lifetime: Lifetime } | UnstoredReason {
  const { facts, plan, nowMs, answer, model } = candidate;
  const reason = refusal(candidate);
  if (reason !== undefined) return reason;
  const expiresMs = nowMs + freshMs(candidate);
  return {
    kept: {
      model,
      told: candidate.keeping?.told,
      scope: plan.place.scope,
      answer,
      isWhole: facts.isWhole,
      inputTokens: facts.inputTokens,
      outputTokens: facts.outputTokens,
      savedMs: Math.round(facts.tookMs ?? candidate.tookMs),
      keepUntilMs: expiresMs + staleMs(candidate),
    },
    lifetime: { createdMs: nowMs, expiresMs },
  };
}

function freshMs({ plan: { rules }, call, isAboutNow, keeping }: Candidate): number {
  const asked = call.asker.cacheControl.ttlMs ?? Number.POSITIVE_INFINITY;
  const most = keeping?.freshMsMax ?? Number.POSITIVE_INFINITY;
  return Math.min(rules.ttlMs, asked, most, isAboutNow ? rules.timeWordsTtlMs : Number.POSITIVE_INFINITY);
}

/** What is limited in its freshness is of no use after that, not even when nobody answers. */
const staleMs = ({ plan: { rules }, keeping }: Candidate): number =>
  keeping === undefined || keeping.freshMsMax === Number.POSITIVE_INFINITY ? rules.staleIfErrorMs : 0;

function refusal(candidate: Candidate): UnstoredReason | undefined {
  return endReason(candidate) ?? contentReason(candidate);
}

function endReason({ facts, plan: { rules }, call }: Candidate): UnstoredReason | undefined {
  const { finish, toolCalls } = facts;
  if (finish === "other") return "incomplete";
  const mayEnd = rules.lengthStopped && limitsLength(call.dialect, call.wire);
  if (finish === "length" && !mayEnd) return "length";
  return (finish === "tools" || toolCalls > 0) && !rules.toolCalls ? "tools" : undefined;
}

function contentReason({ facts, call, contextTokens }: Candidate): UnstoredReason | undefined {
  const { text, hasThinking, toolCalls, inputTokens } = facts;
  if (text === "" && !hasThinking && toolCalls === 0) return "empty";
  if (wantsJson(call) && toolCalls === 0 && tryParse(text) === undefined) return "not_json";
  const isCut = contextTokens !== undefined && inputTokens >= contextTokens * contextShareMax;
  return isCut ? "input_cut" : undefined;
}

function wantsJson({ dialect, wire }: Call): boolean {
  if (dialect === "ollama") return (field(wire, "format") ?? "") !== "";
  const format = field(wire, "response_format");
  return isObject(format) && format["type"] !== "text";
}
