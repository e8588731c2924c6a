import type { Call } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import type { AnswerEnd, Dialect } from "../dialect/dialect.ts";
import { dialects } from "../dialect/dialects.ts";
import { createFrameGate, endedGate, type FrameGate, unjudgedEnd } from "../dialect/frame-gate.ts";
import { isFramed } from "../lib/framing.ts";
import { isObject, tryParse } from "../lib/json.ts";
import { faultOf } from "./faults.ts";
import { readBody } from "./models.ts";
import type { UpstreamReply } from "./upstream.ts";
import { verdictOn } from "./verdict.ts";

/** An answer that is good enough to be sent: whole and checked, or flowing with its first frames at hand. */
export type Committed = { readonly kind: "whole"; readonly body: Uint8Array; readonly end: AnswerEnd } | Flow;

/** What comes next has to pass the gate; what has passed it is in `first`. */
export interface Flow {
  readonly kind: "flow";
  readonly first: Uint8Array;
  readonly rest: AsyncIterable<Uint8Array>;
  readonly gate: FrameGate;
}

/** A whole answer is held and checked up to this size; a longer one starts to flow, unchecked. */
const holdBytesMax = 8 * 1_024 ** 2;

/** Of an answer with an error status, this much is read. */
const refusalBytesMax = 65_536;

const generating = new Set<Call["operation"]>(["generate", "chat", "completions", "responses", "messages"]);

/** Operations whose answer is judged by its status alone. */
const unjudged = new Set<Call["operation"]>(["blob", "copy", "delete", "account", "show", "transcriptions"]);

/**
 * Reads on until it is certain that this answer can be given to the client: until then another upstream may still be
 * asked. Rejects with ProxyError.
 */
export function commit(call: Call, reply: UpstreamReply, upstream: string): Promise<Committed> {
  if (reply.status >= 300) return refuse(call, reply, upstream);
  const from = { dialect: dialects[call.dialect], upstream };
  const streams = !unjudged.has(call.operation) && isFramed(reply.headers["content-type"]);
  return streams ? commitStream(call, reply, from) : commitWhole(call, reply, from);
}

async function refuse(call: Call, reply: UpstreamReply, upstream: string): Promise<never> {
  const body = (await readBody(reply.body, refusalBytesMax)) ?? new Uint8Array(0);
  throw verdictOn({
    upstream,
    operation: call.operation,
    status: reply.status,
    contentType: reply.headers["content-type"],
    retryAfter: reply.headers["retry-after"],
    body,
  });
}

interface From {
  readonly dialect: Dialect;
  readonly upstream: string;
}

/** What an iterator has not given yet; leaving it early leaves the iterator. */
export const resumed = (iterator: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => iterator,
});

/** Waits for the first whole frame, so that a broken beginning or an error in its place can still go elsewhere. */
async function commitStream(call: Call, reply: UpstreamReply, { dialect, upstream }: From): Promise<Flow> {
  const iterator = reply.body[Symbol.asyncIterator]();
  const gate = createFrameGate(dialect, call.operation, upstream);
  let bytes = 0;
  try {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      bytes += next.value.length;
      const first = gate.push(next.value);
      if (first === undefined) continue;
      refuseError(call, dialect.decodeEnd(first, call.operation), upstream);
      return { kind: "flow", first, rest: resumed(iterator), gate };
    }
    if (bytes === 0)
      throw new ProxyError("upstream_broken", `upstream ${upstream} sent an empty answer`, { upstream });
    const { last, end } = gate.end();
    refuseError(call, end, upstream);
    return { kind: "flow", first: last, rest: resumed(iterator), gate: endedGate(end) };
  } catch (thrown) {
    await iterator.return?.();
    throw faultOf(thrown, upstream, true);
  }
}

/**
 * A transfer tells its failures in its stream; anywhere else an error while nobody has heard anything is a failed attempt.
 * Throws ProxyError.
 */
export function refuseError(call: Call, { error }: AnswerEnd, upstream: string): void {
  if (error === undefined || !generating.has(call.operation)) return;
  throw new ProxyError("upstream_failed", error, { upstream, quoted: true });
}

async function commitWhole(
  call: Call,
  reply: UpstreamReply,
  { dialect, upstream }: From,
): Promise<Committed> {
  const iterator = reply.body[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let bytes = 0;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    held.push(next.value);
    bytes += next.value.length;
    if (bytes > holdBytesMax) {
      return {
        kind: "flow",
        first: Buffer.concat(held),
        rest: resumed(iterator),
        gate: endedGate(unjudgedEnd),
      };
    }
  }
  const [only] = held;
  const body = held.length === 1 && only !== undefined ? only : Buffer.concat(held);
  return { kind: "whole", body, end: judge(call, body, { dialect, upstream }) };
}

function judge(call: Call, body: Uint8Array, { dialect, upstream }: From): AnswerEnd {
  if (unjudged.has(call.operation) || call.method === "HEAD") return unjudgedEnd;
  const answer = tryParse(Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8"));
  const end = isObject(answer) ? dialect.decodeWhole(answer, call.operation) : undefined;
  if (end?.error !== undefined && call.operation !== "pull") {
    throw new ProxyError("upstream_failed", end.error, { upstream, quoted: true });
  }
  if (end?.complete === true) return end;
  const text = end === undefined ? "sent an answer that is not JSON" : "sent an answer that is not complete";
  throw new ProxyError("upstream_broken", `upstream ${upstream} ${text}`, { upstream });
}
