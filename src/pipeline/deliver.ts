import type { Call, Reply } from "../core/call.ts";
import type { AnswerEnd } from "../dialect/dialect.ts";
import { hopsText, ProxyError, toProxyError } from "../core/error.ts";
import { headerText } from "../lib/header-text.ts";
import type { CallRecord } from "../stats/record.ts";
import type { Flow } from "../upstream/commit.ts";
import type { Sent } from "../upstream/retry.ts";
import { keyOf } from "../upstream/route.ts";

/** Turns what an upstream sends into the client's reply, and notes in the record how it went. */
export type Deliver = (call: Call, sent: Sent, record: CallRecord) => Reply | Promise<Reply>;

export const deliver: Deliver = (call, sent, record) => {
  noteSent(call, sent, record);
  const { "content-type": contentType, ...headers } = sent.headers;
  const head = { status: sent.status, contentType, headers: { ...headers, ...namesOf(call, sent) } };
  const { answer } = sent;
  if (answer.kind === "whole") {
    record.usage = sent.meter?.usage() ?? answer.end.usage;
    sent.settle();
    const reply = { ...head, body: answer.body };
    const settling = settleMoney(sent, record);
    return settling === undefined ? reply : settling.then(() => reply);
  }
  return {
    ...head,
    body: leavable(relay(answer, sent, record), () => finish(answer, { sent, record }, abandoned())),
  };
};

function noteSent(call: Call, sent: Sent, record: CallRecord): void {
  record.upstream = sent.upstream;
  record.lane = sent.lane ?? "relay";
  record.hops = sent.hops.length;
  if (call.model !== "") record.answeredModel = sent.model;
  record.isExact = keyOf(sent.model) === keyOf(call.model) && sent.fitted?.includes("trimmed") !== true;
  if (sent.dropped !== undefined && sent.dropped.length > 0) record.dropped = sent.dropped;
}

function namesOf(call: Call, sent: Sent): Record<string, string> {
  const names: Record<string, string> = { "X-Chasqui-Upstream": sent.upstream };
  if (call.model !== "") names["X-Chasqui-Model"] = headerText(sent.model);
  if (sent.hops.length > 0) names["X-Chasqui-Hops"] = hopsText(sent.hops);
  if (sent.dropped !== undefined && sent.dropped.length > 0)
    names["X-Chasqui-Dropped"] = headerText(sent.dropped.slice(0, droppedMax).join(", "));
  if (sent.fitted !== undefined) names["X-Chasqui-Context"] = sent.fitted;
  return names;
}

/** More than this in a header helps nobody. */
const droppedMax = 20;

/** Writes down what the call cost. Undefined when there is nothing to wait for. */
function settleMoney(
  { account, meter, status, hops }: Sent,
  record: CallRecord,
  error?: ProxyError,
): Promise<void> | undefined {
  return account.settle({ usage: record.usage, meter, status, hops, error });
}

/** The upstream's own bytes; only whole frames pass, so that an error frame of ours never lands in the middle of one. */
async function* relay(
  flow: Flow,
  sent: Sent,
  record: CallRecord,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { first, rest, gate } = flow;
  const { meter } = sent;
  let failure: ProxyError | undefined = abandoned();
  /** Before the client can see the end, what it cost is safe: a daemon that is killed then has it written. */
  const beforeEnd = (): Promise<void> | undefined => {
    if (meter?.isFinal() !== true) return undefined;
    record.usage = meter.usage();
    return settleMoney(sent, record);
  };
  try {
    await beforeEnd();
    if (first.length > 0) yield first;
    for await (const chunk of rest) {
      const whole = gate.push(chunk);
      const settling = beforeEnd();
      if (settling !== undefined) await settling;
      if (whole !== undefined) yield whole;
    }
    const { last, end } = gate.end();
    noteEnd(record, end, meter);
    await settleMoney(sent, record);
    if (last.length > 0) yield last;
    failure = undefined;
  } catch (thrown) {
    failure = toProxyError(thrown);
    throw failure;
  } finally {
    await finish(flow, { sent, record }, failure);
  }
}

function noteEnd(record: CallRecord, end: AnswerEnd, meter: Sent["meter"]): void {
  record.usage = meter?.usage() ?? end.usage;
  if (end.error !== undefined) record.error ??= "upstream_failed";
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

interface Finishing {
  readonly sent: Sent;
  readonly record: CallRecord;
}

/** Gives everything back, also the rest of an answer that nobody has begun to read. */
async function finish(
  { rest }: Flow,
  { sent, record }: Finishing,
  failure: ProxyError | undefined,
): Promise<void> {
  await rest[Symbol.asyncIterator]().return?.();
  sent.settle(failure);
  await settleMoney(sent, record, failure);
}
