import { isObject, stringifyLine, tryParse, type Json, type JsonObject } from "../../lib/json.ts";
import type { AnswerFacts, Replay, ReplyNames } from "../dialect.ts";
import { freshId, hasOnly } from "../replay.ts";
import { eventData } from "../sse.ts";
import { countOf, textOf } from "../values.ts";
import { eventFrame, messageNames } from "./stream.ts";

const messageFields = new Set([
  "id",
  "type",
  "role",
  "model",
  "content",
  "stop_reason",
  "stop_sequence",
  "usage",
]);

/** What each kind of block says piece by piece: the field it grows, and the piece's type and field. */
const grows: Readonly<
  Record<string, { readonly field: string; readonly delta: string; readonly piece: string }>
> = {
  text: { field: "text", delta: "text_delta", piece: "text" },
  thinking: { field: "thinking", delta: "thinking_delta", piece: "thinking" },
  tool_use: { field: "input", delta: "input_json_delta", piece: "partial_json" },
};
const blockFields: Readonly<Record<string, ReadonlySet<string>>> = {
  text: new Set(["type", "text"]),
  thinking: new Set(["type", "thinking", "signature"]),
  tool_use: new Set(["type", "id", "name", "input"]),
};

/** Anthropic's answers: blocks in their order. */
export const replay: Replay = { foldStream, judgeAnswer, renderWhole, renderStream };

interface Fold {
  message: JsonObject | undefined;
  readonly blocks: JsonObject[];
  /** The JSON of each tool call so far. */
  readonly inputs: string[];
  isDone: boolean;
}

function foldStream(stream: Uint8Array): JsonObject | undefined {
  const fold: Fold = { message: undefined, blocks: [], inputs: [], isDone: false };
  for (const data of eventData(stream)) {
    const event = tryParse(data);
    if (!isObject(event) || !takeEvent(fold, event)) return undefined;
  }
  if (fold.message === undefined || !fold.isDone || !takeInputs(fold)) return undefined;
  return { ...fold.message, content: fold.blocks };
}

/** Reads the JSON of each tool call; false when one is not whole. */
function takeInputs({ blocks, inputs }: Fold): boolean {
  return blocks.every((block, index) => {
    if (block["type"] !== "tool_use") return true;
    const input = tryParse(inputs[index] || "{}");
    if (input !== undefined) block["input"] = input;
    return input !== undefined;
  });
}

/** Each takes an event of its kind; false when the event says what would be lost. */
const takers: Readonly<Record<string, (fold: Fold, event: JsonObject) => boolean>> = {
  ping: () => true,
  content_block_stop: () => true,
  content_block_start: takeBlock,
  content_block_delta: takeDelta,
  message_start(fold, { message }) {
    if (!isObject(message) || !hasOnly(message, messageFields)) return false;
    fold.message = message;
    return true;
  },
  message_delta(fold, { delta, usage }) {
    if (fold.message === undefined || !isObject(delta)) return false;
    fold.message = { ...fold.message, ...delta, usage: merged(fold.message["usage"], usage) };
    return true;
  },
  message_stop(fold) {
    fold.isDone = true;
    return true;
  },
};

function takeEvent(fold: Fold, event: JsonObject): boolean {
  return takers[textOf(event["type"])]?.(fold, event) ?? false;
}

const merged = (before: Json | undefined, after: Json | undefined): Json => ({
  ...(isObject(before) ? before : {}),
  ...(isObject(after) ? after : {}),
});

function takeBlock({ blocks, inputs }: Fold, { index, content_block: block }: JsonObject): boolean {
  if (!isObject(block) || index !== blocks.length || !isKnownBlock(block)) return false;
  blocks.push({ ...block });
  inputs.push("");
  return true;
}

function isKnownBlock(block: JsonObject): boolean {
  const fields = blockFields[textOf(block["type"])];
  return fields !== undefined && hasOnly(block, fields);
}

function takeDelta({ blocks, inputs }: Fold, { index, delta }: JsonObject): boolean {
  const block = typeof index === "number" ? blocks[index] : undefined;
  if (block === undefined || typeof index !== "number" || !isObject(delta)) return false;
  const isSignature = delta["type"] === "signature_delta" && block["type"] === "thinking";
  if (isSignature) block["signature"] = textOf(block["signature"]) + textOf(delta["signature"]);
  return isSignature || takePiece({ block, inputs, index }, delta);
}

