import type { Dialect } from "../dialect.ts";
import { replay } from "./replay.ts";
import { decodeRequest } from "./request.ts";
import {
  decodeEnd,
  decodeWhole,
  encodeError,
  encodeResult,
  encodeStream,
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
  decodeRequest,
  encodeStream,
  encodeResult,
  encodeError,
  encodeStreamError,
  decodeEnd,
  decodeWhole,
  replay,
};
