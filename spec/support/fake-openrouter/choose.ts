import { atto } from "./bill.ts";
import type { FakeModel } from "./catalogue.ts";
import type { State } from "./exchange.ts";
import type { Complaint } from "./faults.ts";
import { inputTokensOf } from "./generation.ts";
import { asksToReason } from "./script.ts";
import { imagesIn, type ChatWire, type Message } from "./wire.ts";

/** What is wrong with a request, whichever model it is for; undefined when nothing is. */
export function complaintAbout(wire: ChatWire): Complaint | undefined {
  const { messages } = wire;
  const problem =
    !Array.isArray(messages) || messages.length === 0 ? "messages: Invalid input" : problemOf(wire, messages);
  return problem === undefined ? undefined : { status: 400, message: problem };
}

function problemOf(wire: ChatWire, messages: readonly Message[]): string | undefined {
  const format = wire.response_format;
  const tokensMax = wire.max_completion_tokens ?? wire.max_tokens ?? 1;
  if (wire.model === undefined && wire.models === undefined) return "No models provided";
  if (Array.isArray(wire.stop) && wire.stop.length > 4) return "stop: at most 4 sequences";
  if (!Number.isInteger(tokensMax) || tokensMax < 1) return "max_tokens: must be a positive integer";
  if (format?.type === "json_schema" && format.json_schema?.name === undefined)
    return "response_format: name is missing";
  if (wire.tools?.some((tool) => typeof tool.function?.name !== "string"))
    return "tools: a function needs a name";
  return messages.map((message, index) => problemOfMessage(message, messages.slice(0, index))).find(Boolean);
}

const roles = new Set(["system", "developer", "user", "assistant", "tool"]);

function problemOfMessage(message: Message, earlier: readonly Message[]): string | undefined {
  if (!roles.has(message.role)) return `messages: unknown role ${message.role}`;
  const { content } = message;
  const shaped = typeof content === "string" || Array.isArray(content);
  if (!shaped && message.role !== "assistant") return `messages: ${message.role} without content`;
  if (Array.isArray(content)) {
    const urls = (content as Message["content"] & unknown[]).map(
      (part) => (part as { image_url?: { url: string } }).image_url?.url,
    );
    if (urls.some((url) => url !== undefined && !/^(https?:\/\/|data:image\/[a-z+]+;base64,)/.test(url))) {
      return "messages: image_url is neither an address nor a data URL";
    }
  }
  for (const call of message.tool_calls ?? []) {
    if (typeof call.function.arguments !== "string")
      return "messages: arguments of a tool call have to be a string";
  }
  const called = earlier.flatMap((one) => one.tool_calls ?? []).map((call) => call.id);
  if (message.role === "tool" && !called.includes(message.tool_call_id ?? "")) {
    return "messages: tool_call_id answers no call";
  }
  return undefined;
}

/** The first of the asked models that can answer, or why none can. */
export function chooseModel(state: State, wire: ChatWire): FakeModel | Complaint {
  const asked = [...new Set([...(wire.model === undefined ? [] : [wire.model]), ...(wire.models ?? [])])];
  let complaint: Complaint = { status: 404 };
  for (const id of asked) {
    const listed = state.models.find((model) => model.id === id);
    const model =
      listed?.routesTo === undefined ? listed : state.models.find((one) => one.id === listed.routesTo);
    if (model === undefined) complaint = unknownModel(id);
    else {
      const refusal = refusalOf(state, wire, model);
      if (refusal === undefined) return model;
      complaint = refusal;
    }
  }
  return complaint;
}

export function unknownModel(id: string): Complaint {
  const message = `${id} is not a valid model ID`;
  return {
    status: 400,
    message,
    availability: { code: "model_not_found", retryable: false, requested_models: [id] },
  };
}

function nothingLeft(model: FakeModel, message: string, code = "constraint_filtered"): Complaint {
  return { status: 404, message, availability: { code, retryable: false, requested_models: [model.id] } };
}

function refusalOf(state: State, wire: ChatWire, model: FakeModel): Complaint | undefined {
  if (model.output !== "text") {
    const availability = { code: "wrong_endpoint", retryable: false, requested_models: [model.id] };
    return { status: 400, message: `${model.id} cannot be used for chat`, availability };
  }
  if (imagesIn(wire.messages ?? []) > 0 && model.images !== true) {
    return nothingLeft(model, "No endpoints found that support image input", "no_endpoints");
  }
  if (wire.provider?.require_parameters === true && lacks(wire, model)) {
    return nothingLeft(model, "No endpoints found that can handle the requested parameters.");
  }
  if (tooExpensive(wire, model)) return nothingLeft(model, "No endpoints found matching your price limits.");
  if (model.reasoning?.mandatory === true && asksToReason(wire) === false) {
    return { status: 400, message: "Reasoning is mandatory for this endpoint and cannot be disabled." };
  }
  const tokens = inputTokensOf(wire) + (wire.max_completion_tokens ?? wire.max_tokens ?? 0);
  if (tokens > model.contextTokens) {
    const message = `This endpoint's maximum context length is ${model.contextTokens} tokens. However, you requested about ${tokens} tokens.`;
    return { status: 400, errorType: "context_length_exceeded", message };
  }
  if (state.down.has(model.id)) return { status: 503, retryAfterS: 7 };
  return undefined;
}

/** Parameters that not every model has; the others are honoured by all. */
const special = ["tools", "response_format", "reasoning", "logprobs", "min_p", "top_a", "repetition_penalty"];

const lacks = (wire: ChatWire, model: FakeModel): boolean =>
  special.some((name) => name in wire && !model.parameters.includes(name));

const perMillion = 1_000_000n;

/** `max_price` is in USD per million tokens, prices are per token. */
function tooExpensive({ provider }: ChatWire, { pricing }: FakeModel): boolean {
  const max = provider?.max_price ?? {};
  const over = (name: "prompt" | "completion"): boolean =>
    max[name] !== undefined && atto(pricing[name]) * perMillion > atto(String(max[name]));
  const overEach = (name: "request" | "image"): boolean =>
    max[name] !== undefined && atto(pricing[name] ?? "0") > atto(String(max[name]));
  return over("prompt") || over("completion") || overEach("request") || overEach("image");
}
