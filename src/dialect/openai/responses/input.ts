import type { Image, Message, ToolCall } from "../../../core/chat.ts";
import { ProxyError } from "../../../core/error.ts";
import { field, isObject, stringifyLine, type Json, type JsonObject } from "../../../lib/json.ts";
import { unknownFields } from "../../fields.ts";
import { imageOfDataUrl } from "../../images.ts";
import { argumentsText } from "../../tools.ts";
import { textOf } from "../../values.ts";
import { flatName } from "./tools.ts";

/** What was said so far, and what of it has no place in a conversation elsewhere. */
export interface Conversation {
  readonly messages: readonly Message[];
  /** By path, e.g. `input[].phase`. */
  readonly dropped: readonly string[];
}

/** A message that later items may still add to. */
interface Turn extends Message {
  text: string;
  thinking?: string | undefined;
  images?: readonly Image[] | undefined;
  toolCalls?: ToolCall[] | undefined;
}

interface State {
  /** The item being read, by path. */
  at: string;
  readonly turns: Turn[];
  /** Thoughts that wait for the answer that they led to. */
  thinking: string;
  /** Names of the functions called, by call. */
  readonly names: Map<string, string>;
  readonly dropped: Set<string>;
}

interface Reader {
  readonly known: ReadonlySet<string>;
  readonly read: (state: State, item: JsonObject) => void;
}

/** `id` and `status` are bookkeeping of the answers that the items came from; no model is told them. */
const knownWith = (names: string): ReadonlySet<string> => new Set(`type id status ${names}`.split(" "));

const readers: Readonly<Record<string, Reader>> = {
  message: { known: knownWith("role content"), read: takeMessage },
  function_call: { known: knownWith("call_id name namespace arguments"), read: takeCall },
  function_call_output: { known: knownWith("call_id output"), read: takeOutput },
  reasoning: { known: knownWith("summary content encrypted_content"), read: takeReasoning },
};

/**
 * The input of a request as messages. Throws `invalid_request` for items and parts that are unknown, in Ollama's
 * words, because a conversation with holes means something else.
 */
export function decodeInput(input: Json | undefined): Conversation {
  const state: State = { at: "input", turns: [], thinking: "", names: new Map(), dropped: new Set() };
  if (typeof input === "string" && input !== "") state.turns.push({ role: "user", text: input });
  if (input !== undefined && typeof input !== "string" && !Array.isArray(input))
    throw new ProxyError("invalid_request", "input must be a string or array");
  for (const [index, item] of (Array.isArray(input) ? input : []).entries()) takeItem(state, item, index);
  endThinking(state);
  return { messages: state.turns, dropped: [...state.dropped] };
}

function takeItem(state: State, item: Json, index: number): void {
  const object = isObject(item) ? item : {};
  const type = typeOf(object);
  // What a search found is in the answer that followed it.
  if (type === "web_search_call") return void state.dropped.add(`input[].${type}`);
  const reader = Object.hasOwn(readers, type) ? readers[type] : undefined;
  state.at = `input[${index}]`;
  if (reader === undefined) throw refusal(state, `unknown input item type: ${stringifyLine(type)}`);
  for (const path of unknownFields(object, reader.known, "input[].")) state.dropped.add(path);
  reader.read(state, object);
}

/** A message may leave its type out. */
function typeOf(item: JsonObject): string {
  const type = textOf(field(item, "type"));
  return type === "" && textOf(field(item, "role")) !== "" ? "message" : type;
}

const refusal = ({ at }: State, reason: string): ProxyError =>
  new ProxyError("invalid_request", `${at}: ${reason}`);

function takeMessage(state: State, item: JsonObject): void {
  const role = textOf(field(item, "role")).toLowerCase();
  const { text, images } = contentOf(field(item, "content"), state, "content");
  if (role === "assistant") {
    const last = state.turns.at(-1);
    // Its calls may stand before its words, and their results have to follow the calls.
    const turn = last?.role === role && last.text === "" ? last : newTurn(state);
    turn.text = text;
    if (images !== undefined) turn.images = images;
    return think(state, turn);
  }
  endThinking(state);
  // OpenAI's newer word for the same; chat templates know the older one.
  state.turns.push({ role: role === "developer" ? "system" : role, text, images });
}

