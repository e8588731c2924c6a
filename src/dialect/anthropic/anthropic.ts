import type { Dialect } from "../dialect.ts";
import { replay } from "./replay.ts";
import { decodeRequest } from "./request.ts";
import {
  decodeEnd,
  decodeWhole,
  encodeError,
  encodeResult,
  createEncoder,
  encodeStreamError,
} from "./stream.ts";
import { checkRequest } from "./wire.ts";

/** Anthropic's API as Ollama serves it, `/v1/messages`. */
export const anthropic: Dialect = {
  name: "anthropic",
  frame: "event",
  streamType: "text/event-stream",
  wholeType: "application/json",
  checkRequest,
  decodeRequest,
  createEncoder,
  encodeResult,
  encodeError,
  encodeStreamError,
  decodeEnd,
  decodeWhole,
  replay,
};
