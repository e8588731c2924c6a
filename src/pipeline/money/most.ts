import type { Call } from "../../core/call.ts";
import { costOf, type Price } from "../../core/price.ts";
import type { Usage } from "../../core/usage.ts";
import { dialects } from "../../dialect/dialects.ts";
import { countOf, stringsOf } from "../../dialect/values.ts";
import { field } from "../../lib/json.ts";
import type { Candidate } from "../../upstream/admission.ts";
import type { MoneyParts } from "./parts.ts";

/** No token is shorter than a byte; a picture is taken for so many tokens. */
const imageTokens = 3_000;
const messageTokens = 32;

export type CostParts = Pick<MoneyParts, "clock" | "priceOf" | "outputTokensMax" | "fallbackModels">;

/**
 * The most that a call can cost, in nano-dollars, at whatever model it may be sent to; NaN where nobody knows the price.
 * The call is read once, and only if somebody asks.
 */
export function createMostCost(call: Call, parts: CostParts): (candidate: Candidate) => number {
  let most: Most | undefined;
  return (candidate) => {
    const price = parts.priceOf(candidate);
    most ??= mostOf(call, parts);
    return price === undefined ? Number.NaN : costAt(call, candidate, { price, parts, most });
  };
}

/** The most that a call can cost: every byte a token, and every answer as long as it may be. */
export const highestCost = (
  call: Call,
  candidate: Candidate,
  { price, parts }: { readonly price: Price; readonly parts: CostParts },
): number => costAt(call, candidate, { price, parts, most: mostOf(call, parts) });

/** The most that a call can take. */
export interface Most {
  readonly usage: Usage;
  readonly images: number;
}

function costAt(
  call: Call,
  { upstream }: Candidate,
  { price, parts, most }: { readonly price: Price; readonly parts: CostParts; readonly most: Most },
): number {
  const nowMs = parts.clock.epochMs();
  const { usage, images } = most;
  // A provider may answer with another of the models that the client or the configuration names.
  const others = new Set([...stringsOf(call.wire["models"]), ...parts.fallbackModels]);
  const prices = [...upstream.models.details.values()]
    .filter(({ id }) => others.has(id))
    .flatMap((detail) => detail.price ?? []);
  return Math.max(...[price, ...prices].map((one) => costOf(one, usage, { images, nowMs })));
}

/** The most tokens that a call can take. */
export function mostOf(call: Call, { outputTokensMax }: CostParts): Most {
  const rawBytes = call.raw instanceof Uint8Array ? call.raw.length : 0;
  if (call.operation === "embed" || call.operation === "embeddings")
    return { usage: { inputTokens: rawBytes, outputTokens: 0 }, images: 0 };
  const { messages, tools, format, sampling, suffix } = dialects[call.dialect].decodeRequest(
    call.wire,
    call.operation,
  );
  const images = messages.reduce((sum, message) => sum + (message.images?.length ?? 0), 0);
  const spoken = messages.map(({ text, thinking = "", toolCalls = [] }) => [text, thinking, toolCalls]);
  const bytes = Buffer.byteLength(JSON.stringify([spoken, tools, format, suffix]));
  return {
    images,
    usage: {
      inputTokens: bytes + images * imageTokens + messages.length * messageTokens,
      outputTokens:
        Math.max(sampling.outputTokensMax ?? outputTokensMax, ...limitsOf(call)) * answersOf(call),
    },
  };
}

/** Who says two limits sends both on, and nobody knows which of them a provider keeps to. */
const limitsOf = ({ dialect, wire }: Call): readonly number[] =>
  dialect === "openai"
    ? ["max_completion_tokens", "max_tokens"].map((name) => countOf(field(wire, name)))
    : [];

/** How many answers are asked for at once. */
const answersOf = ({ wire }: Call): number =>
  Math.max(1, countOf(field(wire, "n")), countOf(field(wire, "best_of")));
