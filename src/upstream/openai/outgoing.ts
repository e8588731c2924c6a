import type { Call } from "../../core/call.ts";
import type { ChatRequest, ToolCall } from "../../core/chat.ts";
import { encodeChat, encodeCompletion, encodeInfill, type Outgoing } from "../../dialect/openai/outgoing.ts";
import { field, isObject, type Json, type JsonObject } from "../../lib/json.ts";
import type { ModelDetail } from "../upstream.ts";
import type { Details } from "./details.ts";
import type { Kind } from "./kinds.ts";
import type { OpenRouterOptions } from "./openrouter-options.ts";

export interface OutgoingParts {
  readonly kind: Kind;
  readonly detail: ModelDetail;
  readonly details: Details;
  readonly openrouter: OpenRouterOptions;
  /** Whether this upstream offers a model under the id. */
  readonly offers: (id: string) => boolean;
}

/** Whether the client speaks the upstream's own dialect, so that its request is sent as it is, but for a few fields. */
export const isEdited = ({ dialect, operation }: Call): boolean =>
  dialect === "openai" && (operation === "chat" || operation === "completions");

/** What is sent for a call: the client's own request edited, or one made of what it means. */
export function outgoingFor(call: Call, request: ChatRequest, parts: OutgoingParts): Outgoing {
  const { kind } = parts;
  const outgoing = isEdited(call) ? edited(call, request, parts) : encoded(call, request, parts);
  const path = outgoing.path === "/infill" ? outgoing.path : kind.prefix + outgoing.path;
  if (kind.flavour !== "openrouter") return { ...outgoing, path };
  return { ...outgoing, path, body: withProvider(outgoing.body, parts) };
}

function edited({ wire, operation }: Call, request: ChatRequest, { kind, detail }: OutgoingParts): Outgoing {
  const usage = field(wire, "stream_options");
  const body: JsonObject = { ...wire, model: detail.id };
  // A whole answer that is billed is streamed too: leaving it must stop the bill.
  const streams = request.stream || kind.flavour === "openrouter";
  if (streams) {
    body["stream"] = true;
    body["stream_options"] = { ...(isObject(usage) ? usage : {}), include_usage: true };
  }
  return { path: operation === "chat" ? "/chat/completions" : "/completions", body, dropped: [] };
}

function encoded({ asker }: Call, request: ChatRequest, { kind, detail, details }: OutgoingParts): Outgoing {
  const { flavour, isStrict } = kind;
  const parts = {
    flavour,
    isStrict,
    contextTokens: detail.contextTokens,
    model: detail.id,
    detailsOf: (toolCall: ToolCall) => details.of(asker.scope, toolCall),
  };
  if (request.suffix !== undefined && flavour === "llama-server") return encodeInfill(request, parts);
  if (request.suffix !== undefined || request.raw) return encodeCompletion(request, parts);
  return encodeChat(request, parts);
}

/** What the configuration says of providers goes beside what a client says of them, and before it. */
function withProvider(body: JsonObject, { openrouter, offers }: OutgoingParts): JsonObject {
  const { provider, fallbacks, outputTokensMax } = openrouter;
  const more: JsonObject = {};
  const others = body["models"];
  const own = body["provider"];
  const limits = { ...(isObject(own) ? own : {}), ...jsonOf(provider) };
  if (Object.keys(limits).length > 0) more["provider"] = limits;
  // What the configuration does not offer is not to be had by naming it as a second choice either.
  if (Array.isArray(others)) more["models"] = others.filter((id) => typeof id === "string" && offers(id));
  else if (fallbacks.length > 0) more["models"] = [...fallbacks];
  const isLimited = isNumber(body["max_tokens"]) || isNumber(body["max_completion_tokens"]);
  if (!isLimited && outputTokensMax > 0) more["max_tokens"] = outputTokensMax;
  return { ...body, ...more };
}

const isNumber = (value: Json | undefined): boolean => typeof value === "number";

const jsonOf = (value: Readonly<Record<string, Json>>): JsonObject => ({ ...value });
