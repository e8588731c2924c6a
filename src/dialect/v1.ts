import type { ProxyError } from "../core/error.ts";
import { isObject, stringifyLine, tryParse, type JsonObject } from "../lib/json.ts";
import type { AnswerEnd, EncodedError } from "./dialect.ts";

/** What the two dialects under `/v1` have in common as Ollama serves them. */

/** Request validation answers with a charset and no newline, handlers without and with. */
export function encodeV1Error(error: ProxyError, wire: JsonObject): EncodedError {
  const body = stringifyLine(wire);
  return error.code === "invalid_request"
    ? { contentType: "application/json; charset=utf-8", body }
    : { contentType: "application/json", body: `${body}\n` };
}

/** The end of a stream from the data of its last events, each read by `decode`. */
export function foldEnds(events: readonly string[], decode: (event: JsonObject) => AnswerEnd): AnswerEnd {
  const ends = events
    .map((data) => tryParse(data))
    .filter(isObject)
    .map(decode);
  return {
    complete: ends.some((end) => end.complete),
    error: ends.find((end) => end.error !== undefined)?.error,
    usage: ends.findLast((end) => end.usage !== undefined)?.usage,
  };
}
