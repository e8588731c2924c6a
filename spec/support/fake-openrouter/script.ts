import type { FakeModel } from "./catalogue.ts";
import {
  mergeDetails,
  textOf,
  type ChatWire,
  type Detail,
  type Message,
  type Schema,
  type ToolCall,
} from "./wire.ts";

/** One event of an answer. A delta that carries a word is one token. */
export interface Step {
  readonly delta: Delta;
  readonly tokens: 0 | 1;
  readonly reasons: boolean;
}

export interface Delta {
  readonly content?: string;
  readonly reasoning?: string;
  readonly reasoning_details?: readonly Detail[];
  readonly tool_calls?: readonly ToolPiece[];
}

interface ToolPiece {
  readonly index: number;
  readonly id?: string;
  readonly type?: string;
  readonly function: { readonly name?: string; readonly arguments: string };
}

/** All that an answer says, in order, and how it ends. */
export interface Script {
  readonly steps: readonly Step[];
  readonly finishReason: "stop" | "length" | "tool_calls";
}

/** The words of `text`, each with the space behind it: one delta, one token each. */
export const wordsOf = (text: string): readonly string[] => text.match(/\s*\S+\s*/gu) ?? [];

/** What `model` answers to `wire`; `callId` names the tool call, should there be one. */
export function scriptFor(wire: ChatWire, model: FakeModel, callId: string): Script {
  const messages = wire.messages ?? [];
  const reasoning = reasons(wire, model) ? reasoningSteps(wire, model) : [];
  const name = calledTool(wire, model);
  const answer = name === undefined ? textSteps(answerText(wire, messages)) : callSteps(name, callId);
  return shorten({
    steps: [...reasoning, ...answer],
    finishReason: name === undefined ? "stop" : "tool_calls",
    tokensMax: wire.max_completion_tokens ?? wire.max_tokens ?? model.outputTokensMax ?? Infinity,
  });
}

/** Whether the request says yes or no to reasoning; undefined when it says nothing. */
export function asksToReason({
  reasoning,
  reasoning_effort,
  include_reasoning,
}: ChatWire): boolean | undefined {
  const effort = reasoning?.effort ?? reasoning_effort;
  if (reasoning?.enabled === false || effort === "none") return false;
  return reasoning !== undefined || effort !== undefined || include_reasoning === true ? true : undefined;
}

function reasons(wire: ChatWire, { reasoning }: FakeModel): boolean {
  if (reasoning === undefined) return false;
  return reasoning.mandatory || (asksToReason(wire) ?? reasoning.default_enabled);
}

function reasoningSteps(wire: ChatWire, model: FakeModel): Step[] {
  const words = wordsOf("Let me think about what was said. ");
  const steps =
    model.provider === "OpenAI" ? encrypted(words) : signed(words, `${model.provider.toLowerCase()}-v1`);
  // What is excluded was thought all the same, and is paid for.
  return wire.reasoning?.exclude === true
    ? steps.map((step) => ({ ...step, delta: { content: "" } }))
    : steps;
}

function signed(words: readonly string[], format: string): Step[] {
  const block = { type: "reasoning.text", index: 0, format } as const;
  const steps = words.map((text) =>
    reasoningStep({ content: "", reasoning: text, reasoning_details: [{ ...block, text }] }),
  );
  const seal = { ...block, signature: "c2lnbmF0dXJlIG9mIHRob3VnaHQ=" };
  return [...steps, { ...reasoningStep({ content: "", reasoning_details: [seal] }), tokens: 0 }];
}

/** A summary that can be read, and the thought itself, that cannot. */
function encrypted(words: readonly string[]): Step[] {
  const format = "openai-responses-v1";
  const steps = words.map((summary) =>
    reasoningStep({
      content: "",
      reasoning: summary,
      reasoning_details: [{ type: "reasoning.summary", index: 0, format, summary }],
    }),
  );
  const blob = { type: "reasoning.encrypted", index: 1, format, id: "rs_1", data: "Z0FBQUFBQm8tc2VhbGVk" };
  return [...steps, { ...reasoningStep({ content: "", reasoning_details: [blob] }), tokens: 0 }];
}

const reasoningStep = (delta: Delta): Step => ({ delta, tokens: 1, reasons: true });

