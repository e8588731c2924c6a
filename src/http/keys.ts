import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { ProxyError } from "../core/error.ts";

/** A key that may be presented, known only by its hash. */
export interface ApiKey {
  readonly name: string;
  /** SHA-256 of the key: 32 bytes. */
  readonly sha256: Uint8Array;
  /** May change models and the account: pull, push, create, copy, delete, sign out. */
  readonly admin: boolean;
  /** Whether what it asks must not leave the house. */
  readonly isLocalOnly: boolean;
}

/** Who sent a request. */
export interface Principal {
  readonly name: string | undefined;
  readonly admin: boolean;
  readonly isLocalOnly: boolean;
}

/** Tells who sent a request. Throws ProxyError when it does not say, or says two things. */
export type Identify = (incoming: IncomingMessage) => Principal;

/** Without keys everyone may do everything. */
const everyone: Principal = { name: undefined, admin: true, isLocalOnly: false };

/**
 * A key is presented as `Authorization: Bearer` or `x-api-key`. Every known hash is compared, each in constant time,
 * so that the time taken tells nothing.
 */
export function createIdentify(keys: readonly ApiKey[]): Identify {
  if (keys.length === 0) return () => everyone;
  return (incoming) => {
    const presented = credentialOf(incoming);
    if (presented === undefined) throw new ProxyError("unauthorized", "an API key is required");
    const digest = createHash("sha256").update(presented).digest();
    let found: ApiKey | undefined;
    for (const key of keys) if (timingSafeEqual(digest, key.sha256)) found = key;
    if (found === undefined) throw new ProxyError("unauthorized", "the API key is not valid");
    return { name: found.name, admin: found.admin, isLocalOnly: found.isLocalOnly };
  };
}

function credentialOf({ headersDistinct }: IncomingMessage): string | undefined {
  const bearers = (headersDistinct.authorization ?? []).map(
    (value) => /^Bearer +(\S+)$/i.exec(value)?.[1] ?? "",
  );
  const presented = new Set(
    [...bearers, ...(headersDistinct["x-api-key"] ?? [])].filter((key) => key !== ""),
  );
  if (presented.size > 1) throw new ProxyError("invalid_request", "the request holds two different API keys");
  return [...presented][0];
}
