import { isDeepStrictEqual } from "node:util";
import { chooseModel, complaintAbout } from "./choose.ts";
import {
  breakOff,
  endsAtHead,
  failedAtHead,
  identity,
  sendError,
  sendJson,
  untilReleased,
  wait,
  write,
  type Exchange,
  type State,
} from "./exchange.ts";
import { errorObject, type Complaint, type Fault } from "./faults.ts";
import { beginChat, settle, usageOf, type Generation } from "./generation.ts";
import { spentNanoUsd } from "./lists.ts";
import { detailsOf, foldSteps, type Step } from "./script.ts";
import { mergeDetails, type ChatWire } from "./wire.ts";

/** An answer that is being given. */
interface Answering {
  readonly exchange: Exchange;
  readonly generation: Generation;
  readonly steps: readonly Step[];
  /** The delta before which the fault happens; more than there are for never. */
  readonly faultAt: number;
}

/** Answers `POST /chat/completions`. */
export async function answerChat(exchange: Exchange): Promise<void> {
  const { state, seen, outgoing, fault } = exchange;
  const wire = seen.body as ChatWire;
  const complaint = complaintAbout(wire) ?? overLimit(state);
  if (complaint !== undefined) return sendError(exchange, complaint);
  const model = chooseModel(state, wire);
  if ("status" in model) return sendError(exchange, model);
  noteEcho(state, wire);
  const id = nextId(exchange);
  const generation = beginChat(state, id, { wire, model });
  outgoing.on("close", () => settle(state, generation, "cancelled"));
  if (endsAtHead(fault)) settle(state, generation, "error");
  if (await failedAtHead(exchange)) return;
  const steps = fault?.kind === "blank" ? [] : generation.script.steps;
  if (steps.length > 0) rememberThoughts(state, steps);
  const answering = { exchange, generation, steps, faultAt: faultAtOf(fault, steps) };
  await (generation.streamed ? stream(answering) : answerWhole(answering));
}

/** Gives the exchange the id under which its answer is billed. */
export function nextId({ state, seen }: Exchange): string {
  seen.generationId = `gen-${++state.lastId}`;
  return seen.generationId;
}

/** Why nobody is served any more whose limit is reached. */
export function overLimit(state: State): Complaint | undefined {
  if (state.limitUsd === null || spentNanoUsd(state) < state.limitUsd * 1e9) return undefined;
  return { status: 402, message: "Key limit exceeded", limitSource: "openrouter_key_limit" };
}

function rememberThoughts(state: State, steps: readonly Step[]): void {
  const callId = steps.find((step) => step.delta.tool_calls !== undefined)?.delta.tool_calls?.[0]?.id;
  const details = detailsOf(steps);
  if (callId !== undefined && details.length > 0) state.thoughts.set(callId, details);
}

/** Looks whether the thoughts behind a tool call came back with its result. */
function noteEcho(state: State, { messages = [] }: ChatWire): void {
  if (messages.at(-1)?.role !== "tool") return;
  const turn = messages.findLast((message) => message.tool_calls !== undefined);
  const given = state.thoughts.get(turn?.tool_calls?.[0]?.id ?? "");
  if (given === undefined) return;
  state.echoedReasoning = isDeepStrictEqual(mergeDetails(turn?.reasoning_details ?? []), given);
}

function faultAtOf(fault: Fault | undefined, steps: readonly Step[]): number {
  if (fault === undefined || !("afterDeltas" in fault || fault.kind === "error-midway")) return Infinity;
  let words = fault.afterDeltas ?? 0;
  const at = steps.findIndex((step) => (words -= step.tokens) < 0);
  return at === -1 ? steps.length : at;
}

function emit({ generation, steps }: Answering, index: number): Step {
  const step = steps[index];
  if (step === undefined) throw new Error("there is no such delta");
  generation.emitted.push(step);
  return step;
}

const eventOf = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

const comment = ": OPENROUTER PROCESSING\n\n";

function headOf({ id, createdMs, model }: Generation, object: string): Readonly<Record<string, unknown>> {
  return { id, object, created: Math.floor(createdMs / 1_000), model: model.id, provider: model.provider };
}

function chunkOf(
  generation: Generation,
  delta: unknown,
  finish: string | null = null,
): Record<string, unknown> {
  const reasons = {
    finish_reason: finish,
    native_finish_reason: nativeOf(generation, finish),
    logprobs: null,
  };
  return { ...headOf(generation, "chat.completion.chunk"), choices: [{ index: 0, delta, ...reasons }] };
}

/** What the provider itself calls it. */
function nativeOf({ model }: Generation, finish: string | null): string | null {
  const anthropic: Readonly<Record<string, string>> = {
    stop: "end_turn",
    length: "max_tokens",
    tool_calls: "tool_use",
  };
  return finish === null || model.provider !== "Anthropic" ? finish : (anthropic[finish] ?? finish);
}

