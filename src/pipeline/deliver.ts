import type { Call, Reply } from "../core/call.ts";
import { hopsText, ProxyError, toProxyError } from "../core/error.ts";
import { headerText } from "../lib/header-text.ts";
import type { CallRecord } from "../stats/record.ts";
import type { Flow } from "../upstream/commit.ts";
import type { Sent } from "../upstream/retry.ts";

/** Turns what an upstream sends into the client's reply, and notes in the record how it went. */
export type Deliver = (call: Call, sent: Sent, record: CallRecord) => Reply;

export const deliver: Deliver = (call, sent, record) => {
  record.upstream = sent.upstream;
  record.lane = "relay";
  record.hops = sent.hops.length;
  if (call.model !== "") record.answeredModel = call.model;
  const { "content-type": contentType, ...headers } = sent.headers;
  const head = { status: sent.status, contentType, headers: { ...headers, ...namesOf(call, sent) } };
  const { answer } = sent;
  if (answer.kind === "whole") {
    record.usage = answer.end.usage;
    sent.settle();
    return { ...head, body: answer.body };
  }
  return { ...head, body: leavable(relay(answer, sent, record), () => finish(answer, sent, abandoned())) };
};

function namesOf(call: Call, sent: Sent): Record<string, string> {
  const names: Record<string, string> = { "X-Chasqui-Upstream": sent.upstream };
  if (call.model !== "") names["X-Chasqui-Model"] = headerText(call.model);
  if (sent.hops.length > 0) names["X-Chasqui-Hops"] = hopsText(sent.hops);
  return names;
}

/** The upstream's own bytes; only whole frames pass, so that an error frame of ours never lands in the middle of one. */
async function* relay(
  flow: Flow,
  sent: Sent,
  record: CallRecord,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { first, rest, gate } = flow;
  let failure: ProxyError | undefined = abandoned();
  try {
    if (first.length > 0) yield first;
    for await (const chunk of rest) {
      const whole = gate.push(chunk);
      if (whole !== undefined) yield whole;
    }
    const { last, end } = gate.end();
    record.usage = end.usage;
    if (end.error !== undefined) record.error ??= "upstream_failed";
    if (last.length > 0) yield last;
    failure = undefined;
  } catch (thrown) {
    failure = toProxyError(thrown);
    throw failure;
  } finally {
    await finish(flow, sent, failure);
  }
}

/** A generator that was never begun runs no clean-up when it is left; this does it then. */
function leavable(
  body: AsyncGenerator<Uint8Array, void, undefined>,
  leave: () => Promise<void>,
): AsyncIterable<Uint8Array> {
  let begun = false;
  const iterator: AsyncIterator<Uint8Array, void, undefined> = {
    next() {
      begun = true;
      return body.next();
    },
    async return() {
      if (!begun) await leave();
      begun = true;
      return body.return();
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

const abandoned = (): ProxyError => new ProxyError("client_closed", "the client left");

/** Gives everything back, also the rest of an answer that nobody has begun to read. */
async function finish({ rest }: Flow, sent: Sent, failure: ProxyError | undefined): Promise<void> {
  await rest[Symbol.asyncIterator]().return?.();
  sent.settle(failure);
}
