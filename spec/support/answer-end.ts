import type { Operation } from "../../src/core/call.ts";
import type { AnswerEnd, Dialect } from "../../src/dialect/dialect.ts";
import { isObject, tryParse } from "../../src/lib/json.ts";

/** How an answer ended: a whole one when `text` is one JSON object, else the frames of a stream. */
export function endOf(dialect: Dialect, text: string, operation: Operation): AnswerEnd {
  const whole = tryParse(text);
  return isObject(whole)
    ? dialect.decodeWhole(whole, operation)
    : dialect.decodeEnd(Buffer.from(text), operation);
}
