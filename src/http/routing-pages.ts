import type { Call, Reply } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import { dialects } from "../dialect/dialects.ts";
import { field, isObject, parseFirst, type Json, type JsonObject } from "../lib/json.ts";
import { JsonSyntaxError } from "../lib/json-scan.ts";
import { usdText } from "../core/price.ts";
import type { Decisions } from "../pipeline/auto/decisions.ts";
import { withField } from "../pipeline/fit/wire-edit.ts";
import { ownerOf, type Plan, planFor, type PlanParts } from "../pipeline/auto/plan.ts";
import type { Candidate } from "../router/gates.ts";
import { sessionKey } from "../router/session.ts";
import { decisionsAsked } from "./decisions-query.ts";
import type { Exchange } from "./exchange.ts";
import {
  askerOf,
  type AskingOptions,
  pinnedOf,
  readBody,
  type ReadBodyParts,
  routingOf,
} from "./read-call.ts";

/** How calls are routed. */
export interface RoutingPages {
  /** `POST /api/analyze`: what would be decided for an Ollama generate or chat body, and why. Rejects with ProxyError. */
  readonly analyze: (exchange: Exchange) => Promise<Reply>;
  /**
   * `GET /api/decisions?limit=&tier=&model=&session=`: the decisions of late, without a word of what was said. A session is
   * one of the asker's own. Throws ProxyError.
   */
  readonly decisions: (query: URLSearchParams, exchange: Exchange) => Reply;
}

export interface RoutingPagesParts extends ReadBodyParts {
  readonly plan: PlanParts;
  readonly decisions: Decisions;
  readonly asking: AskingOptions;
}

export function createRoutingPages(parts: RoutingPagesParts): RoutingPages {
  return {
    async analyze(exchange) {
      const call = callFrom(exchange, await readBody(exchange, parts), parts.asking);
      const plan = planFor(call, parts.plan, { isExplained: true });
      return page({ ...plan.analysis, route: routeShown(plan), candidates: candidatesShown(plan) });
    },
    decisions(query, exchange) {
      const owner = ownerOf(askerOf(exchange, parts.asking));
      const keyOf = (session: string): string => sessionKey({ session, owner, request: { messages: [] } });
      return page({ decisions: parts.decisions.latest(decisionsAsked(query, keyOf)) });
    },
  };
}

/** The body may name a model, but need not: it is `auto` that would be asked. */
function callFrom(exchange: Exchange, raw: Uint8Array, asking: AskingOptions): Call {
  const body = bodyFrom(raw);
  const named = field(body, "model");
  const model = typeof named === "string" ? named : "auto";
  const wire = named === model ? body : withField(body, "model", model);
  const operation = field(wire, "messages") === undefined ? "generate" : "chat";
  dialects.ollama.checkRequest(wire, operation);
  if (operation === "generate" && typeof field(wire, "prompt") !== "string")
    throw bad('expected an Ollama body with "messages" or "prompt"');
  return {
    id: exchange.record.id,
    dialect: "ollama",
    operation,
    method: "POST",
    path: `/api/${operation}`,
    raw,
    wire,
    model,
    headers: {},
    pinnedUpstream: pinnedOf(exchange),
    asker: askerOf(exchange, asking),
    routing: routingOf(exchange),
  };
}

function bodyFrom(raw: Uint8Array): JsonObject {
  try {
    const body: Json = parseFirst(raw);
    if (isObject(body)) return body;
  } catch (thrown) {
    if (!(thrown instanceof JsonSyntaxError)) throw thrown;
    if (!thrown.empty) throw bad(thrown.message);
  }
  throw bad('expected a JSON object such as {"messages": [{"role": "user", "content": "..."}]}');
}

function routeShown({ decision, privateKinds, isPrivate }: Plan) {
  const { tier, search, verify, order, reasons, confidence, missing, isLocked, escalateTo } = decision;
  const [first] = order;
  return {
    tier,
    model: first?.model,
    upstream: first?.upstream,
    search,
    verify,
    escalate_to: escalateTo?.model,
    reasons,
    confidence,
    missing,
    locked: isLocked,
    private: isPrivate,
    private_kinds: privateKinds,
  };
}

/** More of them is no help to a reader; those that may answer come first. */
const candidatesMax = 50;

function candidatesShown({ decision: { order, refused } }: Plan) {
  const shown = ({ model, upstream, isCloud, maxCostNanoUsd }: Candidate) => ({
    model,
    upstream,
    cloud: isCloud,
    max_cost_usd: Number.isNaN(maxCostNanoUsd) ? undefined : usdText(maxCostNanoUsd),
  });
  return [
    ...order.map(shown),
    ...refused.map(({ candidate, reason }) => ({ ...shown(candidate), refused: reason })),
  ].slice(0, candidatesMax);
}

const bad = (text: string): ProxyError => new ProxyError("invalid_request", text);

const page = (value: object): Reply => ({
  status: 200,
  contentType: "application/json; charset=utf-8",
  headers: { "Cache-Control": "no-store" },
  body: Buffer.from(JSON.stringify(value)),
});
