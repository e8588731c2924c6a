import { eventData } from "../../dialect/sse.ts";
import { isObject, type JsonObject, stringifyLine, tryParse } from "../../lib/json.ts";

/** The text of a frame. */
export const textIn = (frame: Uint8Array): string => Buffer.from(frame).toString("utf8");

/** How the lines of a frame end. */
export const lineEnd = (frame: Uint8Array): string => (textIn(frame).includes("\r\n") ? "\r\n" : "\n");

/** What an event of a stream says; undefined for a comment and whatever is no JSON. */
export function eventIn(frame: Uint8Array): JsonObject | undefined {
  const event = tryParse(eventData(frame).join("\n"));
  return isObject(event) ? event : undefined;
}

/** An event in the place of a frame, or beside it. */
export function dataLike(frame: Uint8Array, value: JsonObject, name?: string): Uint8Array {
  const end = lineEnd(frame);
  const heading = name === undefined ? "" : `event: ${name}${end}`;
  return Buffer.from(`${heading}data: ${stringifyLine(value)}${end}${end}`);
}
