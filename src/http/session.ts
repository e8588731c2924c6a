import { hash } from "node:crypto";
import { ProxyError } from "../core/error.ts";
import { isSessionName, sessionNameExpected } from "../core/session-name.ts";
import { field, isObject, type Json, type JsonObject } from "../lib/json.ts";

/** A client's own name for a conversation. Throws ProxyError for what is no name. */
export function namedSession(header: string | undefined): string | undefined {
  if (header === undefined || isSessionName(header)) return header;
  throw new ProxyError("invalid_request", `X-Chasqui-Session: expected ${sessionNameExpected}`);
}

/**
 * A name for a conversation that its client does not name: what does not change while it goes on, its system message and
 * the first thing that its user said, as a hash. Undefined for what is no conversation.
 */
export function derivedSession(wire: JsonObject, scope: string): string | undefined {
  const messages = field(wire, "messages");
  if (!Array.isArray(messages) || messages.length === 0) return undefined;
  const system = messages.find((one) => isRole(one, "system")) ?? field(wire, "system") ?? null;
  const first = messages.find((one) => isRole(one, "user")) ?? null;
  if (first === null) return undefined;
  return `auto:${hash("sha256", JSON.stringify([scope, system, first]), "hex").slice(0, 16)}`;
}

const isRole = (message: Json, role: string): boolean => isObject(message) && message["role"] === role;
