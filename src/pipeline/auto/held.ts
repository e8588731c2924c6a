import type { Call } from "../../core/call.ts";
import type { FinishReason } from "../../core/usage.ts";
import type { AnswerFacts } from "../../dialect/dialect.ts";
import { dialects } from "../../dialect/dialects.ts";
import { endedGate } from "../../dialect/frame-gate.ts";
import { textOf } from "../../dialect/values.ts";
import { linesOf } from "../../lib/framing.ts";
import { isObject, tryParse, type Json, type JsonObject } from "../../lib/json.ts";
import { type Fault, judgeAnswer } from "../../router/verify.ts";
import { type Flow, refuseError, resumed } from "../../upstream/commit.ts";
import { faultOf } from "../../upstream/faults.ts";
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

/**
 * Holds the beginning of an answer, or all of it when it is whole, and says what is wrong with it. Rejects with
 * ProxyError when the answer fails while it is held: its client has had nothing of it.
 */
export async function judged(call: Call, plan: Plan, sent: Sent): Promise<Judged> {
  const { answer } = sent;
  if (answer.kind === "whole") return { sent, fault: faultOfWhole(call, plan, answer.body) };
  const { flow, text, isComplete } = await hold(answer, call, sent.upstream);
  const held = { ...sent, answer: flow };
  if (!isComplete) return { sent: held, fault: faultOfPart(plan, text) };
  const whole = dialects[call.dialect].replay.foldStream(flow.first, call.operation);
  const facts = factsOf(call, whole);
  // What cannot be put together may hold more than its text.
  return { sent: held, fault: facts === undefined ? faultOfPart(plan, text) : factsFault(plan, facts) };
}

const wishesOf = ({ request, analysis }: Plan) => ({
  format: request.format,
  language: analysis.language,
  asked: request.messages.findLast(({ role }) => role === "user")?.text,
  isLimited: request.sampling.outputTokensMax !== undefined,
});

const faultOfPart = (plan: Plan, text: string): Fault | undefined =>
  judgeAnswer({ ...wishesOf(plan), text, isComplete: false, finish: undefined });

function faultOfWhole(call: Call, plan: Plan, body: Uint8Array): Fault | undefined {
  const facts = factsOf(call, tryParse(Buffer.from(body).toString("utf8")));
  return facts === undefined ? undefined : factsFault(plan, facts);
}

const factsOf = ({ dialect, operation }: Call, answer: Json | undefined): AnswerFacts | undefined =>
  isObject(answer) ? dialects[dialect].replay.judgeAnswer(answer, operation) : undefined;

function factsFault(plan: Plan, facts: AnswerFacts): Fault | undefined {
  return judgeAnswer({ ...wishesOf(plan), text: facts.text, finish: finishOf(facts), isComplete: true });
}

/** Ollama calls an answer that calls tools stopped. */
function finishOf({ finish, toolCalls }: AnswerFacts): FinishReason {
  if (toolCalls > 0) return "tools";
  return finish === "other" ? "stop" : finish;
}

interface Held {
  readonly flow: Flow;
  readonly text: string;
  readonly isComplete: boolean;
}

/** Reads on through the gate of a flow: whatever would break it off later does so now. */
async function hold({ first, rest, gate }: Flow, call: Call, upstream: string): Promise<Held> {
  const iterator = rest[Symbol.asyncIterator]();
  const frames: Uint8Array[] = [first];
  let text = textIn(first);
  try {
    for (let bytes = 0; text.length < heldLettersMax && bytes < heldBytesMax;) {
      const next = await iterator.next();
      if (next.done === true) return ended({ frames, gate, iterator, text }, call, upstream);
      bytes += next.value.length;
      const whole = gate.push(next.value);
      if (whole === undefined) continue;
      refuseError(call, dialects[call.dialect].decodeEnd(whole, call.operation), upstream);
      frames.push(whole);
      text += textIn(whole);
    }
  } catch (thrown) {
    throw faultOf(thrown, upstream, true);
  }
  return { flow: heldFlow({ frames, gate, iterator }), text, isComplete: false };
}

interface Read extends Pick<Flow, "gate"> {
  readonly frames: readonly Uint8Array[];
  readonly iterator: AsyncIterator<Uint8Array>;
}

function ended(
  { frames, gate, iterator, text }: Read & Pick<Held, "text">,
  call: Call,
  upstream: string,
): Held {
  const { last, end } = gate.end();
  refuseError(call, end, upstream);
  const flow = heldFlow({ frames: [...frames, last], gate: endedGate(end), iterator });
  return { flow, text: text + textIn(last), isComplete: true };
}

/** What was held, then what comes after it; leaving it early leaves the answer. */
const heldFlow = ({ frames, gate, iterator }: Read): Flow => ({
  kind: "flow",
  first: Buffer.concat(frames),
  rest: resumed(iterator),
  gate,
});

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
