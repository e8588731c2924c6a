import type { Call } from "../../core/call.ts";
import type { ChatRequest } from "../../core/chat.ts";
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
}

/** Whether the client speaks the upstream's own dialect, so that its request is sent as it is, but for a few fields. */
export const isEdited = ({ dialect, operation }: Call): boolean =>
  dialect === "openai" && (operation === "chat" || operation === "completions");

/** What is sent for a call: the client's own request edited, or one made of what it means. */
export function outgoingFor(call: Call, request: ChatRequest, parts: OutgoingParts): Outgoing {
  const { kind, openrouter } = parts;
  const outgoing = isEdited(call) ? edited(call, request, parts) : encoded(request, parts);
  const path = outgoing.path === "/infill" ? outgoing.path : kind.prefix + outgoing.path;
  if (kind.flavour !== "openrouter") return { ...outgoing, path };
  return { ...outgoing, path, body: withProvider(outgoing.body, openrouter) };
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

function encoded(request: ChatRequest, { kind, detail, details }: OutgoingParts): Outgoing {
  const { flavour, isStrict } = kind;
  const parts = {
    flavour,
    isStrict,
    contextTokens: detail.contextTokens,
    model: detail.id,
    detailsOf: details.of,
  };
  if (request.suffix !== undefined && flavour === "llama-server") return encodeInfill(request, parts);
  if (request.suffix !== undefined || request.raw) return encodeCompletion(request, parts);
  return encodeChat(request, parts);
}

/** What the configuration says of providers goes beside what a client says of them, and before it. */
function withProvider(
  body: JsonObject,
  { provider, fallbacks, outputTokensMax }: OpenRouterOptions,
): JsonObject {
  const more: JsonObject = {};
  const own = body["provider"];
  const limits = { ...(isObject(own) ? own : {}), ...jsonOf(provider) };
  if (Object.keys(limits).length > 0) more["provider"] = limits;
  if (fallbacks.length > 0 && body["models"] === undefined) more["models"] = [...fallbacks];
  const isLimited = body["max_tokens"] !== undefined || body["max_completion_tokens"] !== undefined;
  if (!isLimited && outputTokensMax > 0) more["max_tokens"] = outputTokensMax;
  return { ...body, ...more };
}

const jsonOf = (value: Readonly<Record<string, Json>>): JsonObject => ({ ...value });
