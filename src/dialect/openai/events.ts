import type { Logprob, StreamEvent } from "../../core/event.ts";
import type { FinishReason, Timings, Usage } from "../../core/usage.ts";
import { isObject, tryParse, type Json, type JsonObject } from "../../lib/json.ts";
import { textOf } from "../values.ts";
import { doneMarker } from "./stream.ts";
import { createToolCalls } from "./tool-calls.ts";
import { readTimings, readUsage } from "./usage.ts";

/** What one event of a stream says, or that it is no event of such a stream. */
export type Decoded = readonly StreamEvent[] | DecodeFault;

export interface DecodeFault {
  /** `error`: the upstream says so itself. `malformed`: it is no JSON object, or tool calls that are none. */
  readonly fault: "error" | "malformed";
  /** The error as the upstream wrote it. */
  readonly error?: JsonObject | undefined;
}

/** Reads the stream of `/chat/completions`, `/completions` or llama-server's `/infill`, event by event. */
export interface EventDecoder {
  /** `data` of one event, without the name of the field. */
  readonly decode: (data: string) => Decoded;
  /** Everything that was held back until the end. Undefined when the stream had no end, however politely it closed. */
  readonly end: () => DecodedEnd | undefined;
  /** What the upstream calls its answer, as far as it said. */
  readonly names: { readonly id: string | undefined; readonly model: string | undefined };
  /** How many events said something that is held back until the end. */
  readonly held: () => number;
  /** What was counted so far. */
  readonly usage: () => Usage | undefined;
}

/** How a stream ended; the times only where the upstream tells them. */
export interface DecodedEnd {
  readonly events: readonly StreamEvent[];
  readonly reason: FinishReason;
  readonly usage: Usage | undefined;
  readonly timings: Omit<Timings, "totalNs"> | undefined;
}

const reasons: Readonly<Record<string, FinishReason>> = {
  length: "length",
  limit: "length",
  tool_calls: "tools",
  function_call: "tools",
};

export function createEventDecoder(): EventDecoder {
  const calls = createToolCalls();
  const names: { id: string | undefined; model: string | undefined } = { id: undefined, model: undefined };
  let reason: FinishReason | undefined;
  let usage: Usage | undefined;
  let timings: DecodedEnd["timings"];
  let held = 0;

  const note = (chunk: JsonObject): void => {
    names.id ??= textOf(chunk["id"]) || undefined;
    names.model ??= textOf(chunk["model"]) || undefined;
    usage = readUsage(chunk) ?? usage;
    timings = readTimings(chunk["timings"]) ?? timings;
  };

  const read = (chunk: JsonObject): Decoded => {
    note(chunk);
    const choice = Array.isArray(chunk["choices"]) ? chunk["choices"][0] : chunk;
    if (!isObject(choice)) return [];
    return faultIn(chunk) ?? faultIn(choice) ?? readChoice(choice, chunk);
  };

  const readChoice = (choice: JsonObject, chunk: JsonObject): Decoded => {
    const delta = [choice["delta"], choice["message"]].find(isObject) ?? choice;
    if (calls.add(delta["tool_calls"])) held += 1;
    const finish = textOf(choice["finish_reason"]) || textOf(choice["stop_type"]);
    if (finish === "error") return { fault: "error", error: chunk };
    if (finish !== "") reason = reasons[finish] ?? "stop";
    return eventsIn(delta, choice);
  };

  return {
    names,
    held: () => held,
    usage: () => usage,
    decode(data) {
      if (data === doneMarker) return [];
      const chunk = tryParse(data);
      if (!isObject(chunk)) return { fault: "malformed" };
      return faultIn(chunk) ?? read(chunk);
    },
    end() {
      const whole = calls.whole();
      if (reason === undefined || (whole === undefined && reason !== "length")) return undefined;
      const told = whole ?? calls.written();
      const events = told.map((call): StreamEvent => ({ type: "tool-call", call }));
      return { events, reason: whole !== undefined && whole.length > 0 ? "tools" : reason, usage, timings };
    },
  };
}

/** `{error}`, or vLLM's older `{object: "error", message}`. */
const faultIn = (value: JsonObject): DecodeFault | undefined => {
  const { error } = value;
  if (isObject(error)) return { fault: "error", error };
  if (value["object"] === "error") return { fault: "error", error: value };
  return typeof error === "string" ? { fault: "error", error: { message: error } } : undefined;
};

function eventsIn(delta: JsonObject, choice: JsonObject): StreamEvent[] {
  const events: StreamEvent[] = [];
  const thinking = textOf(delta["reasoning"]) || textOf(delta["reasoning_content"]);
  const text = textOf(delta["content"]) || textOf(delta["text"]);
  if (thinking !== "") events.push({ type: "thinking-delta", text: thinking });
  const logprobs = logprobsIn(choice["logprobs"]);
  if (text !== "" || logprobs.length > 0)
    events.push(
      logprobs.length === 0 ? { type: "text-delta", text } : { type: "text-delta", text, logprobs },
    );
  return events;
}

/** Ollama knows no other fields of a token than these. */
function logprobsIn(logprobs: Json | undefined): Logprob[] {
  const tokens = isObject(logprobs) ? logprobs["content"] : undefined;
  if (!Array.isArray(tokens)) return [];
  return tokens.filter(isObject).map((token) => {
    const { top_logprobs: top } = token;
    const others = Array.isArray(top) ? top.filter(isObject).map(tokenOf) : [];
    const own = tokenOf(token);
    if (others.length > 0) own["top_logprobs"] = others;
    return own;
  });
}

const tokenOf = ({ token = "", logprob = 0, bytes = null }: JsonObject): JsonObject => ({
  token,
  logprob,
  bytes,
});
