import type { Message, ToolCall } from "../../core/chat.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import { dataUrlOf } from "../images.ts";
import type { Flavour } from "./outgoing-options.ts";

export interface MessagesParts {
  readonly flavour: Flavour;
  /** What a provider wants back with a call that it made before, if anything. */
  readonly detailsOf: (toolCallId: string) => Json | undefined;
}

const roles = new Set(["system", "user", "assistant", "tool"]);

/** The field in which the reader takes what was thought before. */
const thinkingFields: Readonly<Record<Flavour, string>> = {
  "llama-server": "reasoning_content",
  openai: "reasoning",
  openrouter: "reasoning",
};

interface Open {
  readonly id: string;
  readonly name: string;
}

/**
 * Writes a conversation as OpenAI reads it. Ollama's clients often give tool calls no ids and name the tool alone in its
 * result; OpenAI's readers want every call answered once, by its id. So calls get ids by their place, a result goes to
 * the call it names, else to the first open one of its tool, else to the first open one; a call that nobody answered
 * gets an empty answer, and an answer to nothing becomes something the user says.
 */
export function encodeMessages(messages: readonly Message[], parts: MessagesParts): JsonObject[] {
  const written: JsonObject[] = [];
  let open: Open[] = [];
  const closeAll = (): void => {
    for (const { id } of open) written.push({ role: "tool", tool_call_id: id, content: "(no result)" });
    open = [];
  };
  for (const [index, message] of messages.entries()) {
    if (message.role === "tool") {
      const call = answered(message, open);
      if (call === undefined) written.push(orphan(message));
      else {
        open = open.filter((one) => one !== call);
        written.push({ role: "tool", tool_call_id: call.id, content: message.text });
      }
      const shown = imagesOf(message, parts);
      if (shown !== undefined) written.push(shown);
      continue;
    }
    closeAll();
    const calls = (message.toolCalls ?? []).map((call, nth) => ({
      id: idOf(call, index, nth),
      name: call.name,
    }));
    written.push(turn(message, calls, parts));
    open = calls.map(({ id, name }) => ({ id, name }));
  }
  closeAll();
  return written;
}

const idOf = ({ id }: ToolCall, index: number, nth: number): string =>
  id !== undefined && /^[A-Za-z0-9_-]{1,64}$/.test(id) ? id : `call_${index}_${nth}`;

function answered({ toolCallId, toolName }: Message, open: readonly Open[]): Open | undefined {
  const named = open.find(({ id }) => id === toolCallId);
  return named ?? open.find(({ name }) => name === toolName) ?? open[0];
}

const orphan = ({ toolName, text }: Message): JsonObject => ({
  role: "user",
  content: `Tool result${toolName === undefined ? "" : ` (${toolName})`}: ${text}`,
});

/** Only users may show pictures: those of a tool's result follow it. */
function imagesOf(message: Message, parts: MessagesParts): JsonObject | undefined {
  return message.images === undefined ? undefined : turn({ ...message, role: "user", text: "" }, [], parts);
}

function turn(message: Message, calls: readonly Open[], { flavour, detailsOf }: MessagesParts): JsonObject {
  const { role, text, images, thinking } = message;
  const known = roles.has(role) || flavour === "llama-server";
  const wire: JsonObject = { role: known ? role : "user", content: contentOf(text, images) };
  if (calls.length > 0) {
    wire["tool_calls"] = calls.map((call, nth) => ({
      id: call.id,
      type: "function",
      function: { name: call.name, arguments: message.toolCalls?.[nth]?.arguments ?? "{}" },
    }));
    if (text === "" && flavour !== "llama-server") wire["content"] = null;
  }
  const details = calls.map(({ id }) => detailsOf(id)).find((one) => one !== undefined);
  if (details !== undefined) wire["reasoning_details"] = details;
  else if (thinking !== undefined) wire[thinkingFields[flavour]] = thinking;
  return wire;
}

function contentOf(text: string, images: Message["images"]): Json {
  if (images === undefined) return text;
  const shown = images.map((image) => ({ type: "image_url", image_url: { url: dataUrlOf(image) } }));
  return text === "" ? shown : [{ type: "text", text }, ...shown];
}