function calledTool(
  { tools = [], tool_choice, messages = [] }: ChatWire,
  model: FakeModel,
): string | undefined {
  const last = messages.at(-1);
  if (!model.parameters.includes("tools") || tool_choice === "none") return undefined;
  if (last?.role !== "user" || !textOf(last).includes("weather")) return undefined;
  if (typeof tool_choice === "object") return tool_choice.function.name;
  return tools[0]?.function?.name;
}

function callSteps(name: string, id: string): Step[] {
  const pieces = ['{"ci', 'ty":"Par', 'is"}'];
  const first = { index: 0, id, type: "function", function: { name, arguments: "" } };
  const rest = pieces.map((piece) => ({ index: 0, function: { arguments: piece } }));
  return [first, ...rest].map((piece) => ({ delta: { tool_calls: [piece] }, tokens: 1, reasons: false }));
}

const textSteps = (text: string): Step[] =>
  wordsOf(text).map((content) => ({ delta: { content }, tokens: 1, reasons: false }));

function answerText(wire: ChatWire, messages: readonly Message[]): string {
  const text = shapedText(wire, plainText(messages));
  const stops = typeof wire.stop === "string" ? [wire.stop] : (wire.stop ?? []);
  const ends = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  return text.slice(0, Math.min(text.length, ...ends));
}

function plainText(messages: readonly Message[]): string {
  const last = messages.at(-1);
  if (last?.role === "tool") return `The tool said: ${textOf(last)}`;
  const said = textOf(messages.findLast((message) => message.role === "user"));
  return last?.role === "assistant" ? ` and you said: ${said}` : `You said: ${said}`;
}

function shapedText({ response_format: format }: ChatWire, text: string): string {
  if (format?.type === "json_object") return JSON.stringify({ answer: text });
  if (format?.type === "json_schema")
    return JSON.stringify(instanceOf(format.json_schema?.schema ?? {}, text));
  return text;
}

/** A value that satisfies the schema, with `text` wherever there may be a string. */
function instanceOf(schema: Schema, text: string): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.anyOf?.[0] !== undefined) return instanceOf(schema.anyOf[0], text);
  const type = typeof schema.type === "string" ? schema.type : (schema.type?.[0] ?? "object");
  if (type === "array") return schema.items === undefined ? [] : [instanceOf(schema.items, text)];
  if (type === "object") {
    const members = Object.entries(schema.properties ?? {});
    return Object.fromEntries(members.map(([key, member]) => [key, instanceOf(member, text)]));
  }
  const plain: Readonly<Record<string, unknown>> = { string: text, integer: 1, number: 1.5, boolean: true };
  return plain[type] ?? null;
}

function shorten(whole: Script & { readonly tokensMax: number }): Script {
  let left = whole.tokensMax;
  const steps: Step[] = [];
  for (const step of whole.steps) {
    if (left < step.tokens) return { steps, finishReason: "length" };
    left -= step.tokens;
    steps.push(step);
  }
  return { steps, finishReason: whole.finishReason };
}

/** The message that `steps` amount to. */
export function foldSteps(steps: readonly Step[]): Readonly<Record<string, unknown>> {
  const reasoning = steps.map(({ delta }) => delta.reasoning ?? "").join("");
  const details = detailsOf(steps);
  const calls = callsOf(steps);
  const content = steps.map(({ delta }) => delta.content ?? "").join("");
  return {
    role: "assistant",
    content: calls.length > 0 && content === "" ? null : content,
    refusal: null,
    ...(reasoning === "" ? {} : { reasoning }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

export const detailsOf = (steps: readonly Step[]): Detail[] =>
  mergeDetails(steps.flatMap(({ delta }) => delta.reasoning_details ?? []));

function callsOf(steps: readonly Step[]): (ToolCall & { index: number })[] {
  const pieces = steps.flatMap(({ delta }) => delta.tool_calls ?? []);
  const first = pieces[0];
  if (first === undefined) return [];
  const all = pieces.map((piece) => piece.function.arguments).join("");
  const named = { name: first.function.name ?? "", arguments: all };
  return [{ index: 0, id: first.id ?? "", type: "function", function: named }];
}
