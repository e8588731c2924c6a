import type { GivenAnswer, Recent } from "../cache/recent.ts";
import type { Reply } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import { isObject, tryParse } from "../lib/json.ts";
import type { Clock } from "../lib/time.ts";
import { readWhole, type BodyLimits } from "./body.ts";
import type { Exchange } from "./exchange.ts";
import { scopeOf } from "./read-call.ts";

/** `POST /api/cache/feedback`: the stored answer that a request was given was wrong for it. Rejects with ProxyError. */
export type FeedbackPage = (exchange: Exchange) => Promise<Reply>;

export interface FeedbackParts {
  readonly cache: { readonly recent: Recent };
  readonly reject: (given: GivenAnswer) => void;
  /** Whether all clients share what is stored. */
  readonly isShared: boolean;
  readonly limits: BodyLimits;
  readonly clock: Clock;
}

const bodyBytesMax = 64 * 1_024;

/** Everyone may complain of what was given in its own scope, and of nothing else. */
export function createFeedbackPage(parts: FeedbackParts): FeedbackPage {
  return async (exchange) => {
    const id = await readId(exchange, parts);
    const scope = scopeOf(exchange.record.keyName, parts.isShared);
    const given = parts.cache.recent.get(scope, id);
    if (given === undefined)
      throw new ProxyError("not_found", "id: no stored answer was given to a request of this id lately");
    parts.reject(given);
    return {
      status: 200,
      contentType: "application/json; charset=utf-8",
      headers: { "Cache-Control": "no-store" },
      body: Buffer.from(JSON.stringify({ removed: true })),
    };
  };
}

async function readId({ incoming, signal }: Exchange, { limits, clock }: FeedbackParts): Promise<string> {
  const all = { ...limits, bytesMax: bodyBytesMax };
  const bytes = await readWhole(incoming, all, { clock, signal, hold: () => true });
  const body = tryParse(Buffer.from(bytes).toString("utf8"));
  if (!isObject(body)) throw bad('expected a JSON object such as {"id": "...", "bad": true}');
  const { id, bad: isBad = true, ...others } = body;
  const [other] = Object.keys(others);
  if (other !== undefined) throw bad(`${other}: unknown; there are id and bad`);
  if (typeof id !== "string" || id === "") throw bad("id: expected the X-Chasqui-Request-Id of an answer");
  if (isBad !== true) throw bad("bad: expected true");
  return id;
}

const bad = (text: string): ProxyError => new ProxyError("invalid_request", text);
