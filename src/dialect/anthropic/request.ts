import type { ChatRequest, Effort, Format, Need, ToolChoice } from "../../core/chat.ts";
import { field, isObject, type Json, type JsonObject } from "../../lib/json.ts";
import { unknownFields } from "../fields.ts";
import { contentText, hasPart } from "../openai/messages.ts";
import { toolOf } from "../tools.ts";
import { limitOf, stringsOf, textOf } from "../values.ts";
import { decodeMessages, unknownInMessages } from "./messages.ts";

const sampling = ["temperature", "top_p", "top_k"];

const known = new Set([
  ...sampling,
  ..."model max_tokens messages system stream stop_sequences tools tool_choice thinking output_config output_format".split(
    " ",
  ),
]);

/** Decodes `/v1/messages`. Throws ProxyError for blocks that cannot be understood. */
export function decodeRequest(wire: JsonObject): ChatRequest {
  const messages = field(wire, "messages");
  const system = contentText(field(wire, "system"));
  const turns = decodeMessages(messages);
  const choice = field(wire, "tool_choice");
  const tools = field(wire, "tools");
  const { own, unknown } = splitTools(tools);
  return {
    model: textOf(field(wire, "model")),
    messages: system === "" ? turns : [{ role: "system", text: system }, ...turns],
    stream: field(wire, "stream") === true,
    sampling: {
      outputTokensMax: limitOf(field(wire, "max_tokens")),
      stop: stringsOf(field(wire, "stop_sequences")),
    },
    options: samplingOptions(wire),
    tools: own.map((tool) => toolOf(tool, "input_schema")),
    toolChoice: choiceOf(choice),
    parallelTools: isObject(choice) && choice["disable_parallel_tool_use"] === true ? false : undefined,
    format: formatOf(wire),
    think: thinkOf(wire),
    logprobs: undefined,
    suffix: undefined,
    raw: false,
    needs: needsOf(wire),
    streamUsage: true,
    dropped: [
      ...unknownFields(wire, known),
      ...unknownInMessages(messages),
      ...unknown.map((type) => `tools[].${type}`),
    ],
  };
}

/** Tools that a client runs itself, and the kinds of those that Anthropic would run. */
function splitTools(tools: Json | undefined): { own: JsonObject[]; unknown: string[] } {
  const all = Array.isArray(tools) ? tools.filter(isObject) : [];
  const isOwn = (tool: JsonObject): boolean =>
    tool["type"] === undefined || tool["type"] === "custom" || isObject(tool["input_schema"]);
  return {
    own: all.filter(isOwn),
    unknown: all.filter((tool) => !isOwn(tool)).map((tool) => textOf(tool["type"])),
  };
}

function samplingOptions(wire: JsonObject): Record<string, Json> {
  const options: Record<string, Json> = {};
  for (const key of sampling) {
    const value = field(wire, key);
    if (value !== undefined) options[key] = value;
  }
  return options;
}

function choiceOf(choice: Json | undefined): ToolChoice | undefined {
  if (!isObject(choice)) return undefined;
  const { type, name } = choice;
  if (type === "auto" || type === "none") return type;
  if (type === "any") return "required";
  return type === "tool" && textOf(name) !== "" ? { name: textOf(name) } : undefined;
}

/** In `output_config.format`, or in `output_format` as before it. */
function formatOf(wire: JsonObject): Format | undefined {
  const output = field(wire, "output_config");
  const format = isObject(output) ? output["format"] : field(wire, "output_format");
  const schema = isObject(format) ? format["schema"] : undefined;
  return isObject(schema) ? { schema } : undefined;
}

const efforts: Readonly<Record<string, Effort>> = {
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "max",
  max: "max",
};

function thinkOf(wire: JsonObject): boolean | Effort | undefined {
  const thinking = field(wire, "thinking");
  const output = field(wire, "output_config");
  const type = isObject(thinking) ? thinking["type"] : undefined;
  if (type === "disabled") return false;
  const effort = efforts[textOf(isObject(output) ? output["effort"] : undefined)];
  return effort ?? (type === "enabled" || type === "adaptive" ? true : undefined);
}

/** Thinking is not among them: Ollama drops it silently here for models that cannot. */
function needsOf(wire: JsonObject): Need[] {
  const tools = field(wire, "tools");
  const needs: Need[] = Array.isArray(tools) && tools.length > 0 ? ["tools"] : [];
  return hasPart(wire, "image") ? [...needs, "images"] : needs;
}
