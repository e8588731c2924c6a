import { costNanoUsd, priceFor, wordsIn, type Consumption, type Ended } from "./bill.ts";
import type { FakeModel } from "./catalogue.ts";
import type { State } from "./exchange.ts";
import { scriptFor, type Script, type Step } from "./script.ts";
import { imagesIn, tagIn, textOf, type ChatWire, type Message } from "./wire.ts";

/** One answer on its way, and what it has used so far. */
export interface Generation {
  readonly id: string;
  readonly model: FakeModel;
  readonly createdMs: number;
  readonly streamed: boolean;
  readonly requestTag: string | undefined;
  readonly script: Script;
  readonly input: Omit<Consumption, "outputTokens" | "reasoningTokens">;
  /** Whether the provider has begun: from then on it may be billed. */
  begun: boolean;
  readonly emitted: Step[];
  ended: Ended | undefined;
  finishReason: string | null;
  costNanoUsd: number;
}

/** The answer that `model` gives to a conversation. */
export function beginChat(
  state: State,
  id: string,
  { wire, model }: { wire: ChatWire; model: FakeModel },
): Generation {
  const messages = wire.messages ?? [];
  const prompt = readPrompt(state, model, wire);
  return begin(state, id, {
    model,
    streamed: wire.stream === true,
    requestTag: tagIn(messages),
    script: scriptFor(wire, model, `call_${id}`),
    input: { ...prompt, images: imagesIn(messages) },
  });
}

/** The answer that `model` gives to texts that are to be embedded. */
export function beginEmbedding(
  state: State,
  id: string,
  { model, texts, inputTokens }: { model: FakeModel; texts: readonly string[]; inputTokens: number },
): Generation {
  return begin(state, id, {
    model,
    streamed: false,
    requestTag: tagIn([{ role: "user", content: texts.join("\n") }]),
    script: { steps: [], finishReason: "stop" },
    input: { inputTokens, cachedTokens: 0, writtenTokens: 0, images: 0 },
  });
}

type Given = Pick<Generation, "model" | "streamed" | "requestTag" | "script" | "input">;

function begin(state: State, id: string, given: Given): Generation {
  const generation: Generation = {
    id,
    createdMs: state.epochMs(),
    ...given,
    begun: false,
    emitted: [],
    ended: undefined,
    finishReason: null,
    costNanoUsd: 0,
  };
  state.generations.set(id, generation);
  return generation;
}

const textWithCalls = (message: Message): string =>
  [
    textOf(message),
    ...(message.tool_calls ?? []).map((call) => `${call.function.name} ${call.function.arguments}`),
  ].join(" ");

/** Tokens a tool's definition takes. */
const toolTokens = 5;

/** The words of the conversation, and five for each tool. */
export const inputTokensOf = ({ messages = [], tools = [] }: ChatWire): number =>
  messages.reduce((sum, message) => sum + wordsIn(textWithCalls(message)), 0) + tools.length * toolTokens;

/** A prompt, and which part of it the provider remembers: leading messages that an earlier prompt had as well. */
function readPrompt(state: State, model: FakeModel, wire: ChatWire): Omit<Generation["input"], "images"> {
  const inputTokens = inputTokensOf(wire);
  if (!state.promptCache || model.pricing.input_cache_read === undefined) {
    return { inputTokens, cachedTokens: 0, writtenTokens: 0 };
  }
  const messages = wire.messages ?? [];
  const lines = messages.map((message) => JSON.stringify(message));
  const known = state.cachedPrompts.get(model.id) ?? [];
  const shared = Math.max(0, ...known.map((earlier) => sharedLength(earlier, lines)));
  state.cachedPrompts.set(model.id, [...known, lines]);
  const cachedTokens = inputTokensOf({ messages: messages.slice(0, shared) });
  const writes = model.pricing.input_cache_write !== undefined;
  return { inputTokens, cachedTokens, writtenTokens: writes ? inputTokens - cachedTokens : 0 };
}

function sharedLength(one: readonly string[], other: readonly string[]): number {
  const differs = other.findIndex((line, index) => line !== one[index]);
  return differs === -1 ? other.length : differs;
}

const tokensOf = (steps: readonly Step[]): number => steps.reduce((sum, step) => sum + step.tokens, 0);

/** What was used when only `steps` had been said. */
export function consumptionOf({ input }: Generation, steps: readonly Step[]): Consumption {
  return {
    ...input,
    outputTokens: tokensOf(steps),
    reasoningTokens: tokensOf(steps.filter((step) => step.reasons)),
  };
}

/** Closes the account of a generation; what comes later changes nothing. */
export function settle(state: State, generation: Generation, ended: Ended): void {
  if (generation.ended !== undefined) return;
  generation.ended = ended;
  const used = consumptionOf(generation, billedSteps(state, generation, ended));
  // The insurance: nothing said and no proper end is not paid for, the prompt included.
  const free = ended !== "clean" && used.outputTokens === 0;
  const { inputTokens } = used;
  const price = priceFor(generation.model.pricing, { inputTokens, epochMs: generation.createdMs });
  generation.costNanoUsd = free ? 0 : costNanoUsd(price, used);
  state.bill.set(generation.id, {
    model: generation.model.id,
    requestTag: generation.requestTag,
    inputTokens,
    cachedTokens: used.cachedTokens,
    outputTokens: used.outputTokens,
    reasoningTokens: used.reasoningTokens,
    costNanoUsd: generation.costNanoUsd,
    ended,
  });
}

/** Who leaves a stream stops the meter at most providers; who leaves a whole answer pays for all of it. */
function billedSteps(state: State, generation: Generation, ended: Ended): readonly Step[] {
  const goesOn = !generation.streamed || state.billsAfterCancel.has(generation.model.id);
  const left = ended === "cancelled" || ended === "cut";
  return left && goesOn && generation.begun ? generation.script.steps : generation.emitted;
}

/** The usage object of an answer; its cost is the bill's. */
export function usageOf(generation: Generation): Readonly<Record<string, unknown>> {
  const used = consumptionOf(generation, generation.emitted);
  return {
    prompt_tokens: used.inputTokens,
    completion_tokens: used.outputTokens,
    total_tokens: used.inputTokens + used.outputTokens,
    cost: generation.costNanoUsd / 1e9,
    is_byok: false,
    prompt_tokens_details: {
      cached_tokens: used.cachedTokens,
      cache_write_tokens: used.writtenTokens,
      audio_tokens: 0,
    },
    cost_details: {
      upstream_inference_cost: null,
      upstream_inference_prompt_cost: 0,
      upstream_inference_completions_cost: 0,
    },
    completion_tokens_details: { reasoning_tokens: used.reasoningTokens, image_tokens: 0 },
    server_tool_use: { web_search_requests: 0 },
  };
}
