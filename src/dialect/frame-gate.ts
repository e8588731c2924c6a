import type { Operation } from "../core/call.ts";
import { ProxyError } from "../core/error.ts";
import { createFramer, FrameTooLongError, linesOf } from "../lib/framing.ts";
import { isObject, tryParse } from "../lib/json.ts";
import type { AnswerEnd, Dialect } from "./dialect.ts";
import { eventData } from "./sse.ts";
import { createTail } from "./tail.ts";

/** Lets whole frames of a stream pass and judges, at its end, whether it was all there. */
export interface FrameGate {
  /** The frames that are whole by now. Throws ProxyError for what is no stream of this dialect. */
  push(chunk: Uint8Array): Uint8Array | undefined;
  /** What is left to send. Throws ProxyError when the stream had no terminal frame, however politely it closed. */
  end(): { readonly last: Uint8Array; readonly end: AnswerEnd };
}

/** Ollama's own client reads lines up to this length. */
const frameBytesMax = 8_000_000;

const empty = new Uint8Array(0);

/** Nothing is decoded while bytes flow; only the end of the stream is, once. */
export function createFrameGate(dialect: Dialect, operation: Operation, upstream: string): FrameGate {
  const framer = createFramer(dialect.frame, frameBytesMax);
  const tail = createTail();
  const wellFormed = dialect.frame === "line" ? looksLikeObjects : looksLikeEvents;

  const cut = (chunk: Uint8Array): Uint8Array | undefined => {
    try {
      return framer.push(chunk);
    } catch (thrown) {
      if (thrown instanceof FrameTooLongError)
        throw broken(upstream, `sent a malformed answer: ${thrown.message}`);
      throw thrown;
    }
  };

  return {
    push(chunk) {
      const whole = cut(chunk);
      if (whole === undefined) return undefined;
      if (!wellFormed(whole)) throw broken(upstream, `sent a malformed ${dialect.frame}`);
      tail.push(whole);
      return whole;
    },
    end() {
      const rest = framer.rest();
      const last = wellFormed(rest) ? rest : empty;
      tail.push(last);
      const end = dialect.decodeEnd(tail.bytes(), operation);
      if (!end.complete) throw broken(upstream, "broke off its answer");
      return { last, end };
    },
  };
}

/** For a body whose end is known already: nothing is judged any more. */
export const endedGate = (end: AnswerEnd): FrameGate => ({
  push: (chunk) => chunk,
  end: () => ({ last: empty, end }),
});

/** The end of an answer that is not judged: it is where the connection, or the status, says it is. */
export const unjudgedEnd: AnswerEnd = { complete: true, error: undefined, usage: undefined };

const broken = (upstream: string, text: string): ProxyError =>
  new ProxyError("upstream_broken", `upstream ${upstream} ${text}`, { upstream });

const openBrace = 0x7b;
const closeBrace = 0x7d;
const lineFeed = 0x0a;

/**
 * Whether each line begins and ends like an object: a check without parsing, since it is made for every piece of every
 * stream. Lines that look odd are parsed before they are called malformed.
 */
function looksLikeObjects(lines: Uint8Array): boolean {
  return everyLine(lines, (start, end) => isBraced(lines, start, end)) || areObjects(lines);
}

/** The same for the data of events; their other lines, and blank ones, are not looked at. */
function looksLikeEvents(events: Uint8Array): boolean {
  const good = (start: number, end: number): boolean =>
    start === end || isOther(events, start) || isBraced(events, start + dataField.length, end);
  return everyLine(events, good) || areEvents(events);
}

function everyLine(bytes: Uint8Array, good: (start: number, end: number) => boolean): boolean {
  for (let start = 0; start < bytes.length;) {
    const feed = bytes.indexOf(lineFeed, start);
    const end = feed < 0 ? bytes.length : feed;
    if (!good(start, end)) return false;
    start = end + 1;
  }
  return true;
}

const isBraced = (bytes: Uint8Array, start: number, end: number): boolean =>
  bytes[start] === openBrace && bytes[end - 1] === closeBrace;

const dataField = "data: ";

const otherFields = new Set(Array.from("eir:\r", (letter) => letter.charCodeAt(0)));

/** Whether a line is an event's name, id or retry time, a comment, or blank. */
const isOther = (bytes: Uint8Array, start: number): boolean => otherFields.has(bytes[start] ?? 0);

const areObjects = (lines: Uint8Array): boolean =>
  linesOf(lines).every((line) => line.trim() === "" || isObject(tryParse(line)));

const fieldPattern = /^(?:data|event|id|retry)?:|^$/;

function areEvents(events: Uint8Array): boolean {
  const fields = linesOf(events).every((line) => fieldPattern.test(line));
  return fields && eventData(events).every((data) => data === "[DONE]" || isObject(tryParse(data)));
}
