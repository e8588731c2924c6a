import type { Call } from "../../core/call.ts";
import { textOf } from "../../dialect/values.ts";
import { isObject, type Json, type JsonObject, stringifyLine, tryParse } from "../../lib/json.ts";
import { dataLike, eventIn, lineEnd, textIn } from "./footer-events.ts";
import { createResponseEditor } from "./footer-responses.ts";
import type { FrameEditor } from "./footer-stream.ts";
import { callsTools, isStop, ollamaWith, saidMore } from "./footer-whole.ts";

/** Lets a stream say `text` after its own last word. */
export function createFrameEditor(
  { dialect, operation }: Pick<Call, "dialect" | "operation">,
  text: string,
): FrameEditor {
  if (dialect === "ollama") return createLineEditor(operation, text);
  if (dialect === "anthropic") return createBlockEditor(text);
  return operation === "responses" ? createResponseEditor(text) : createChunkEditor(operation, text);
}

/** What was seen of an answer so far. */
interface Seen {
  hasText: boolean;
  hasTools: boolean;
  /** After that frame nothing is looked at any more. */
  isOver: boolean;
}

const nothingSeen = (): Seen => ({ hasText: false, hasTools: false, isOver: false });

function see(seen: Seen, said: JsonObject, text: Json | undefined): void {
  seen.hasText ||= textOf(text) !== "";
  seen.hasTools ||= callsTools(said);
}

/** NDJSON of Ollama: a line more before the last one. */
function createLineEditor(operation: Call["operation"], text: string): FrameEditor {
  const isChat = operation === "chat";
  const seen = nothingSeen();
  let before: JsonObject = {};
  const last = (line: JsonObject, frame: Uint8Array): readonly Uint8Array[] => {
    if (!seen.hasText || seen.hasTools || !isStop(line["done_reason"])) return [frame];
    // A last line that has text of its own is said before any footer.
    const longer = ollamaWith(line, operation, text);
    if (longer !== undefined) return [lineLike(frame, longer)];
    const said = isChat ? { message: { role: "assistant", content: text } } : { response: text };
    return [lineLike(frame, { ...headOf(before), ...said, done: false }), frame];
  };
  return {
    take(frame) {
      const line = seen.isOver ? undefined : tryParse(textIn(frame));
      if (!isObject(line)) return [frame];
      const { message, response, done } = line;
      if (isObject(message)) see(seen, message, message["content"]);
      see(seen, line, response);
      seen.isOver = done === true || "error" in line;
      if (done === true) return last(line, frame);
      before = line;
      return [frame];
    },
    rest: () => [],
  };
}

const headNames = new Set(["model", "remote_model", "remote_host", "created_at"]);

const headOf = (line: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(line).filter(([name]) => headNames.has(name)));

const lineLike = (frame: Uint8Array, value: JsonObject): Uint8Array =>
  Buffer.from(stringifyLine(value) + lineEnd(frame));

/** SSE of OpenAI's completions: a chunk more before the one that tells why the answer ended. */
function createChunkEditor(operation: Call["operation"], text: string): FrameEditor {
  const isChat = operation === "chat";
  const seen = nothingSeen();
  const last = (chunk: JsonObject, choice: JsonObject, frame: Uint8Array): readonly Uint8Array[] => {
    if (!seen.hasText || seen.hasTools || !isStop(choice["finish_reason"])) return [frame];
    const longer = isChat ? withDelta(choice, text) : saidMore(choice, "text", text);
    if (longer !== undefined) return [dataLike(frame, { ...chunk, choices: [longer] })];
    const { usage: _usage, ...names } = chunk;
    const said = isChat ? { index: 0, delta: { content: text } } : { index: 0, text };
    const more = "logprobs" in choice ? { logprobs: null } : {};
    return [dataLike(frame, { ...names, choices: [{ ...said, ...more, finish_reason: null }] }), frame];
  };
  return {
    take(frame) {
      const chunk = seen.isOver ? undefined : eventIn(frame);
      const choice = chunk === undefined ? undefined : choiceIn(chunk, seen);
      if (chunk === undefined || choice === undefined) return [frame];
      const { delta, text: said, finish_reason: finish } = choice;
      if (isObject(delta)) see(seen, delta, delta["content"]);
      see(seen, choice, said);
      // Some servers write an empty reason where others write null.
      if (textOf(finish) === "") return [frame];
      seen.isOver = true;
      return last(chunk, choice, frame);
    },
    rest: () => [],
  };
}

function withDelta(choice: JsonObject, text: string): JsonObject | undefined {
  const delta = saidMore(choice["delta"], "content", text);
  return delta === undefined ? undefined : { ...choice, delta };
}

/** The one choice of a chunk. A client that wants several chooses among them: then nothing is looked at any more. */
function choiceIn({ choices, error }: JsonObject, seen: Seen): JsonObject | undefined {
  const list = Array.isArray(choices) ? choices.filter(isObject) : [];
  const [choice] = list;
  seen.isOver ||= isObject(error) || list.length > 1 || (choice?.["index"] ?? 0) !== 0;
  return seen.isOver ? undefined : choice;
}

/**
 * SSE of Anthropic: a delta more in the last block of text. Which block is the last is told by what comes after its end,
 * so that one frame waits for the next.
 */
function createBlockEditor(text: string): FrameEditor {
  const seen = nothingSeen();
  let open: Json | undefined;
  let held: Held | undefined;
  const letGo = (): readonly Uint8Array[] => {
    const frames = held === undefined ? [] : [held.frame];
    held = undefined;
    return frames;
  };
  /** Whether a frame waits. */
  const holds = (event: JsonObject, frame: Uint8Array): boolean => {
    const { type, index } = event;
    if (type === "content_block_start") open = isTextBlock(event) ? index : undefined;
    if (type !== "content_block_stop" || open === undefined) return false;
    held = { frame, index: open };
    open = undefined;
    return true;
  };
  return {
    take(frame) {
      const event = seen.isOver ? undefined : eventIn(frame);
      // A ping means nothing where it stands, and so does a comment: they pass what waits.
      if (event === undefined || event["type"] === "ping") return [frame];
      seeBlock(seen, event);
      const { index } = held ?? {};
      const before = letGo();
      if (event["type"] === "message_delta") {
        seen.isOver = true;
        const more = index !== undefined && endsWell(seen, event) ? [deltaLike(frame, index, text)] : [];
        return [...more, ...before, frame];
      }
      return holds(event, frame) ? before : [...before, frame];
    },
    rest: letGo,
  };
}

/** The end of a block of text, and which block that is. */
interface Held {
  readonly frame: Uint8Array;
  readonly index: Json;
}

function deltaLike(frame: Uint8Array, index: Json, text: string): Uint8Array {
  const type = "content_block_delta";
  return dataLike(frame, { type, index, delta: { type: "text_delta", text } }, type);
}

function seeBlock(seen: Seen, { content_block: block, delta }: JsonObject): void {
  if (isObject(block)) {
    seen.hasText ||= textOf(block["text"]) !== "";
    seen.hasTools ||= textOf(block["type"]).endsWith("tool_use");
  }
  if (isObject(delta)) seen.hasText ||= textOf(delta["text"]) !== "";
}

const endsWell = ({ hasText, hasTools }: Seen, { delta }: JsonObject): boolean =>
  hasText && !hasTools && isObject(delta) && delta["stop_reason"] === "end_turn";

const isTextBlock = ({ content_block: block }: JsonObject): boolean =>
  isObject(block) && block["type"] === "text";
