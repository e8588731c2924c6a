import { textOf } from "../../dialect/values.ts";
import { isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { dataLike, eventIn } from "./footer-events.ts";
import type { FrameEditor } from "./footer-stream.ts";
import { wholeWith } from "./footer-whole.ts";

/** The ends of a text, of the part it is, and of the item that has the part: each repeats it. */
const endings = new Set([
  "response.output_text.done",
  "response.content_part.done",
  "response.output_item.done",
]);

interface Held {
  readonly frame: Uint8Array;
  readonly event: JsonObject;
}

/**
 * SSE of OpenAI's responses: a delta more before the end of the last text, and the text longer wherever it is repeated.
 * Whether it was the last is told by what comes after its ends, so that these wait: three frames at most.
 */
export function createResponseEditor(text: string): FrameEditor {
  let held: Held[] = [];
  let isOver = false;
  const letGo = (): readonly Uint8Array[] => {
    const frames = held.map(({ frame }) => frame);
    held = [];
    return frames;
  };
  const complete = (event: JsonObject, frame: Uint8Array): readonly Uint8Array[] => {
    isOver = true;
    const response = responseWith(event, text);
    const events = response === undefined ? [] : [...held, { frame, event: { ...event, response } }];
    const before = letGo();
    return events.length > 1 ? saidAfter(events, text) : [...before, frame];
  };
  return {
    take(frame) {
      const event = isOver ? undefined : eventIn(frame);
      // A comment means nothing where it stands: it passes what waits.
      if (event === undefined) return [frame];
      const type = textOf(event["type"]);
      if (type === "response.completed") return complete(event, frame);
      const before = waits(held, event, type) ? [] : letGo();
      if (!endings.has(type) || (held.length === 0 && type !== "response.output_text.done"))
        return [...before, frame];
      held.push({ frame, event });
      return before;
    },
    rest: letGo,
  };
}

/** Whether an event goes on with the ends that are held: those of one text come in their order. */
const waits = (held: readonly Held[], event: JsonObject, type: string): boolean =>
  held.length > 0 &&
  type !== "response.output_text.done" &&
  endings.has(type) &&
  held[0]?.event["output_index"] === event["output_index"];

function responseWith({ response }: JsonObject, text: string): JsonObject | undefined {
  if (!isObject(response)) return undefined;
  return wholeWith(response, { dialect: "openai", operation: "responses" }, text);
}

/** A delta, and the events behind it, moved by one. */
function saidAfter(events: readonly Held[], text: string): readonly Uint8Array[] {
  const type = "response.output_text.delta";
  const deltas = events
    .slice(0, 1)
    .map(({ frame, event: { text: _text, ...place } }) =>
      dataLike(frame, { ...place, type, delta: text }, type),
    );
  return [
    ...deltas,
    ...events.map(({ frame, event }) => dataLike(frame, later(event, text), textOf(event["type"]))),
  ];
}

function later(event: JsonObject, text: string): JsonObject {
  const { sequence_number: number, part, item } = event;
  const moved = typeof number === "number" ? { ...event, sequence_number: number + 1 } : event;
  if (typeof event["text"] === "string") return { ...moved, text: event["text"] + text };
  if (isObject(part)) return { ...moved, part: longer(part, text) };
  return isObject(item) ? { ...moved, item: itemWith(item, text) } : moved;
}

const longer = (part: JsonObject, text: string): JsonObject =>
  typeof part["text"] === "string" ? { ...part, text: part["text"] + text } : part;

function itemWith(item: JsonObject, text: string): JsonObject {
  const { content } = item;
  if (!Array.isArray(content)) return item;
  const last = content.findLastIndex((part: Json) => isObject(part) && part["type"] === "output_text");
  return {
    ...item,
    content: content.map((part: Json, index) =>
      index === last && isObject(part) ? longer(part, text) : part,
    ),
  };
}
