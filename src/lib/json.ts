import { firstJsonValue, isTooDeep } from "./json-scan.ts";

export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads the first JSON value of `bytes` and ignores what follows it, as Go's streaming decoder does.
 * Throws {@link import("./json-scan.ts").JsonSyntaxError} with Go's own words when there is none.
 */
export function parseFirst(bytes: Uint8Array): Json {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fast = tryParse(text.toString("utf8"));
  if (fast !== undefined && !isTooDeep(text)) return fast;
  const { start, end } = firstJsonValue(text);
  const value = tryParse(text.toString("utf8", start, end));
  if (value === undefined) throw new TypeError("the scanner accepted what JSON.parse refuses");
  return value;
}

/** Parses JSON text; undefined when it is not JSON. */
export function tryParse(text: string): Json | undefined {
  try {
    // JSON.parse returns nothing but Json.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/**
 * The value under `name`, whatever the case its key was written in; of several spellings the last one counts,
 * as in Go's decoder. `null` is reported as absent.
 */
export function field(object: JsonObject, name: string): Json | undefined {
  let found: Json | undefined;
  for (const key in object) {
    if (key === name || (key.length === name.length && key.toLowerCase() === name))
      found = object[key] ?? found;
  }
  return found;
}

const lineBreakers = /[\u0085\u2028\u2029]/g;

/**
 * One JSON value as one line without its newline. U+0085, U+2028 and U+2029 are escaped, because Python clients
 * split lines on them.
 */
export function stringifyLine(value: unknown): string {
  const text = JSON.stringify(value);
  return text.replace(lineBreakers, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
