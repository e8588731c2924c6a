import type { DialectName, Operation } from "../../core/call.ts";
import { field, isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { hasTimeWords } from "../time-words.ts";
import { isEnglish } from "./english.ts";

/** Why a request is not compared by what it means. */
export type SemanticReason =
  | "operation"
  | "shape"
  | "tools"
  | "images"
  | "context"
  | "raw"
  | "suffix"
  | "template"
  | "length"
  | "code"
  | "time_words"
  | "personal"
  | "language";

/** The text that is compared by its meaning, and all the rest of its request, which is compared exactly. */
export interface SemanticQuestion {
  readonly text: string;
  /** The wire with a mark in the place of the text; the mark is no text, so that no client can write it. */
  readonly frame: JsonObject;
}

const charactersMin = 8;
const charactersMax = 1_000;

/** In the place of the text. No dialect takes an object there. */
const mark = (): Json => ({ semantic: true });

/** Two runs of backticks or tildes that fence code, in whatever line. */
const fence = /```|~~~/;

/** What a question about the asker himself is about: its answer is no one else's. */
const own =
  /\b(?:my|our)\s+(?:\w+\s+){0,2}(?:accounts?|orders?|balance|bills?|invoices?|payments?|subscriptions?|passwords?|cards?|address|e-?mails?|appointments?|bookings?|reservations?|flights?|packages?|parcels?|deliver(?:y|ies)|shipments?|refunds?|salary|paychecks?|payslips?|tax(?:es)?|insurance|claims?|loans?|mortgage|results?|prescriptions?|diagnosis|symptoms?|calendar|schedule|meetings?|inbox|messages?|name|birthday|age|location|phone|number|profile|data|files?|documents?|history|contract|job|boss|wife|husband|doctor|bank|credit|debt|savings|portfolio|tickets?|cases?|cart|purchases?)\b/i;
const ownDeeds =
  /\b(?:who|where|how old) am i\b|\bdo i (?:owe|still owe|qualify)\b|\bi (?:have )?(?:ordered|bought|paid|booked|signed up|subscribed|purchased)\b|\bam i (?:eligible|entitled)\b/i;

/**
 * Reads what a request asks, when it may be compared by its meaning at all: one text of a user, in a history that is
 * compared exactly, without anything that is not text. A reason otherwise.
 */
export function semanticQuestion(
  dialect: DialectName,
  operation: Operation,
  wire: JsonObject,
): SemanticQuestion | { readonly reason: SemanticReason } {
  const reason = wireReason(wire);
  if (reason !== undefined) return { reason };
  const found = questionIn(dialect, operation, wire);
  if (typeof found === "string") return { reason: found };
  const unfit = textReason(found.text);
  return unfit === undefined ? found : { reason: unfit };
}

function questionIn(
  dialect: DialectName,
  operation: Operation,
  wire: JsonObject,
): SemanticQuestion | SemanticReason {
  if (dialect === "ollama" && operation === "generate") return fromPrompt(wire);
  const isChat = dialect === "anthropic" ? operation === "messages" : operation === "chat";
  return isChat ? fromMessages(wire) : "operation";
}

const isEmpty = (value: Json | undefined): boolean =>
  value === undefined || value === "" || value === false || (Array.isArray(value) && value.length === 0);

/** Fields that turn the text into a part of something else. */
const barred: readonly (readonly [string, SemanticReason])[] = [
  ["tools", "tools"],
  ["tool_choice", "tools"],
  ["functions", "tools"],
  ["function_call", "tools"],
  ["mcp_servers", "tools"],
  ["web_search_options", "tools"],
  ["images", "images"],
  ["audio", "images"],
  ["modalities", "images"],
  ["context", "context"],
  ["raw", "raw"],
  ["suffix", "suffix"],
  ["template", "template"],
];

function wireReason(wire: JsonObject): SemanticReason | undefined {
  return barred.find(([name]) => !isEmpty(field(wire, name)))?.[1];
}

function fromPrompt(wire: JsonObject): SemanticQuestion | SemanticReason {
  const text = field(wire, "prompt");
  if (typeof text !== "string" || field(wire, "messages") !== undefined) return "shape";
  return { text, frame: withMark(wire, "prompt") };
}

function fromMessages(wire: JsonObject): SemanticQuestion | SemanticReason {
  const messages = field(wire, "messages");
  if (!Array.isArray(messages)) return "shape";
  const last = messages.at(-1);
  if (last === undefined || !isObject(last) || roleOf(last) !== "user") return "shape";
  const reason = messages.map(messageReason).find((one) => one !== undefined);
  if (reason !== undefined) return reason;
  const content = contentQuestion(field(last, "content"));
  if (content === undefined) return "shape";
  const marked = { ...without(last, "content"), content: content.frame };
  return {
    text: content.text,
    frame: { ...without(wire, "messages"), messages: [...messages.slice(0, -1), marked] },
  };
}

const roleOf = (message: JsonObject): string => {
  const role = field(message, "role");
  return typeof role === "string" ? role.toLowerCase() : "";
};

const turns = new Set(["system", "developer", "user", "assistant"]);

function messageReason(message: Json): SemanticReason | undefined {
  if (!isObject(message)) return "shape";
  if (roleOf(message) === "tool" || !isEmpty(field(message, "tool_calls"))) return "tools";
  if (!isEmpty(field(message, "images"))) return "images";
  if (!turns.has(roleOf(message))) return "shape";
  const content = field(message, "content");
  if (content === undefined || typeof content === "string") return undefined;
  if (!Array.isArray(content)) return "shape";
  return content.map(partReason).find((one) => one !== undefined);
}

function partReason(part: Json): SemanticReason | undefined {
  if (!isObject(part)) return "shape";
  const type = part["type"];
  if (type === "text" && typeof part["text"] === "string") return undefined;
  return typeof type === "string" && type.startsWith("tool") ? "tools" : "images";
}

/** A text, or a list of one text part; several parts would have to be compared one by one. */
function contentQuestion(content: Json | undefined): { text: string; frame: Json } | undefined {
  if (typeof content === "string") return { text: content, frame: mark() };
  if (!Array.isArray(content) || content.length !== 1) return undefined;
  const [part] = content;
  if (part === undefined || !isObject(part) || typeof part["text"] !== "string") return undefined;
  return { text: part["text"], frame: [{ ...part, text: mark() }] };
}

function without(object: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key.toLowerCase() !== name));
}

const withMark = (wire: JsonObject, name: string): JsonObject => ({
  ...without(wire, name),
  [name]: mark(),
});

function textReason(text: string): SemanticReason | undefined {
  const { length } = text.trim();
  if (length < charactersMin || text.length > charactersMax) return "length";
  if (fence.test(text)) return "code";
  if (hasTimeWords(text)) return "time_words";
  if (own.test(text) || ownDeeds.test(text)) return "personal";
  return isEnglish(text) ? undefined : "language";
}
