import type { FinishReason, Timings, Usage } from "./usage.ts";

/** What a generation is made of, whatever the dialect. */
export type StreamEvent =
  | { readonly type: "text-delta"; readonly text: string }
  | {
      readonly type: "finish";
      readonly reason: FinishReason;
      readonly usage: Usage;
      readonly timings: Timings;
    };

/** A whole answer: the fold of its events. */
export interface ChatResult {
  readonly text: string;
  readonly reason: FinishReason;
  readonly usage: Usage;
  readonly timings: Timings;
}

/** Folds a stream into the whole answer; undefined when it never finished. */
export async function fold(events: AsyncIterable<StreamEvent>): Promise<ChatResult | undefined> {
  let text = "";
  for await (const event of events) {
    if (event.type === "finish")
      return { text, reason: event.reason, usage: event.usage, timings: event.timings };
    text += event.text;
  }
  return undefined;
}
