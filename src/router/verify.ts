import type { Format } from "../core/chat.ts";
import type { FinishReason } from "../core/usage.ts";
import { tryParse } from "../lib/json.ts";
import { isLooping } from "./loop.ts";
import { saysItIsDated, saysNo } from "./phrases.ts";
import { isOfSchema } from "./schema.ts";
import { isInWrongScript } from "./script.ts";

/** What is wrong with an answer. `dated`: the model says that it does not know what is new. */
export type Fault =
  | "empty"
  | "cut"
  | "refusal"
  | "loop"
  | "broken_json"
  | "wrong_schema"
  | "dated"
  | "wrong_script";

export interface Answer {
  /** What was said so far, without thinking. */
  readonly text: string;
  /** False while more may come: then only what cannot become right any more is a fault. */
  readonly isComplete: boolean;
  /** How it ended; undefined when nobody said. */
  readonly finish: FinishReason | undefined;
  readonly format: Format | undefined;
  /** Of the question, as two letters; `und` for unknown. */
  readonly language: string;
  /** The user's own words: they tell whether another language was asked for. */
  readonly asked?: string | undefined;
  /** True when the client itself set how long the answer may be, so that its end there is no fault. */
  readonly isLimited?: boolean | undefined;
}

/** More of an answer is not looked at, but for its JSON. */
const lookedAt = 8_000;

/** The first fault of an answer, or undefined. Linear in the answer. */
export function judgeAnswer(answer: Answer): Fault | undefined {
  const { text, isComplete, finish, format } = answer;
  if (text.trim() === "") return isComplete && finish !== "tools" ? "empty" : undefined;
  if (isCut(answer)) return "cut";
  const part = text.slice(0, lookedAt);
  if (saysNo(part)) return refusalOf(part);
  if (isLooping(text.length > lookedAt ? part + text.slice(-lookedAt) : text)) return "loop";
  // An answer that calls tools says in them what it has to say.
  if (format !== undefined && finish !== "tools") return jsonFault(text, format, isComplete);
  return wordFault(part, answer);
}

/** Who cannot tell because it is too new may be told. */
const refusalOf = (part: string): Fault => (saysItIsDated(part) ? "dated" : "refusal");

function wordFault(part: string, { language, asked }: Answer): Fault | undefined {
  if (saysItIsDated(part)) return "dated";
  return isInWrongScript(part, { language, asked }) ? "wrong_script" : undefined;
}

function isCut({ isComplete, finish, isLimited }: Answer): boolean {
  if (!isComplete) return false;
  return finish === undefined || (finish === "length" && isLimited !== true);
}

function jsonFault(text: string, format: Format, isComplete: boolean): Fault | undefined {
  const trimmed = text.trim();
  if (!isComplete) return /^[[{"\d\-tfn]/.test(trimmed) ? undefined : "broken_json";
  const value = tryParse(trimmed);
  if (value === undefined) return "broken_json";
  return format === "json" || isOfSchema(value, format.schema) ? undefined : "wrong_schema";
}
