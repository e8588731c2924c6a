import type { Operation } from "../../core/call.ts";
import { isObject, stringifyLine, tryParse, type Json, type JsonObject } from "../../lib/json.ts";
import type { AnswerFacts, Replay, ReplyNames } from "../dialect.ts";
import { freshId, hasOnly } from "../replay.ts";
import { eventData } from "../sse.ts";
import { countOf, textOf } from "../values.ts";
import { dataFrame, doneFrame, doneMarker, nameFields } from "./stream.ts";

/** `provider` and `native_finish_reason` are OpenRouter's, `timings` llama-server's: the last one told counts. */
const lastFields = ["provider", "service_tier", "timings"];
const namesOfChunk = ["id", "object", "created", "model", "system_fingerprint", "choices", "usage"];
const chunkFields = new Set([...namesOfChunk, ...lastFields]);
const choiceFields = new Set(["index", "delta", "text", "finish_reason", "native_finish_reason", "logprobs"]);
/** Lists that come in pieces, each piece a part of the list. */
const listFields = ["reasoning_details", "annotations"];
const deltaFields = new Set([
  "role",
  "content",
  "reasoning",
  "reasoning_content",
  "refusal",
  "tool_calls",
  ...listFields,
]);
const callFields = new Set(["index", "id", "type", "function"]);
const functionFields = new Set(["name", "arguments"]);
const messageTexts = ["content", "reasoning", "reasoning_content"];

/** OpenAI's answers: the pieces of one choice put together. */
export const replay: Replay = { foldStream, judgeAnswer, renderWhole, renderStream };

interface Fold {
  readonly message: JsonObject;
  readonly calls: JsonObject[];
  readonly logprobs: JsonObject;
  text: string;
  finish: string;
  usage: JsonObject | undefined;
  /** Fields of the whole answer of which the last word counts. */
  readonly last: JsonObject;
  nativeFinish: Json | undefined;
}

function foldStream(stream: Uint8Array, operation: Operation): JsonObject | undefined {
  const events = eventData(stream);
  if (events.pop() !== doneMarker) return undefined;
  const chunks = events.map((event) => tryParse(event));
  const [first] = chunks;
  const fold: Fold = {
    message: { role: "assistant", content: "" },
    calls: [],
    logprobs: {},
    text: "",
    finish: "",
    usage: undefined,
    last: {},
    nativeFinish: undefined,
  };
  if (!isObject(first) || !chunks.every((chunk) => isObject(chunk) && takeChunk(fold, chunk)))
    return undefined;
  if (fold.finish === "") return undefined;
  return assemble(first, fold, operation);
}

function assemble(first: JsonObject, fold: Fold, operation: Operation): JsonObject {
  const { choices: _choices, usage: _usage, ...names } = first;
  const { message, calls, nativeFinish } = fold;
  const native = nativeFinish === undefined ? {} : { native_finish_reason: nativeFinish };
  if (calls.length > 0) message["tool_calls"] = calls;
  const said = operation === "chat" ? { index: 0, message } : { text: fold.text, index: 0 };
  const logprobs = Object.keys(fold.logprobs).length > 0 ? { logprobs: fold.logprobs } : {};
  const whole: JsonObject = {
    ...names,
    ...fold.last,
    object: operation === "chat" ? "chat.completion" : "text_completion",
    choices: [{ ...said, ...logprobs, finish_reason: fold.finish, ...native }],
  };
  return fold.usage === undefined ? whole : { ...whole, usage: fold.usage };
}

/** False when the chunk holds what would be lost. */
function takeChunk(fold: Fold, chunk: JsonObject): boolean {
  const { choices, usage } = chunk;
  if (!hasOnly(chunk, chunkFields) || !Array.isArray(choices) || choices.length > 1) return false;
  if (isObject(usage)) fold.usage = usage;
  for (const name of lastFields) if (chunk[name] !== undefined) fold.last[name] = chunk[name] ?? null;
  const [choice] = choices;
  return choice === undefined || (isObject(choice) && takeChoice(fold, choice));
}

function takeChoice(fold: Fold, choice: JsonObject): boolean {
  const { delta, text, logprobs } = choice;
  if (!hasOnly(choice, choiceFields) || choice["index"] !== 0) return false;
  takeFinish(fold, choice);
  fold.text += textOf(text);
  if (isObject(logprobs) && !takeLogprobs(fold.logprobs, logprobs)) return false;
  return delta === undefined || (isObject(delta) && takeDelta(fold, delta));
}

function takeFinish(fold: Fold, { finish_reason: finish, native_finish_reason: native }: JsonObject): void {
  if (typeof finish === "string" && finish !== "") fold.finish = finish;
  if (typeof native === "string" && native !== "") fold.nativeFinish = native;
}

function takeLogprobs(whole: JsonObject, part: JsonObject): boolean {
  for (const [name, items] of Object.entries(part)) {
    const before = whole[name];
    if (items === null) continue;
    if (!Array.isArray(items)) return false;
    whole[name] = [...(Array.isArray(before) ? before : []), ...items];
  }
  return true;
}

function takeDelta({ message, calls }: Fold, delta: JsonObject): boolean {
  if (!hasOnly(delta, deltaFields) || textOf(delta["refusal"]) !== "") return false;
  for (const name of messageTexts) {
    const text = delta[name];
    if (typeof text === "string") message[name] = textOf(message[name]) + text;
  }
  for (const name of listFields) {
    const more = delta[name];
    if (Array.isArray(more)) message[name] = [...listOf(message[name]), ...more];
  }
  const pieces = delta["tool_calls"];
  return !Array.isArray(pieces) || pieces.every((piece) => isObject(piece) && takeCall(calls, piece));
}