/** The calls of one answer are items one after the other; they are one turn. */
function takeCall(state: State, item: JsonObject): void {
  const id = textOf(field(item, "call_id"));
  const namespace = textOf(field(item, "namespace"));
  const name = flatName({ name: textOf(field(item, "name")), namespace });
  const written = field(item, "arguments") ?? "";
  const args = argumentsText(typeof written === "string" ? written : stringifyLine(written));
  if (args === undefined) throw refusal(state, "failed to parse function call arguments");
  const last = state.turns.at(-1);
  const turn = last?.role === "assistant" ? last : newTurn(state);
  turn.toolCalls ??= [];
  turn.toolCalls.push({ id: id === "" ? undefined : id, name, arguments: args });
  state.names.set(id, name);
  think(state, turn);
}

/** Waiting thoughts go on waiting: nothing may come between a call and its result. */
function takeOutput(state: State, item: JsonObject): void {
  const toolCallId = textOf(field(item, "call_id"));
  const { text, images } = contentOf(field(item, "output"), state, "output");
  state.turns.push({ role: "tool", text, images, toolCallId, toolName: state.names.get(toolCallId) });
}

/** OpenAI's own encrypted thoughts, which nobody else can read, begin like this: the version byte of a Fernet token. */
const sealed = "gAAAA";

/** Ollama hides nothing: its `encrypted_content` is the text of the summary. */
function takeReasoning(state: State, item: JsonObject): void {
  const encrypted = textOf(field(item, "encrypted_content"));
  const isSealed = encrypted.startsWith(sealed);
  if (isSealed) state.dropped.add("input[].encrypted_content");
  const shown = thoughts(field(item, "content")) || thoughts(field(item, "summary"));
  const text = shown === "" && !isSealed ? encrypted : shown;
  state.thinking = joined(state.thinking, text);
}

const thoughts = (parts: Json | undefined): string =>
  (Array.isArray(parts) ? parts.filter(isObject) : [])
    .map((part) => textOf(field(part, "text")))
    .reduce(joined, "");

function joined(before: string, after: string): string {
  return before === "" || after === "" ? before + after : `${before}\n\n${after}`;
}

function newTurn(state: State): Turn {
  const turn: Turn = { role: "assistant", text: "" };
  state.turns.push(turn);
  return turn;
}

function think(state: State, turn: Turn): void {
  if (state.thinking === "") return;
  turn.thinking = joined(turn.thinking ?? "", state.thinking);
  state.thinking = "";
}

/** Thoughts that no answer followed are a turn of their own. */
function endThinking(state: State): void {
  if (state.thinking !== "") think(state, newTurn(state));
}

interface Content {
  readonly text: string;
  readonly images: readonly Image[] | undefined;
}

function contentOf(content: Json | undefined, state: State, name: string): Content {
  if (content === undefined || typeof content === "string") return { text: content ?? "", images: undefined };
  if (!Array.isArray(content)) throw refusal(state, `${name} must be a string or array`);
  let text = "";
  const images: Image[] = [];
  for (const [index, value] of content.entries()) {
    const part = partOf(isObject(value) ? value : {}, state, `${name}[${index}]`);
    for (const path of part.dropped) state.dropped.add(`input[].${name}[].${path}`);
    text += part.text;
    if (part.image !== undefined) images.push(part.image);
  }
  return { text, images: images.length === 0 ? undefined : images };
}

interface Part {
  readonly text: string;
  readonly image: Image | undefined;
  readonly dropped: readonly string[];
}

/** Field of the text of each kind of part. */
const textParts = new Map([
  ["input_text", "text"],
  ["output_text", "text"],
  ["text", "text"],
  ["refusal", "refusal"],
]);

function partOf(part: JsonObject, state: State, name: string): Part {
  const type = textOf(field(part, "type"));
  const said = textParts.get(type);
  if (said !== undefined) {
    const dropped = unknownFields(part, new Set(["type", said]));
    return { text: textOf(field(part, said)), image: undefined, dropped };
  }
  if (type === "input_image") return imagePart(part, state);
  if (type === "input_file") throw refusal(state, "file inputs are not currently supported");
  throw refusal(state, `${name}: unknown content type: ${type}`);
}

const knownInImage = new Set(["type", "image_url"]);

function imagePart(part: JsonObject, state: State): Part {
  const { detail, ...rest } = part;
  const url = textOf(field(part, "image_url"));
  const dropped = unknownFields(detail === "auto" ? rest : part, knownInImage);
  if (url === "") return { text: "", image: undefined, dropped };
  if (/^https?:/i.test(url))
    throw refusal(state, "image URLs are not currently supported, please use base64 encoded data instead");
  const image = imageOfDataUrl(url);
  if (image === undefined) throw refusal(state, "invalid image input");
  return { text: "", image, dropped };
}
