import type { StreamEvent } from "../core/event.ts";

/** Encodes the events of one stream in their order. */
export interface StreamEncoder {
  /** The text of whole frames; empty when an event has nothing to say in this dialect. */
  readonly encode: (event: StreamEvent) => string;
}

export type EventOf<Type extends StreamEvent["type"]> = Extract<StreamEvent, { type: Type }>;

/** What is written for each type of event. */
export type EventWriters = { readonly [Type in StreamEvent["type"]]: (event: EventOf<Type>) => string };

export function writeEvent(writers: EventWriters, event: StreamEvent): string {
  if (event.type === "text-delta") return writers["text-delta"](event);
  if (event.type === "thinking-delta") return writers["thinking-delta"](event);
  return event.type === "tool-call" ? writers["tool-call"](event) : writers.finish(event);
}
