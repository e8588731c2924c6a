import type { Dialect } from "../dialect.ts";
import { replay } from "./replay.ts";
import { decodeRequest } from "./request.ts";
import { decodeResponses } from "./responses/request.ts";
import { encodeResponsesResult } from "./responses/response.ts";
import { createResponsesEncoder } from "./responses/stream.ts";
import {
  decodeEnd,
  decodeWhole,
  encodeError,
  encodeResult,
  createEncoder,
  encodeStreamError,
} from "./stream.ts";
import { checkRequest } from "./wire.ts";

/** OpenAI's API as Ollama serves it, `/v1/*` but `/v1/messages`. */
export const openai: Dialect = {
  name: "openai",
  frame: "event",
  streamType: "text/event-stream",
  wholeType: "application/json",
  checkRequest,
  decodeRequest: (wire, operation) =>
    operation === "responses" ? decodeResponses(wire) : decodeRequest(wire, operation),
  createEncoder: (reply) =>
    reply.operation === "responses" ? createResponsesEncoder(reply, reply.asked ?? {}) : createEncoder(reply),
  encodeResult: (result, reply) =>
    reply.operation === "responses"
      ? encodeResponsesResult(result, reply, reply.asked ?? {})
      : encodeResult(result, reply),
  encodeError,
  encodeStreamError,
  decodeEnd,
  decodeWhole,
  replay,
};
