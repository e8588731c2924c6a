import { admit, type UnstoredReason } from "../cache/admission.ts";
import type { Cache } from "../cache/cache.ts";
import type { Plan } from "../cache/policy.ts";
import type { Call, Keeping } from "../core/call.ts";
import { dialects } from "../dialect/dialects.ts";
import { field, isObject, tryParse } from "../lib/json.ts";
import type { Clock } from "../lib/time.ts";
import type { Meaning } from "./meaning.ts";
import { wantsStream } from "./replayed.ts";

export interface KeepParts {
  readonly cache: Cache;
  readonly models: ModelFacts;
  readonly isAboutNow: (call: Call) => boolean;
  /** Undefined when questions are not compared by their meaning. */
  readonly meaning: Meaning | undefined;
  readonly clock: Clock;
}

/** What the catalog knows of a model. */
export interface ModelFacts {
  /** The key of a model's name. */
  readonly keyOf: (model: string) => string;
  /** Tokens a loaded model sees at once; undefined when it is not loaded. */
  readonly contextOf: (model: string) => number | undefined;
  readonly isLoaded: (model: string) => boolean;
  /** What tells a model from another one of the same name. */
  readonly digestOf: (model: string) => string | undefined;
}

/** A whole number that JavaScript may not hold; one within a text only costs that answer its place. */
const hugeInteger = /[:[,]\s*-?\d{16,}\s*[,}\]]/;

/** An answer as it came, whole. */
export interface Made {
  readonly call: Call;
  readonly plan: Plan;
  readonly bytes: Uint8Array;
  readonly tookMs: number;
  readonly keeping: Keeping | undefined;
}

/** Stores an answer when it may be given again; says why not otherwise. */
export function keepAnswer(
  parts: KeepParts,
  { call, plan, bytes, tookMs, keeping }: Made,
): UnstoredReason | undefined {
  const { replay: form } = dialects[call.dialect];
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  if (hugeInteger.test(text)) return "inexact";
  const whole = wantsStream(call) ? form.foldStream(bytes, call.operation) : tryParse(text);
  const facts = isObject(whole) ? form.judgeAnswer(whole, call.operation) : undefined;
  if (!isObject(whole) || facts === undefined) return "incomplete";
  const model = modelOf(call, keeping);
  const admitted = admit({
    answer: whole,
    facts,
    call,
    model: parts.models.keyOf(model),
    keeping,
    plan,
    contextTokens: contextOf(parts, { ...call, model }),
    isAboutNow: parts.isAboutNow(call),
    nowMs: parts.clock.epochMs(),
    tookMs,
  });
  if (typeof admitted === "string") return admitted;
  if (!parts.cache.fill(plan.place, admitted.kept, admitted.lifetime)) return "too_large";
  parts.meaning?.learn(call, plan.place);
  return undefined;
}

const modelOf = ({ model }: Call, keeping: Keeping | undefined): string => keeping?.model ?? model;

function contextOf({ models }: KeepParts, { dialect, wire, model }: Call): number | undefined {
  const options = dialect === "ollama" ? field(wire, "options") : undefined;
  const said = isObject(options) ? options["num_ctx"] : undefined;
  return typeof said === "number" ? said : models.contextOf(model);
}
