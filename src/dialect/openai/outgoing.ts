import type { ChatRequest, Format, ToolChoice } from "../../core/chat.ts";
import { isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { encodeMessages, type MessagesParts } from "./outgoing-messages.ts";
import { encodeOptions, encodeThinking, type OptionsParts } from "./outgoing-options.ts";

export interface OutgoingParts extends OptionsParts, MessagesParts {
  /** The model under the reader's own name for it. */
  readonly model: string;
}

/** A request on its way out, and what of the client's could not be said in it. */
export interface Outgoing {
  readonly path: string;
  readonly body: JsonObject;
  readonly dropped: readonly string[];
}

/** Upstreams are always asked to stream: a whole answer is the fold of its stream. */
const streaming: JsonObject = { stream: true, stream_options: { include_usage: true } };

/** Encodes a request as `/chat/completions`. */
export function encodeChat(request: ChatRequest, parts: OutgoingParts): Outgoing {
  const options = encodeOptions(request, parts);
  const { fields: probabilities, dropped } = encodeLogprobs(request, parts);
  return {
    path: "/chat/completions",
    body: {
      model: parts.model,
      messages: [...jsonHint(request, parts), ...encodeMessages(request.messages, parts)],
      ...streaming,
      ...options.fields,
      ...encodeTools(request),
      ...encodeFormat(request.format),
      ...encodeThinking(request, parts.flavour),
      ...probabilities,
    },
    dropped: [...request.dropped, ...options.dropped, ...dropped],
  };
}

/** OpenAI, and those who copy it, refuse to answer in JSON where no message speaks of it. */
function jsonHint({ format, messages }: ChatRequest, { flavour }: OutgoingParts): JsonObject[] {
  if (format !== "json" || flavour === "llama-server") return [];
  if (messages.some(({ text }) => /json/i.test(text))) return [];
  return [{ role: "system", content: "Answer in JSON." }];
}

/** Encodes a prompt that no template is to touch, or a gap to be filled, as `/completions`. */
export function encodeCompletion(request: ChatRequest, parts: OutgoingParts): Outgoing {
  const options = encodeOptions(request, parts);
  const prompt = request.messages.findLast(({ role }) => role === "user")?.text ?? "";
  return {
    path: "/completions",
    body: {
      model: parts.model,
      prompt,
      ...(request.suffix === undefined ? {} : { suffix: request.suffix }),
      ...streaming,
      ...options.fields,
    },
    dropped: [...request.dropped, ...options.dropped, ...unsaidIn(request)],
  };
}

/** What has no place beside a prompt. */
function unsaidIn({ messages, format, think, logprobs, tools }: ChatRequest): string[] {
  const unsaid: Readonly<Record<string, boolean>> = {
    system: messages.some(({ role }) => role === "system"),
    images: messages.some(({ images }) => images !== undefined),
    format: format !== undefined,
    think: think !== undefined,
    logprobs: logprobs !== undefined,
    tools: tools.length > 0,
  };
  return Object.keys(unsaid).filter((name) => unsaid[name]);
}

/** Encodes a gap to be filled as llama-server's `/infill`. */
export function encodeInfill(request: ChatRequest, parts: OutgoingParts): Outgoing {
  const { body, dropped } = encodeCompletion(request, parts);
  const { prompt = "", suffix = "", max_tokens: limit, stream_options: _usage, ...rest } = body;
  const asked: JsonObject = { ...rest, input_prefix: prompt, input_suffix: suffix };
  if (limit !== undefined) asked["n_predict"] = limit;
  return { path: "/infill", body: asked, dropped };
}

function encodeTools({ tools, toolChoice, parallelTools }: ChatRequest): JsonObject {
  if (tools.length === 0) return {};
  const fields: JsonObject = {
    tools: tools.map(({ name, description, parameters }) => ({
      type: "function",
      function: {
        name,
        ...(description === undefined ? {} : { description }),
        parameters: parameters ?? { type: "object", properties: {} },
      },
    })),
    parallel_tool_calls: parallelTools ?? true,
  };
  if (toolChoice !== undefined) fields["tool_choice"] = choiceOf(toolChoice);
  return fields;
}

const choiceOf = (choice: ToolChoice): Json =>
  typeof choice === "string" ? choice : { type: "function", function: { name: choice.name } };

function encodeFormat(format: Format | undefined): JsonObject {
  if (format === undefined) return {};
  if (format === "json") return { response_format: { type: "json_object" } };
  const { schema } = format;
  return {
    response_format: {
      type: "json_schema",
      json_schema: { name: "schema", ...(isStrictSchema(schema) ? { strict: true } : {}), schema },
    },
  };
}

/** OpenAI is strict only with schemas that name all their properties and allow no others, at every level. */
function isStrictSchema(schema: Json): boolean {
  if (Array.isArray(schema)) return schema.every(isStrictSchema);
  if (!isObject(schema)) return true;
  const isForObjects = schema["type"] === "object" || schema["properties"] !== undefined;
  return (!isForObjects || isClosed(schema)) && Object.values(schema).every(isStrictSchema);
}

function isClosed({ properties, required, additionalProperties }: JsonObject): boolean {
  const names = isObject(properties) ? Object.keys(properties) : [];
  const all = Array.isArray(required) && names.every((name) => required.includes(name));
  return additionalProperties === false && all;
}

/** llama-server refuses probabilities beside tools in a stream, and wants at least one alternative. */
function encodeLogprobs(
  { logprobs, tools }: ChatRequest,
  { flavour }: OutgoingParts,
): { fields: JsonObject; dropped: readonly string[] } {
  if (logprobs === undefined) return { fields: {}, dropped: [] };
  if (flavour === "llama-server" && tools.length > 0) return { fields: {}, dropped: ["logprobs"] };
  const top = flavour === "llama-server" ? Math.max(1, logprobs) : logprobs;
  return { fields: { logprobs: true, ...(top > 0 ? { top_logprobs: top } : {}) }, dropped: [] };
}
