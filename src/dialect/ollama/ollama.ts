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

/** Ollama's own API, `/api/*`. */
export const ollama: Dialect = {
  name: "ollama",
  frame: "line",
  streamType: "application/x-ndjson",
  wholeType: "application/json; charset=utf-8",
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
