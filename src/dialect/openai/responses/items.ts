import type { ToolCall } from "../../../core/chat.ts";
import type { Logprob } from "../../../core/event.ts";
import type { JsonObject } from "../../../lib/json.ts";
import type { ReplyNames } from "../../dialect.ts";
import { freshId } from "../../replay.ts";
import type { FunctionName } from "./tools.ts";

export type ItemStatus = "in_progress" | "completed" | "incomplete";

/** What was said in one go. */
export interface Said {
  readonly text: string;
  readonly logprobs: readonly Logprob[];
}

const prefixes = { reasoning: "rs_", message: "msg_", function_call: "fc_" } as const;

/** The id of the item at one place of an answer's output. */
export const itemId = (type: keyof typeof prefixes, reply: ReplyNames, index: number): string =>
  freshId(prefixes[type], reply, index);

/**
 * Thoughts. Like Ollama, they are given twice: as a summary to be shown, and as `encrypted_content`, not encrypted, to
 * be handed back with the next request.
 */
export const reasoningItem = (id: string, text: string): JsonObject => ({
  id,
  type: "reasoning",
  summary: [summaryPart(text)],
  encrypted_content: text,
});

export const summaryPart = (text: string): JsonObject => ({ type: "summary_text", text });

export const messageItem = (id: string, status: ItemStatus, content: JsonObject[]): JsonObject => ({
  id,
  type: "message",
  status,
  role: "assistant",
  content,
});

export const textPart = ({ text, logprobs }: Said): JsonObject => ({
  type: "output_text",
  text,
  annotations: [],
  logprobs: logprobsOf(logprobs),
});

/** OpenAI names the alternatives of each token even where none were asked for. */
export const logprobsOf = (logprobs: readonly Logprob[]): JsonObject[] =>
  logprobs.map((one) => ({ top_logprobs: [], ...one }));

interface CallPlace {
  readonly reply: ReplyNames;
  /** Its place in the output. */
  readonly index: number;
  readonly names: ReadonlyMap<string, FunctionName>;
}

/** A call as it is when it is done; one without an id gets its own, by which the client names its result. */
export function callItem(call: ToolCall, { reply, index, names }: CallPlace): JsonObject {
  const { name, namespace } = names.get(call.name) ?? { name: call.name, namespace: undefined };
  return {
    id: itemId("function_call", reply, index),
    type: "function_call",
    status: "completed",
    call_id: call.id ?? freshId("call_", reply, index),
    name,
    ...(namespace === undefined ? {} : { namespace }),
    arguments: call.arguments,
  };
}
