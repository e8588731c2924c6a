import { isSessionName, sessionNameExpected } from "../core/session-name.ts";
import { globMatcher } from "../lib/glob.ts";
import type { DecisionsAsked } from "../pipeline/auto/decisions.ts";
import { tiers } from "../router/tiers.ts";
import { bad, check, wholeFrom } from "./cache-query.ts";

const known = ["limit", "tier", "model", "session"];

/**
 * Which decisions are asked for: `limit`, `tier`, `model` (who answered, `*` for any text) and `session`, the client's own
 * name of a conversation, of which `keyOf` makes the asker's. Throws ProxyError for what it does not understand.
 */
export function decisionsAsked(query: URLSearchParams, keyOf: (session: string) => string): DecisionsAsked {
  check(query, known);
  const session = sessionFrom(query);
  return {
    countMax: wholeFrom(query, "limit", { byDefault: 100, most: 99_999 }),
    tier: tierFrom(query),
    isModel: modelFrom(query),
    session: session === undefined ? undefined : keyOf(session),
  };
}

function tierFrom(query: URLSearchParams): DecisionsAsked["tier"] {
  const said = query.get("tier");
  if (said === null) return undefined;
  const tier = tiers.find((one) => one === said);
  if (tier === undefined) throw bad(`tier: expected one of ${tiers.join(", ")}`);
  return tier;
}

function modelFrom(query: URLSearchParams): DecisionsAsked["isModel"] {
  const said = query.get("model");
  return said === null ? undefined : globMatcher([said, `${said}:latest`]);
}

function sessionFrom(query: URLSearchParams): string | undefined {
  const said = query.get("session");
  if (said === null) return undefined;
  if (!isSessionName(said)) throw bad(`session: expected ${sessionNameExpected}`);
  return said;
}
