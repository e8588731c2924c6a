import type { Call, Operation, Reply } from "../core/call.ts";
import { type ProxyError, toProxyError } from "../core/error.ts";
import { modelNotFound } from "../dialect/model-check.ts";
import { isRepeatable, type RepeatableReply } from "../pipeline/again.ts";
import type { Answer } from "../pipeline/answer.ts";
import type { Registry } from "../upstream/registry.ts";
import type { Exchange, Question } from "./exchange.ts";
import { readCall, type ReadCallParts } from "./read-call.ts";
import type { Responder } from "./respond.ts";
import type { Endpoint } from "./routes.ts";

export interface CallParts extends ReadCallParts {
  readonly answer: Answer;
  readonly registry: Registry;
  readonly responder: Responder;
  /** Told of an answer that may be given again to the same question without asking what it is. */
  readonly remember: (question: Question, reply: RepeatableReply) => void;
}

/** Answers one request by asking an upstream. Rejects with ProxyError, nothing sent. */
export type ServeCall = (exchange: Exchange, endpoint: Endpoint, operation: Operation) => Promise<void>;

/** Operations after which the lists of models are no longer what they were. */
const changing = new Set<Operation>(["pull", "create", "copy", "delete"]);

/** Operations that are done wherever the model is, so that the merged list shows their effect. */
const everywhere = new Set<Operation>(["copy", "delete"]);

/** What an account question is answered with when there is no Ollama server to ask. */
const withoutServer: Readonly<Record<string, { readonly status: number; readonly body: string }>> = {
  "/api/status": { status: 200, body: '{"cloud":{"disabled":true,"source":"none"}}' },
  "/api/experimental/model-recommendations": { status: 200, body: '{"recommendations":[]}' },
  "/api/me": { status: 503, body: '{"error":"account unavailable"}' },
};

/** The one handler of every endpoint that asks an upstream; the dialect is data. */
export function createServeCall(parts: CallParts): ServeCall {
  const { answer, registry, responder } = parts;

  const replyTo = (call: Call, exchange: Exchange): Promise<Reply> =>
    everywhere.has(call.operation) && call.pinnedUpstream === undefined
      ? atHolders(call, exchange)
      : answer(call, exchange.record, exchange.signal);

  const atHolders = async (call: Call, exchange: Exchange): Promise<Reply> => {
    const holders = (await registry.holders(call.model)).filter((one) => one.health.state === "up");
    if (holders.length < 2) return answer(call, exchange.record, exchange.signal);
    const names = holders.map((one) => one.name);
    return atEach(names, call, exchange);
  };

  /** Done when one has done it and the others have done it or had nothing to do; else the worst answer counts. */
  const atEach = async (upstreams: readonly string[], call: Call, exchange: Exchange): Promise<Reply> => {
    let reply: Reply | undefined;
    let failure: ProxyError | undefined;
    for (const pinnedUpstream of upstreams) {
      try {
        reply = await answer({ ...call, pinnedUpstream }, exchange.record, exchange.signal);
      } catch (thrown) {
        const error = toProxyError(thrown);
        if (failure === undefined || failure.code === "model_not_found") failure = error;
      }
    }
    if (reply !== undefined && (failure === undefined || failure.code === "model_not_found")) return reply;
    throw failure ?? modelNotFound(call.model, call.operation);
  };

  return async function serveCall(exchange, endpoint, operation) {
    try {
      const call = await readCall(exchange, { endpoint, operation }, parts);
      const reply = await replyTo(call, exchange);
      if (exchange.question !== undefined && isRepeatable(reply)) parts.remember(exchange.question, reply);
      if (everywhere.has(operation)) registry.expire();
      await responder.send(exchange, reply, endpoint.dialect);
    } catch (thrown) {
      const local = toProxyError(thrown).code === "no_upstream" ? withoutServer[endpoint.path] : undefined;
      if (local === undefined) throw thrown;
      const body = Buffer.from(local.body);
      const reply = {
        status: local.status,
        contentType: "application/json; charset=utf-8",
        headers: {},
        body,
      };
      await responder.send(exchange, reply, endpoint.dialect);
    } finally {
      if (changing.has(operation)) registry.expire();
    }
  };
}
