import type { ToolCall } from "../../../core/chat.ts";
import type { FinishEvent, Logprob, StreamEvent } from "../../../core/event.ts";
import { stringifyLine, type JsonObject } from "../../../lib/json.ts";
import type { ReplyNames } from "../../dialect.ts";
import {
  callItem,
  itemId,
  type ItemStatus,
  logprobsOf,
  messageItem,
  reasoningItem,
  summaryPart,
  textPart,
} from "./items.ts";
import { type Asked, endStatus, finishedResponse, openResponse } from "./response.ts";
import { clientNames, type FunctionName } from "./tools.ts";

/** Turns the events of one answer into the stream of `/v1/responses`, which has no `[DONE]`. */
export interface ResponsesEncoder {
  /** The frames that one event becomes, as text; may be empty. */
  readonly encode: (event: StreamEvent) => string;
}

/** What is being said and not yet done. */
interface OpenItem {
  readonly type: "reasoning" | "message";
  readonly id: string;
  text: string;
  readonly logprobs: Logprob[];
}

interface State extends Asked {
  readonly names: ReadonlyMap<string, FunctionName>;
  /** Items that are done. */
  readonly output: JsonObject[];
  /** Frames that are not sent yet. */
  frames: string[];
  sequence: number;
  open: OpenItem | undefined;
}

/**
 * An encoder for one answer; `request` is echoed in it. Each run of thoughts or words is an item of the output, and so
 * is each call, in the order in which they come.
 */
export function createResponsesEncoder(reply: ReplyNames, request: JsonObject): ResponsesEncoder {
  const names = clientNames(request);
  const state: State = { reply, request, names, output: [], frames: [], sequence: 0, open: undefined };
  return {
    encode(event) {
      if (state.sequence === 0) begin(state);
      take(state, event);
      const text = state.frames.join("");
      state.frames = [];
      return text;
    },
  };
}

function take(state: State, event: StreamEvent): void {
  switch (event.type) {
    case "thinking-delta":
      return takeThinking(state, event.text);
    case "text-delta":
      return takeText(state, event.text, event.logprobs ?? []);
    case "tool-call":
      return takeCall(state, event.call);
    case "finish":
      return finish(state, event);
  }
}

function emit(state: State, type: string, fields: JsonObject): void {
  const data = { type, sequence_number: state.sequence, ...fields };
  state.sequence += 1;
  state.frames.push(`event: ${type}\ndata: ${stringifyLine(data)}\n\n`);
}

function begin(state: State): void {
  for (const type of ["response.created", "response.in_progress"])
    emit(state, type, { response: openResponse(state) });
}

/** The item of this type that deltas go to; what was said before it is done. */
function openItem(state: State, type: OpenItem["type"]): OpenItem {
  if (state.open?.type === type) return state.open;
  close(state, "completed");
  const item: OpenItem = { type, id: itemId(type, state.reply, state.output.length), text: "", logprobs: [] };
  state.open = item;
  const { id } = item;
  if (type === "message") {
    addItem(state, messageItem(id, "in_progress", []));
    const part = textPart({ text: "", logprobs: [] });
    emit(state, "response.content_part.added", { ...contentPlace(state, id), part });
  } else {
    addItem(state, { id, type, summary: [] });
    const part = summaryPart("");
    emit(state, "response.reasoning_summary_part.added", { ...summaryPlace(state, id), part });
  }
  return item;
}

const addItem = (state: State, item: JsonObject): void =>
  emit(state, "response.output_item.added", { output_index: state.output.length, item });

function endItem(state: State, item: JsonObject): void {
  emit(state, "response.output_item.done", { output_index: state.output.length, item });
  state.output.push(item);
}

const itemPlace = (state: State, id: string): JsonObject => ({
  item_id: id,
  output_index: state.output.length,
});
const contentPlace = (state: State, id: string): JsonObject => ({
  ...itemPlace(state, id),
  content_index: 0,
});
const summaryPlace = (state: State, id: string): JsonObject => ({
  ...itemPlace(state, id),
  summary_index: 0,
});

function takeThinking(state: State, text: string): void {
  if (text === "") return;
  const item = openItem(state, "reasoning");
  item.text += text;
  emit(state, "response.reasoning_summary_text.delta", { ...summaryPlace(state, item.id), delta: text });
}

function takeText(state: State, text: string, logprobs: readonly Logprob[]): void {
  if (text === "" && logprobs.length === 0) return;
  const item = openItem(state, "message");
  item.text += text;
  for (const one of logprobs) item.logprobs.push(one);
  const place = contentPlace(state, item.id);
  emit(state, "response.output_text.delta", { ...place, delta: text, logprobs: logprobsOf(logprobs) });
}

/** A call comes whole, so its one delta is all of it. */
function takeCall(state: State, call: ToolCall): void {
  close(state, "completed");
  const { reply, names } = state;
  const index = state.output.length;
  const item = callItem(call, { reply, index, names });
  const place = itemPlace(state, itemId("function_call", reply, index));
  addItem(state, { ...item, status: "in_progress", arguments: "" });
  emit(state, "response.function_call_arguments.delta", { ...place, delta: call.arguments });
  const { name = call.name } = item;
  emit(state, "response.function_call_arguments.done", { ...place, name, arguments: call.arguments });
  endItem(state, item);
}

/** Ends what is being said, if anything is. */
function close(state: State, status: ItemStatus): void {
  const { open } = state;
  state.open = undefined;
  if (open?.type === "message") closeMessage(state, open, status);
  else if (open !== undefined) closeReasoning(state, open);
}

function closeMessage(state: State, open: OpenItem, status: ItemStatus): void {
  const { id, text } = open;
  const part = textPart(open);
  const place = contentPlace(state, id);
  emit(state, "response.output_text.done", { ...place, text, logprobs: part["logprobs"] ?? [] });
  emit(state, "response.content_part.done", { ...place, part });
  endItem(state, messageItem(id, status, [part]));
}

function closeReasoning(state: State, { id, text }: OpenItem): void {
  const place = summaryPlace(state, id);
  emit(state, "response.reasoning_summary_text.done", { ...place, text });
  emit(state, "response.reasoning_summary_part.done", { ...place, part: summaryPart(text) });
  endItem(state, reasoningItem(id, text));
}

/** An answer has words or calls: one that has neither gets an empty message. */
function finish(state: State, event: FinishEvent): void {
  if (state.output.every(({ type }) => type === "reasoning")) openItem(state, "message");
  close(state, endStatus(event.reason));
  const response = finishedResponse(state, state.output, event);
  emit(state, `response.${endStatus(event.reason)}`, { response });
}
