import type { ChatRequest, Effort, Format, Message, Need } from "../../../core/chat.ts";
import { ProxyError } from "../../../core/error.ts";
import { field, isObject, stringifyLine, type Json, type JsonObject } from "../../../lib/json.ts";
import { unknownFields } from "../../fields.ts";
import { limitOf, stringsOf, textOf } from "../../values.ts";
import { decodeInput } from "./input.ts";
import { decodeTools } from "./tools.ts";

/** Fields whose meaning is in the decoded request. */
const known = new Set([
  "model",
  "input",
  "instructions",
  "stream",
  "max_output_tokens",
  "temperature",
  "top_p",
  "top_logprobs",
  "include",
  "reasoning",
  "text",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
]);

/** Decodes `/v1/responses`. Throws `invalid_request` for input that cannot be told to a model, in Ollama's words. */
export function decodeResponses(wire: JsonObject): ChatRequest {
  const instructions = textOf(field(wire, "instructions"));
  const { messages, dropped: droppedInput } = decodeInput(field(wire, "input"));
  const { tools, choice, dropped: droppedTools } = decodeTools(wire);
  const parallel = field(wire, "parallel_tool_calls");
  const logprobs = logprobsOf(wire);
  const format = decodeFormat(objectIn(wire, "text"));
  const system: Message[] = instructions === "" ? [] : [{ role: "system", text: instructions }];
  const decoded: Omit<ChatRequest, "needs"> = {
    model: textOf(field(wire, "model")),
    messages: [...system, ...messages],
    stream: field(wire, "stream") === true,
    sampling: { outputTokensMax: limitOf(field(wire, "max_output_tokens")), stop: [] },
    options: samplingOptions(wire),
    tools,
    toolChoice: choice,
    parallelTools: typeof parallel === "boolean" ? parallel : undefined,
    format: format.value,
    think: thinkOf(textOf(field(objectIn(wire, "reasoning"), "effort"))),
    logprobs,
    suffix: undefined,
    raw: false,
    streamUsage: true,
    dropped: [
      ...unknownFields(wire, known),
      ...droppedInput,
      ...droppedTools,
      ...format.dropped,
      ...unknownFields(objectIn(wire, "reasoning"), knownInReasoning, "reasoning."),
      ...droppedInclude(wire),
    ],
  };
  return { ...decoded, needs: needsOf(decoded) };
}

/** Thoughts are always told, so whether and how they are to be summed up changes nothing. */
const knownInReasoning = new Set(["effort", "summary", "generate_summary"]);

function objectIn(wire: JsonObject, name: string): JsonObject {
  const value = field(wire, name);
  return isObject(value) ? value : {};
}

/** Ollama sets a temperature of 1 here where the client sets none, and leaves `top_p` to the model. */
function samplingOptions(wire: JsonObject): Record<string, Json> {
  const topP = field(wire, "top_p");
  const temperature = field(wire, "temperature") ?? 1;
  return topP === undefined ? { temperature } : { temperature, top_p: topP };
}

const efforts: ReadonlyMap<string, boolean | Effort | undefined> = new Map<
  string,
  boolean | Effort | undefined
>([
  ["", undefined],
  ["none", false],
  ["minimal", "minimal"],
  ["low", "low"],
  ["medium", "medium"],
  ["high", "high"],
  ["xhigh", "max"],
  ["max", "max"],
]);

function thinkOf(effort: string): boolean | Effort | undefined {
  if (!efforts.has(effort)) {
    const allowed = [...efforts.keys()].filter((one) => one !== "").join(", ");
    throw new ProxyError(
      "invalid_request",
      `invalid reasoning value: ${stringifyLine(effort)} (must be one of ${allowed})`,
    );
  }
  return efforts.get(effort);
}

interface DecodedFormat {
  readonly value: Format | undefined;
  readonly dropped: readonly string[];
}

const knownInText = new Set(["format"]);
/** The name of a schema is a label for people. */
const knownInFormat = new Set(["type", "name", "schema"]);

function decodeFormat(text: JsonObject): DecodedFormat {
  const format = objectIn(text, "format");
  const dropped = [
    ...unknownFields(text, knownInText, "text."),
    ...unknownFields(format, knownInFormat, "text.format."),
  ];
  const type = textOf(field(format, "type"));
  const schema = field(format, "schema");
  if (type === "json_object") return { value: "json", dropped };
  if (type === "json_schema" && isObject(schema)) return { value: { schema }, dropped };
  return {
    value: undefined,
    dropped: type === "" || type === "text" ? dropped : [...dropped, "text.format"],
  };
}

const includedLogprobs = "message.output_text.logprobs";
/** Reasoning is never encrypted here; it is told in full. */
const includable = new Set([includedLogprobs, "reasoning.encrypted_content"]);

const droppedInclude = (wire: JsonObject): string[] =>
  stringsOf(field(wire, "include")).every((name) => includable.has(name)) ? [] : ["include"];

function logprobsOf(wire: JsonObject): number | undefined {
  const top = limitOf(field(wire, "top_logprobs")) ?? 0;
  return top > 0 || stringsOf(field(wire, "include")).includes(includedLogprobs) ? top : undefined;
}

/** Thinking is not among them: an effort is a wish that a model without thoughts may ignore. */
function needsOf({ tools, format, logprobs, messages }: Omit<ChatRequest, "needs">): Need[] {
  const needs: Need[] = [];
  if (tools.length > 0) needs.push("tools");
  if (format !== undefined) needs.push("format");
  if (logprobs !== undefined) needs.push("logprobs");
  if (messages.some(({ images }) => images !== undefined)) needs.push("images");
  return needs;
}
