import type { ChatRequest } from "../../src/core/chat.ts";

/** A decoded request that says nothing. */
export const bareRequest: ChatRequest = {
  model: "auto",
  messages: [],
  stream: true,
  sampling: { outputTokensMax: undefined, stop: [] },
  options: {},
  tools: [],
  toolChoice: undefined,
  parallelTools: undefined,
  format: undefined,
  think: undefined,
  logprobs: undefined,
  suffix: undefined,
  raw: false,
  needs: [],
  streamUsage: true,
  dropped: [],
};
