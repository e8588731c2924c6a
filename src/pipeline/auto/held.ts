import type { Call } from "../../core/call.ts";
import { dialects } from "../../dialect/dialects.ts";
import { linesOf } from "../../lib/framing.ts";
import { isObject, tryParse, type Json, type JsonObject } from "../../lib/json.ts";
import { type Fault, judgeAnswer } from "../../router/verify.ts";
import type { Flow } from "../../upstream/commit.ts";
import type { Sent } from "../../upstream/retry.ts";
import type { Plan } from "./plan.ts";

/** The first words of an answer are enough to see most of what can be wrong with it. */
const heldLettersMax = 300;
/** Thoughts that go on for longer than this are not waited for. */
const heldBytesMax = 512 * 1_024;

/** An answer whose beginning was looked at; nothing of it was lost. */
export interface Judged {
  readonly sent: Sent;
  readonly fault: Fault | undefined;
}

/** Holds the beginning of an answer, or all of it when it is whole, and says what is wrong with it. */
export async function judged(call: Call, plan: Plan, sent: Sent): Promise<Judged> {
  const { answer } = sent;
  if (answer.kind === "whole") return { sent, fault: faultOfWhole(call, plan, answer.body) };
  const { flow, text, isComplete } = await hold(answer);
  const fault = judgeAnswer({
    ...wishesOf(plan),
    text,
    isComplete,
    // A stream that ended well has told why; what was cut shows in its frames to whoever relays them.
    finish: isComplete ? "stop" : undefined,
  });
  return { sent: { ...sent, answer: flow }, fault };
}

const wishesOf = ({ request, analysis }: Plan) => ({
  format: request.format,
  language: analysis.language,
  asked: request.messages.findLast(({ role }) => role === "user")?.text,
  isLimited: request.sampling.outputTokensMax !== undefined,
});

function faultOfWhole(call: Call, plan: Plan, body: Uint8Array): Fault | undefined {
  const answer = tryParse(Buffer.from(body).toString("utf8"));
  const facts = isObject(answer)
    ? dialects[call.dialect].replay.judgeAnswer(answer, call.operation)
    : undefined;
  if (facts === undefined) return undefined;
  const { text, finish } = facts;
  const reason = finish === "other" ? undefined : finish;
  return judgeAnswer({ ...wishesOf(plan), text, finish: reason ?? "stop", isComplete: true });
}

interface Held {
  readonly flow: Flow;
  readonly text: string;
  readonly isComplete: boolean;
}

async function hold(flow: Flow): Promise<Held> {
  const iterator = flow.rest[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  const said = { text: textIn(flow.first), bytes: 0, pending: "" };
  let isComplete = false;
  while (said.text.length < heldLettersMax && said.bytes < heldBytesMax && !isComplete) {
    const next = await iterator.next();
    if (next.done === true) isComplete = true;
    else {
      chunks.push(next.value);
      said.bytes += next.value.length;
      const text = said.pending + Buffer.from(next.value).toString("latin1");
      const end = text.lastIndexOf("\n") + 1;
      said.text += textIn(Buffer.from(text.slice(0, end), "latin1"));
      said.pending = text.slice(end);
    }
  }
  return { flow: { ...flow, rest: resumed(chunks, iterator) }, text: said.text, isComplete };
}

/** What was held, then what comes after it; leaving it early leaves the answer. */
function resumed(held: Uint8Array[], iterator: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const first = held.shift();
        return first === undefined ? iterator.next() : { done: false, value: first };
      },
      async return() {
        held.length = 0;
        await iterator.return?.();
        return { done: true, value: undefined };
      },
    }),
  };
}

/** What the user reads of some frames of a stream, of whichever dialect. */
export function textIn(frames: Uint8Array): string {
  return linesOf(frames)
    .map((line) => tryParse(line.replace(/^data: ?/, "")))
    .map((value) => (isObject(value) ? deltaIn(value) : ""))
    .join("");
}

function deltaIn({ message, response, choices, delta, type }: JsonObject): string {
  if (isObject(message)) return textOf(message["content"]);
  if (Array.isArray(choices)) {
    const [choice] = choices;
    if (!isObject(choice)) return "";
    return isObject(choice["delta"]) ? textOf(choice["delta"]["content"]) : textOf(choice["text"]);
  }
  if (type === "response.output_text.delta") return textOf(delta);
  return isObject(delta) ? textOf(delta["text"]) : textOf(response);
}

const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : "");