function takePiece(
  { block, inputs, index }: { block: JsonObject; inputs: string[]; index: number },
  delta: JsonObject,
): boolean {
  const grow = grows[textOf(block["type"])];
  if (grow === undefined || delta["type"] !== grow.delta) return false;
  const piece = textOf(delta[grow.piece]);
  if (block["type"] === "tool_use") inputs[index] += piece;
  else block[grow.field] = textOf(block[grow.field]) + piece;
  return true;
}

const finishes: Readonly<Record<string, AnswerFacts["finish"]>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  tool_use: "tools",
};

function judgeAnswer(answer: JsonObject): AnswerFacts | undefined {
  const { content, usage } = answer;
  if (answer["type"] !== "message" || !Array.isArray(content)) return undefined;
  const blocks = content.filter(isObject);
  if (blocks.length !== content.length || !blocks.every(isKnownBlock)) return undefined;
  const joined = (type: string, field: string): string =>
    blocks
      .filter((block) => block["type"] === type)
      .map((block) => textOf(block[field]))
      .join("");
  return {
    finish: finishes[textOf(answer["stop_reason"])] ?? "other",
    text: joined("text", "text"),
    hasThinking: joined("thinking", "thinking") !== "",
    toolCalls: blocks.filter((block) => block["type"] === "tool_use").length,
    inputTokens: isObject(usage) ? countOf(usage["input_tokens"]) : 0,
    outputTokens: isObject(usage) ? countOf(usage["output_tokens"]) : 0,
    tookMs: undefined,
    isWhole: isObject(usage),
  };
}

function renderWhole(answer: JsonObject, reply: ReplyNames): string {
  return `${stringifyLine(renamed(answer, reply))}\n`;
}

/** The answer with its own names and ids; the order of its fields stays. */
function renamed(answer: JsonObject, reply: ReplyNames): JsonObject {
  const { id, model } = messageNames(reply);
  const content = Array.isArray(answer["content"]) ? answer["content"] : [];
  const fresh = (block: Json, index: number): Json =>
    isObject(block) && block["type"] === "tool_use"
      ? { ...block, id: freshId("toolu_", reply, index) }
      : block;
  return { ...answer, id: id ?? null, model: model ?? null, content: content.map(fresh) };
}

function renderStream(answer: JsonObject, reply: ReplyNames): string | undefined {
  const {
    content,
    stop_reason: stopReason,
    stop_sequence: stopSequence,
    usage,
    ...names
  } = renamed(answer, reply);
  if (!Array.isArray(content) || !isObject(usage)) return undefined;
  const begun = { ...usage, output_tokens: 0 };
  const delta: JsonObject = { stop_reason: stopReason ?? null };
  if (stopSequence !== undefined) delta["stop_sequence"] = stopSequence;
  const events: (JsonObject & { type: string })[] = [
    { type: "message_start", message: { ...names, content: [], stop_reason: null, usage: begun } },
    ...content.filter(isObject).flatMap(blockEvents),
    { type: "message_delta", delta, usage },
    { type: "message_stop" },
  ];
  return events.map((event) => eventFrame(event).toString()).join("");
}

function blockEvents(block: JsonObject, index: number): (JsonObject & { type: string })[] {
  const grow = grows[textOf(block["type"])];
  if (grow === undefined) return [];
  const isTool = block["type"] === "tool_use";
  const { signature, ...rest } = block;
  const said = block[grow.field];
  const piece = isTool ? JSON.stringify(said ?? {}) : textOf(said);
  const events: (JsonObject & { type: string })[] = [
    { type: "content_block_start", index, content_block: { ...rest, [grow.field]: isTool ? {} : "" } },
    { type: "content_block_delta", index, delta: { type: grow.delta, [grow.piece]: piece } },
  ];
  if (typeof signature === "string" && signature !== "")
    events.push({ type: "content_block_delta", index, delta: { type: "signature_delta", signature } });
  events.push({ type: "content_block_stop", index });
  return events;
}
