import type { Operation } from "../../core/call.ts";
import type { ChatRequest, Effort, Format, Message, Need, ToolChoice } from "../../core/chat.ts";
import { field, isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { unknownFields } from "../fields.ts";
import { functionTools } from "../tools.ts";
import { limitOf, stringsOf, textOf } from "../values.ts";
import { decodeMessages, hasPart, unknownInMessages } from "./messages.ts";

/** Sampling options of OpenAI, vLLM and llama-server, each with Ollama's name for it. */
const sampling: Readonly<Record<string, string>> = {
  temperature: "temperature",
  top_p: "top_p",
  top_k: "top_k",
  min_p: "min_p",
  seed: "seed",
  frequency_penalty: "frequency_penalty",
  presence_penalty: "presence_penalty",
  repetition_penalty: "repeat_penalty",
};

const known = new Set([
  ...Object.keys(sampling),
  ...(
    "model messages prompt suffix stream stream_options max_tokens max_completion_tokens stop tools tool_choice " +
    "parallel_tool_calls response_format reasoning reasoning_effort logprobs top_logprobs"
  ).split(" "),
]);

/** Decodes `/v1/chat/completions` and `/v1/completions`. Throws ProxyError for parts that cannot be understood. */
export function decodeRequest(wire: JsonObject, operation: Operation): ChatRequest {
  const outputTokensMax = field(wire, "max_completion_tokens") ?? field(wire, "max_tokens");
  const streamOptions = field(wire, "stream_options");
  const isChat = operation === "chat";
  const messages = field(wire, "messages");
  const suffix = textOf(field(wire, "suffix"));
  return {
    model: textOf(field(wire, "model")),
    messages: isChat ? decodeMessages(messages) : decodePrompt(field(wire, "prompt")),
    stream: field(wire, "stream") === true,
    sampling: { outputTokensMax: limitOf(outputTokensMax), stop: stringsOf(field(wire, "stop")) },
    options: samplingOptions(wire),
    tools: functionTools(field(wire, "tools")),
    toolChoice: choiceOf(field(wire, "tool_choice")),
    parallelTools: booleanOf(field(wire, "parallel_tool_calls")),
    format: formatOf(field(wire, "response_format")),
    think: effortOf(wire),
    logprobs: isChat ? logprobsOf(wire) : undefined,
    suffix: isChat || suffix === "" ? undefined : suffix,
    raw: false,
    needs: needsOf(wire),
    streamUsage: isObject(streamOptions) && field(streamOptions, "include_usage") === true,
    dropped: [...unknownFields(wire, known), ...unknownInMessages(messages)],
  };
}

const booleanOf = (value: Json | undefined): boolean | undefined =>
  typeof value === "boolean" ? value : undefined;

function samplingOptions(wire: JsonObject): Record<string, Json> {
  const options: Record<string, Json> = {};
  for (const [name, meaning] of Object.entries(sampling)) {
    const value = field(wire, name);
    if (value !== undefined) options[meaning] = value;
  }
  return options;
}

function decodePrompt(prompt: Json | undefined): Message[] {
  const text = textOf(prompt);
  return text === "" ? [] : [{ role: "user", text }];
}

/** `auto`, `none`, `required`, or the one function that is to be called. */
export function choiceOf(choice: Json | undefined): ToolChoice | undefined {
  if (choice === "auto" || choice === "none" || choice === "required") return choice;
  if (!isObject(choice)) return undefined;
  const called = field(choice, "function");
  const name = textOf(field(isObject(called) ? called : choice, "name"));
  return name === "" ? undefined : { name };
}

function formatOf(format: Json | undefined): Format | undefined {
  if (!isObject(format)) return undefined;
  if (format["type"] === "json_object") return "json";
  const described = format["json_schema"];
  const schema = isObject(described) ? described["schema"] : undefined;
  return format["type"] === "json_schema" && isObject(schema) ? { schema } : undefined;
}

/** Words for how hard to think, each with the one that it amounts to; `none` is not to think at all. */
const efforts: Readonly<Record<string, Effort | false>> = {
  none: false,
  minimal: "minimal",
  low: "low",
  medium: "medium",
  high: "high",
  max: "max",
  xhigh: "max",
  ultra: "max",
};

function effortOf(wire: JsonObject): Effort | false | undefined {
  const reasoning = field(wire, "reasoning");
  const nested = isObject(reasoning) ? field(reasoning, "effort") : undefined;
  return efforts[textOf(nested ?? field(wire, "reasoning_effort"))];
}

function logprobsOf(wire: JsonObject): number | undefined {
  const top = field(wire, "top_logprobs");
  if (field(wire, "logprobs") !== true) return undefined;
  return typeof top === "number" ? top : 0;
}

/** How llama-server and vLLM are asked for a form of the answer. */
const formatsOfServers = [
  "json_schema",
  "grammar",
  "guided_json",
  "guided_regex",
  "guided_grammar",
  "structured_outputs",
];

const isSaid = (value: Json | undefined): boolean => value !== undefined && value !== null && value !== "";

function needsOf(wire: JsonObject): Need[] {
  const needs: Need[] = [];
  const tools = field(wire, "tools");
  const format = field(wire, "response_format");
  if (Array.isArray(tools) && tools.length > 0) needs.push("tools");
  const isFormatAsked = isObject(format) && format["type"] !== "text";
  if (isFormatAsked || formatsOfServers.some((name) => isSaid(field(wire, name)))) needs.push("format");
  if (textOf(field(wire, "suffix")) !== "") needs.push("insert");
  if (field(wire, "logprobs") === true) needs.push("logprobs");
  if (hasPart(wire, "image_url")) needs.push("images");
  return needs;
}
