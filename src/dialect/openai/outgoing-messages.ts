import type { Message, ToolCall } from "../../core/chat.ts";
import type { Json, JsonObject } from "../../lib/json.ts";
import { dataUrlOf } from "../images.ts";
import type { Flavour } from "./outgoing-options.ts";

export interface MessagesParts {
  readonly flavour: Flavour;
  /** What a provider wants back with a call that it made before, if anything. */
  readonly detailsOf: (call: ToolCall) => Json | undefined;
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
  /** The id that the client gave it. */
  readonly given: string | undefined;
  readonly name: string;
}

/**
 * Writes a conversation as OpenAI reads it. Ollama's clients often give tool calls no ids and name the tool alone in its
 * result; OpenAI's readers want every call answered once, by its id, with nothing between a call and its answers. So calls
 * get ids by their place, a result goes to the call it names, else to the first open one of its tool, else to the first
 * open one; a call that nobody answered gets an empty answer, and an answer to nothing becomes something the user says.
 */
export function encodeMessages(messages: readonly Message[], parts: MessagesParts): JsonObject[] {
  const written: JsonObject[] = [];
  const ids = new Set<string>();
  let open: Open[] = [];
  let shown: JsonObject[] = [];
  const closeAll = (): void => {
    for (const { id } of open) written.push({ role: "tool", tool_call_id: id, content: "(no result)" });
    written.push(...shown);
    open = [];
    shown = [];
  };
  const writeAnswer = (message: Message): void => {
    const call = answered(message, open);
    if (call === undefined) written.push(orphan(message));
    else written.push({ role: "tool", tool_call_id: call.id, content: message.text });
    open = open.filter((one) => one !== call);
    shown.push(...imagesOf(message, parts));
    if (open.length === 0) closeAll();
  };
  const writeTurn = (message: Message, index: number): void => {
    closeAll();
    open = (message.toolCalls ?? []).map((call, nth) => ({
      id: idOf(call, { place: `${index}_${nth}`, ids }),
      given: call.id,
      name: call.name,
    }));
    const showsItself = message.role === "user" || parts.flavour === "llama-server";
    const own = showsItself ? message : { ...message, images: undefined };
    written.push(turn(own, open, parts));
    if (!showsItself) shown.push(...imagesOf(message, parts));
    if (open.length === 0) closeAll();
  };
  for (const [index, message] of messages.entries()) {
    if (message.role === "tool") writeAnswer(message);
    else writeTurn(message, index);
  }
  closeAll();
  return written;
}

/** The client's own id where it can be one, and no other call has it. */
function idOf(
  { id }: ToolCall,
  { place, ids }: { readonly place: string; readonly ids: Set<string> },
): string {
  const isGood = id !== undefined && /^[A-Za-z0-9_-]{1,64}$/.test(id) && !ids.has(id);
  let own = isGood ? id : `call_${place}`;
  while (ids.has(own)) own += "_";
  ids.add(own);
  return own;
}

function answered({ toolCallId, toolName }: Message, open: readonly Open[]): Open | undefined {
  const named = toolCallId === undefined ? undefined : open.find(({ given }) => given === toolCallId);
  return named ?? open.find(({ name }) => name === toolName) ?? open[0];
}

const orphan = ({ toolName, text }: Message): JsonObject => ({
  role: "user",
  content: `Tool result${toolName === undefined ? "" : ` (${toolName})`}: ${text}`,
});

/** Only users may show pictures: those of a tool's result, or of another turn, follow it. */
function imagesOf({ images }: Message, parts: MessagesParts): JsonObject[] {
  return images === undefined ? [] : [turn({ role: "user", text: "", images }, [], parts)];
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
  const details = message.toolCalls?.map(detailsOf).find((one) => one !== undefined);
  if (details !== undefined) wire["reasoning_details"] = details;
  else if (thinking !== undefined) wire[thinkingFields[flavour]] = thinking;
  return wire;
}

function contentOf(text: string, images: Message["images"]): Json {
  if (images === undefined) return text;
  const shown = images.map((image) => ({ type: "image_url", image_url: { url: dataUrlOf(image) } }));
  return text === "" ? shown : [{ type: "text", text }, ...shown];
}
