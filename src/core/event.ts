import type { JsonObject } from "../lib/json.ts";
import type { ToolCall } from "./chat.ts";
import type { FinishReason, Timings, Usage } from "./usage.ts";

/** The probability of one token: `token`, `logprob`, `bytes` and, where asked for, `top_logprobs`. */
export type Logprob = JsonObject;

/** What a generation is made of, whatever the dialect. A tool call is told whole. */
export type StreamEvent =
  | { readonly type: "text-delta"; readonly text: string; readonly logprobs?: readonly Logprob[] }
  | { readonly type: "thinking-delta"; readonly text: string }
  | { readonly type: "tool-call"; readonly call: ToolCall }
  | FinishEvent;

export interface FinishEvent {
  readonly type: "finish";
  readonly reason: FinishReason;
  readonly usage: Usage;
  readonly timings: Timings;
}

/** A whole answer: the fold of its events. */
export interface ChatResult extends Omit<FinishEvent, "type"> {
  readonly text: string;
  readonly thinking: string;
  readonly toolCalls: readonly ToolCall[];
  readonly logprobs: readonly Logprob[];
}

/** Adds up the events of a stream. */
export interface Fold {
  readonly add: (event: StreamEvent) => void;
  /** The whole answer; undefined while there was no finish. */
  readonly result: () => ChatResult | undefined;
}

export function createFold(): Fold {
  let text = "";
  let thinking = "";
  const toolCalls: ToolCall[] = [];
  const logprobs: Logprob[] = [];
  let finish: FinishEvent | undefined;
  return {
    add(event) {
      if (finish !== undefined) return;
      if (event.type === "text-delta") {
        text += event.text;
        logprobs.push(...(event.logprobs ?? []));
      } else if (event.type === "thinking-delta") thinking += event.text;
      else if (event.type === "tool-call") toolCalls.push(event.call);
      else finish = event;
    },
    result() {
      if (finish === undefined) return undefined;
      const { reason, usage, timings } = finish;
      return { text, thinking, toolCalls, logprobs, reason, usage, timings };
    },
  };
}

/** Folds a stream into the whole answer; undefined when it never finished. */
export async function fold(events: AsyncIterable<StreamEvent>): Promise<ChatResult | undefined> {
  const whole = createFold();
  for await (const event of events) whole.add(event);
  return whole.result();
}
