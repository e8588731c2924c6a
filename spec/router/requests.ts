import type { ChatRequest, Message } from "../../src/core/chat.ts";
import type { Analysis } from "../../src/router/analyze.ts";
import type { Control } from "../../src/router/control.ts";
import type { DecideParts, Policy } from "../../src/router/decision.ts";
import type { Candidate } from "../../src/router/gates.ts";
import { createScores } from "../../src/router/quantiles.ts";
import type { Session } from "../../src/router/session.ts";
import { bareRequest } from "../support/chat-request.ts";

/** Where hardness parts the tiers, about as the shipped weights say. */
export const usualCuts = { medium: 0.34, high: 0.52 };

export const user = (text: string): Message => ({ role: "user", text });

export const requestOf = (messages: readonly Message[], more: Partial<ChatRequest> = {}): ChatRequest => ({
  ...bareRequest,
  messages,
  streamUsage: false,
  ...more,
});

export const analysisOf = (more: Partial<Analysis> = {}): Analysis => ({
  complexity: "low",
  probabilities: { low: 0.9, medium: 0.08, high: 0.02 },
  hardness: 0.1,
  needs_search: false,
  freshness: 0.05,
  task: "general",
  intent: "simple",
  language: "en",
  tokens: 100,
  confidence: 0.9,
  reasons: ["low: the wording"],
  is_follow_up: false,
  is_tool_loop: false,
  ...more,
});

export const local = (model: string, more: Partial<Candidate> = {}): Candidate => ({
  model,
  upstream: "home",
  isCloud: false,
  capabilities: {},
  isLoaded: false,
  maxCostNanoUsd: 0,
  ...more,
});

export const cloud = (model: string, more: Partial<Candidate> = {}): Candidate => ({
  ...local(model),
  upstream: "far",
  isCloud: true,
  maxCostNanoUsd: 5_000_000,
  ...more,
});

export const usualPolicy: Policy = { dial: 5, onUncertain: "verify", localModels: [], cloudModels: [] };
export const usualControl: Control = { mode: "auto", isSearchBarred: false };

export const sessionOf = (more: Partial<Session> = {}): Session => ({
  tier: "high",
  model: "big",
  upstream: "far",
  needsSearch: false,
  isPrivate: false,
  easyTurns: 0,
  seenMs: 0,
  ...more,
});

export const partsOf = (more: Partial<DecideParts> = {}): DecideParts => ({
  analysis: analysisOf(),
  control: usualControl,
  session: undefined,
  candidates: [
    local("small:3b", { parameters: 3e9, isLoaded: true }),
    local("mid:14b", { parameters: 14e9 }),
    cloud("big"),
  ],
  search: { isAvailable: true },
  policy: usualPolicy,
  isPrivate: false,
  isLocalOnly: false,
  asks: { images: false, tools: false, replyTokens: 512 },
  scores: createScores(usualCuts),
  nowMs: 0,
  ...more,
});
