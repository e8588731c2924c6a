import type { Operation } from "../../core/call.ts";
import { linesOf } from "../../lib/framing.ts";
import { isObject, stringifyLine, tryParse, type Json, type JsonObject } from "../../lib/json.ts";
import type { AnswerFacts, Replay, ReplyNames } from "../dialect.ts";
import { freshId, hasOnly, nsToMs } from "../replay.ts";
import { countOf, textOf } from "../values.ts";

/** What a line that is not the last one may hold; anything else would be lost in a fold. */
const lineFields = new Set([
  "model",
  "created_at",
  "remote_model",
  "remote_host",
  "message",
  "response",
  "thinking",
  "tool_calls",
  "logprobs",
  "done",
]);
const messageFields = new Set(["role", "content", "thinking", "tool_calls"]);

/** Texts are joined and lists are appended. */
const texts = ["content", "response", "thinking"];

/** Ollama's answers: the last line of a stream is the whole answer but for what the lines before it said. */
export const replay: Replay = { foldStream, judgeAnswer, renderWhole, renderStream };

function foldStream(stream: Uint8Array, operation: Operation): JsonObject | undefined {
  const lines = linesOf(stream).map((line) => tryParse(line));
  const last = lines.at(-1);
  if (!isObject(last) || last["done"] !== true) return undefined;
  const isChat = operation === "chat";
  const said: JsonObject = {};
  for (const line of lines) {
    const part = isObject(line) ? partOf(line, isChat, line === last) : undefined;
    if (!isObject(line) || part === undefined) return undefined;
    append(said, part);
    if (isChat) appendList(said, line, "logprobs");
  }
  if (!isChat) return { ...last, ...said };
  const { logprobs, ...message } = said;
  const whole = { ...last, message: { role: "assistant", content: "", ...message } };
  return logprobs === undefined ? whole : { ...whole, logprobs };
}

/** What a line says; undefined when it says what would be lost. */
function partOf(line: JsonObject, isChat: boolean, isLast: boolean): JsonObject | undefined {
  if (!isLast && !hasOnly(line, lineFields)) return undefined;
  const part = isChat ? line["message"] : line;
  return isObject(part) && !(isChat && !hasOnly(part, messageFields)) ? part : undefined;
}

function append(whole: JsonObject, part: JsonObject): void {
  for (const name of texts) {
    const text = part[name];
    if (typeof text === "string") whole[name] = textOf(whole[name]) + text;
  }
  appendList(whole, part, "tool_calls");
  appendList(whole, part, "logprobs");
}

function appendList(whole: JsonObject, part: JsonObject, name: string): void {
  const items = part[name];
  const before = whole[name];
  if (Array.isArray(items)) whole[name] = [...(Array.isArray(before) ? before : []), ...items];
}

const finishes: Readonly<Record<string, AnswerFacts["finish"]>> = { stop: "stop", length: "length" };

function judgeAnswer(answer: JsonObject, operation: Operation): AnswerFacts | undefined {
  const part = operation === "chat" ? answer["message"] : answer;
  if (!isObject(part) || answer["done"] !== true || answer["error"] !== undefined) return undefined;
  if (operation === "chat" && !hasOnly(part, messageFields)) return undefined;
  const calls = part["tool_calls"];
  return {
    finish: finishes[textOf(answer["done_reason"])] ?? "other",
    text: textOf(part[operation === "chat" ? "content" : "response"]),
    hasThinking: textOf(part["thinking"]) !== "",
    toolCalls: Array.isArray(calls) ? calls.length : 0,
    inputTokens: countOf(answer["prompt_eval_count"]),
    outputTokens: countOf(answer["eval_count"]),
    tookMs: nsToMs(answer["total_duration"]),
    isWhole: true,
  };
}

function renderWhole(answer: JsonObject, reply: ReplyNames): string {
  return stringifyLine(renamed(answer, reply));
}

/** The answer with its own names and clock; the order of its fields stays. */
function renamed(answer: JsonObject, reply: ReplyNames): JsonObject {
  const named: JsonObject = { ...answer };
  if ("model" in named) named["model"] = reply.model;
  if ("created_at" in named) named["created_at"] = new Date(reply.createdMs).toISOString();
  const { message } = named;
  if (isObject(message)) named["message"] = withFreshCalls(message, reply);
  return withFreshCalls(named, reply);
}

function withFreshCalls(holder: JsonObject, reply: ReplyNames): JsonObject {
  const calls = holder["tool_calls"];
  if (!Array.isArray(calls)) return holder;
  const fresh = (call: Json, index: number): Json =>
    isObject(call) && typeof call["id"] === "string" ? { ...call, id: freshId("call_", reply, index) } : call;
  return { ...holder, tool_calls: calls.map(fresh) };
}

function renderStream(answer: JsonObject, reply: ReplyNames): string | undefined {
  const whole = renamed(answer, reply);
  const isChat = reply.operation === "chat";
  const { message } = whole;
  const said = isChat ? message : whole;
  if (!isObject(said)) return undefined;
  const head: JsonObject = {};
  for (const name of ["model", "created_at", "remote_model", "remote_host"])
    if (whole[name] !== undefined) head[name] = whole[name];
  const line = (part: JsonObject, more: JsonObject): JsonObject => {
    const content = isChat
      ? { message: { role: "assistant", content: "", ...part } }
      : { response: "", ...part };
    return { ...head, ...content, done: false, ...more };
  };
  const lines = deltas(said, isChat ? "content" : "response").map(({ part, isText }) =>
    line(part, isText && whole["logprobs"] !== undefined ? { logprobs: whole["logprobs"] } : {}),
  );
  return [...lines, finalLine(whole, isChat)].map((one) => `${stringifyLine(one)}\n`).join("");
}

/** At most one each for thinking, text and tools, in the order a model says them. */
function deltas(said: JsonObject, textField: string): { part: JsonObject; isText: boolean }[] {
  const found: { part: JsonObject; isText: boolean }[] = [];
  const { thinking, tool_calls: calls, [textField]: text } = said;
  if (typeof thinking === "string" && thinking !== "") found.push({ part: { thinking }, isText: false });
  if (typeof text === "string" && text !== "") found.push({ part: { [textField]: text }, isText: true });
  if (Array.isArray(calls)) found.push({ part: { tool_calls: calls }, isText: false });
  return found;
}

function finalLine(whole: JsonObject, isChat: boolean): JsonObject {
  const { thinking: _thinking, tool_calls: _calls, logprobs: _logprobs, ...rest } = whole;
  return isChat ? { ...rest, message: { role: "assistant", content: "" } } : { ...rest, response: "" };
}