async function stream(answering: Answering): Promise<void> {
  const { exchange, generation, steps } = answering;
  const { outgoing, seen, fault } = exchange;
  outgoing.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    ...identity(seen),
  });
  await write(exchange, comment.repeat(fault?.kind === "comments" ? fault.count : 2));
  if (fault?.kind === "comments-for-ever") {
    do await write(exchange, comment);
    while (!(await wait(exchange, fault.everyMs ?? 10)));
  }
  generation.begun = true;
  await write(exchange, eventOf(chunkOf(generation, { role: "assistant", content: "" })));
  for (let index = 0; index <= steps.length; index++) {
    if (index === answering.faultAt && (await misbehave(answering))) return;
    if (index === steps.length) break;
    if (fault?.kind === "slow") await wait(exchange, fault.betweenMs);
    if (fault?.kind === "comments") await write(exchange, comment);
    await write(exchange, eventOf(chunkOf(generation, emit(answering, index).delta)));
  }
  await finish(answering);
}

/** Does what the fault is about. True when the stream is over with it. */
async function misbehave({ exchange, generation }: Answering): Promise<boolean> {
  const { state, outgoing, fault } = exchange;
  if (fault?.kind === "hold") await untilReleased(exchange);
  if (fault?.kind === "garbage") await write(exchange, 'data: {"id":"gen-,"choices":[{{]}\n\n');
  if (fault?.kind === "error-midway") {
    settle(state, generation, "error");
    outgoing.end(eventOf({ ...chunkOf(generation, { content: "" }, "error"), error: errorObject(fault) }));
    return true;
  }
  if (fault?.kind !== "end-early" && fault?.kind !== "cut" && fault?.kind !== "reset") return false;
  settle(state, generation, "cut");
  if (fault.kind === "end-early") outgoing.end();
  else await breakOff(exchange, fault.kind);
  return true;
}

async function finish({ exchange, generation, steps }: Answering): Promise<void> {
  const { state, outgoing, fault } = exchange;
  const reason = steps.length === 0 ? null : generation.script.finishReason;
  generation.finishReason = reason;
  // An answer that says nothing and does not say why it ended is covered by the insurance.
  settle(state, generation, reason === null ? "error" : "clean");
  const usage = { usage: usageOf(generation) };
  const last = chunkOf(generation, { content: "" }, reason);
  await write(exchange, eventOf(fault?.kind === "usage-in-finish" ? { ...last, ...usage } : last));
  if (fault?.kind !== "usage-in-finish" && fault?.kind !== "no-usage") {
    await write(exchange, eventOf({ ...headOf(generation, "chat.completion.chunk"), choices: [], ...usage }));
  }
  outgoing.end(fault?.kind === "no-done" ? "" : "data: [DONE]\n\n");
}

async function answerWhole(answering: Answering): Promise<void> {
  const { exchange, generation, steps } = answering;
  const { state, fault } = exchange;
  generation.begun = true;
  if (fault?.kind === "hold" || fault?.kind === "comments-for-ever") await untilReleased(exchange);
  if (fault?.kind === "slow") await wait(exchange, fault.betweenMs * steps.length);
  const failed = fault?.kind === "error-midway" ? errorObject(fault) : undefined;
  const said = failed === undefined ? steps : steps.slice(0, answering.faultAt);
  generation.emitted.push(...said);
  const done = steps.length === 0 ? null : generation.script.finishReason;
  const reason = failed === undefined ? done : "error";
  generation.finishReason = reason;
  settle(state, generation, endOfWhole(fault, reason));
  const choice = {
    index: 0,
    finish_reason: reason,
    native_finish_reason: nativeOf(generation, reason),
    logprobs: null,
    message: foldSteps(said),
    ...(failed === undefined ? {} : { error: failed }),
  };
  const usage = fault?.kind === "no-usage" ? {} : { usage: usageOf(generation) };
  await sendWhole(exchange, { ...headOf(generation, "chat.completion"), choices: [choice], ...usage });
}

function endOfWhole(fault: Fault | undefined, reason: string | null): "clean" | "cut" | "error" {
  if (fault?.kind === "cut" || fault?.kind === "reset" || fault?.kind === "end-early") return "cut";
  return reason === null || reason === "error" ? "error" : "clean";
}

/** Sends the JSON, or what a fault that is made for streams leaves of it. */
async function sendWhole(exchange: Exchange, value: unknown): Promise<void> {
  const { outgoing, seen, fault } = exchange;
  const text = JSON.stringify(value);
  const half = text.slice(0, text.length / 2);
  if (fault?.kind === "garbage") return sendText(exchange, `{${text}`);
  if (fault?.kind === "end-early") return sendText(exchange, half);
  if (fault?.kind !== "cut" && fault?.kind !== "reset") return sendJson(exchange, value);
  const length = { "content-length": String(Buffer.byteLength(text)) };
  outgoing.writeHead(200, { "content-type": "application/json", ...length, ...identity(seen) });
  await write(exchange, half);
  await breakOff(exchange, fault.kind);
}

function sendText({ outgoing, seen }: Exchange, text: string): void {
  outgoing.writeHead(200, { "content-type": "application/json", ...identity(seen) }).end(text);
}