function takeCall(calls: JsonObject[], piece: JsonObject): boolean {
  const { index, function: said } = piece;
  if (!hasOnly(piece, callFields) || !isObject(said) || !hasOnly(said, functionFields)) return false;
  if (typeof index !== "number" || index < 0 || index > calls.length) return false;
  const before = calls[index];
  const known = before !== undefined && isObject(before["function"]) ? before["function"] : {};
  calls[index] = {
    ...before,
    ...piece,
    function: {
      name: textOf(known["name"]) + textOf(said["name"]),
      arguments: textOf(known["arguments"]) + textOf(said["arguments"]),
    },
  };
  return true;
}

const finishes: Readonly<Record<string, AnswerFacts["finish"]>> = {
  stop: "stop",
  length: "length",
  tool_calls: "tools",
};

function judgeAnswer(answer: JsonObject, operation: Operation): AnswerFacts | undefined {
  const isChat = operation === "chat";
  const choice = onlyChoice(answer);
  const message = isChat ? choice?.["message"] : choice;
  if (choice === undefined || !isObject(message) || answer["error"] !== undefined) return undefined;
  if (isChat && !hasOnly(message, deltaFields)) return undefined;
  return {
    finish: finishes[textOf(choice["finish_reason"])] ?? "other",
    text: textOf(message[isChat ? "content" : "text"]),
    hasThinking: textOf(message["reasoning"]) + textOf(message["reasoning_content"]) !== "",
    toolCalls: listOf(message["tool_calls"]).length,
    tookMs: undefined,
    ...countsOf(answer["usage"]),
  };
}

const listOf = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

function countsOf(usage: Json | undefined): Pick<AnswerFacts, "inputTokens" | "outputTokens" | "isWhole"> {
  if (!isObject(usage)) return { inputTokens: 0, outputTokens: 0, isWhole: false };
  const { prompt_tokens: input, completion_tokens: output } = usage;
  return { inputTokens: countOf(input), outputTokens: countOf(output), isWhole: true };
}

function onlyChoice({ choices }: JsonObject): JsonObject | undefined {
  if (!Array.isArray(choices) || choices.length !== 1) return undefined;
  const [choice] = choices;
  return isObject(choice) && choice["index"] === 0 ? choice : undefined;
}

function renderWhole(answer: JsonObject, reply: ReplyNames): string {
  return `${stringifyLine(renamed(answer, reply))}\n`;
}

/** The answer with its own names, clock and ids; the order of its fields stays. */
function renamed(answer: JsonObject, reply: ReplyNames): JsonObject {
  const { id, created, model } = nameFields(reply, textOf(answer["object"]));
  const named: JsonObject = { ...answer, id: id ?? null, created: created ?? null, model: model ?? null };
  const choice = onlyChoice(answer);
  const message = choice?.["message"];
  const calls = isObject(message) ? message["tool_calls"] : undefined;
  if (choice === undefined || !isObject(message) || !Array.isArray(calls)) return named;
  const fresh = (call: Json, index: number): Json =>
    isObject(call) ? { ...call, id: freshId("call_", reply, index) } : call;
  return { ...named, choices: [{ ...choice, message: { ...message, tool_calls: calls.map(fresh) } }] };
}

function renderStream(answer: JsonObject, reply: ReplyNames): string | undefined {
  const { usage, choices, ...names } = renamed(answer, reply);
  const choice = onlyChoice({ choices: choices ?? null });
  const said = choice === undefined ? undefined : choicesOf(choice, reply.operation === "chat");
  if (said === undefined || (reply.streamUsage && !isObject(usage))) return undefined;
  if (reply.operation === "chat") names["object"] = "chat.completion.chunk";
  const frame = (more: JsonObject): string => dataFrame({ ...names, ...more }).toString();
  const frames = said.map((one) => frame({ choices: [one] }));
  if (reply.streamUsage) frames.push(frame({ choices: [], usage: usage ?? null }));
  return frames.join("") + doneFrame;
}

/** The choice of each chunk: what is said, and then why it ended. */
function choicesOf(choice: JsonObject, isChat: boolean): JsonObject[] | undefined {
  const said = isChat ? choice["message"] : choice;
  if (!isObject(said)) return undefined;
  const parts = isChat ? deltas(said) : [{ text: said["text"] ?? "" }];
  const last = isChat ? { index: 0, delta: {} } : { text: "", index: 0 };
  const spoken = parts.map((part) =>
    Object.assign({ index: 0 }, asChoice(part, choice, isChat), { finish_reason: null }),
  );
  return [...spoken, { ...last, finish_reason: choice["finish_reason"] ?? null }];
}

function asChoice(part: JsonObject, { logprobs }: JsonObject, isChat: boolean): JsonObject {
  const said = isChat ? { delta: part } : part;
  const isText = "content" in part || "text" in part;
  return isText && isObject(logprobs) ? { ...said, logprobs } : said;
}

/** At most one each for thinking, text and tools; the first says who speaks. */
function deltas(message: JsonObject): JsonObject[] {
  const found: JsonObject[] = [];
  for (const name of ["reasoning", "reasoning_content", "content"]) {
    const text = message[name];
    if (typeof text === "string" && text !== "") found.push({ [name]: text });
  }
  for (const name of listFields) {
    const items = message[name];
    if (Array.isArray(items)) found.push({ [name]: items });
  }
  const calls = message["tool_calls"];
  if (Array.isArray(calls)) found.push({ tool_calls: calls.map(numbered) });
  const [first = { content: "" }, ...rest] = found;
  return [{ role: "assistant", ...first }, ...rest];
}

/** A call in a stream says its place. */
const numbered = (call: Json, index: number): Json => (isObject(call) ? { index, ...call } : call);
