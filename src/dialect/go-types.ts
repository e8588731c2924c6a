import { isObject, type Json, type JsonObject } from "../lib/json.ts";
import { parseDuration } from "../lib/time.ts";

/**
 * Type checks that fail with the words of Go's encoding/json, because clients of Ollama match them.
 * A check takes a value and the name of its field (`ChatRequest.messages.content`) and returns the complaint, if any.
 */
export type Check = (value: Json, path: string) => string | undefined;

const kinds: Readonly<Record<string, string>> = { string: "string", number: "number", boolean: "bool" };

function kindOf(value: Json): string {
  if (Array.isArray(value)) return "array";
  return kinds[typeof value] ?? "object";
}

const mismatch = (kind: string, path: string, go: string): string =>
  `json: cannot unmarshal ${kind} into Go struct field ${path} of type ${go}`;

const scalar =
  (go: string, kind: string): Check =>
  (value, path) =>
    kindOf(value) === kind ? undefined : mismatch(kindOf(value), path, go);

export const goString = scalar("string", "string");
export const goBool = scalar("bool", "bool");
export const goMap = scalar("map[string]interface {}", "object");

export const goFloat = scalar("float64", "number");

export const goInt: Check = (value, path) => {
  if (typeof value !== "number") return mismatch(kindOf(value), path, "int");
  return Number.isInteger(value) ? undefined : mismatch(`number ${value}`, path, "int");
};

/** A list of `element`; `go` is the name of the list's type. */
export const goSlice =
  (go: string, element: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value)) return mismatch(kindOf(value), path, go);
    return firstComplaint(value, (item) => (item === null ? undefined : element(item, path)));
  };

/** An object whose known fields are checked in the order they were written; unknown ones are ignored. */
export const goStruct =
  (go: string, fields: Readonly<Record<string, Check>>): Check =>
  (value, path) =>
    isObject(value) ? checkFields(value, path, fields) : mismatch(kindOf(value), path, go);

/** Checks a whole request body; `root` is the Go type's name, `package.Name`. */
export function checkBody(
  body: Json,
  root: string,
  fields: Readonly<Record<string, Check>>,
): string | undefined {
  if (body === null) return undefined;
  if (!isObject(body)) return `json: cannot unmarshal ${kindOf(body)} into Go value of type ${root}`;
  return checkFields(body, root.slice(root.indexOf(".") + 1), fields);
}

function checkFields(
  value: JsonObject,
  path: string,
  fields: Readonly<Record<string, Check>>,
): string | undefined {
  return firstComplaint(Object.entries(value), ([key, inner]) => {
    const name = key.toLowerCase();
    const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
    return check === undefined || inner === null ? undefined : check(inner, `${path}.${name}`);
  });
}

function firstComplaint<Item>(
  items: readonly Item[],
  complain: (item: Item) => string | undefined,
): string | undefined {
  for (const item of items) {
    const complaint = complain(item);
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

/** Bytes as Go reads them: standard base64 with padding, line breaks ignored. */
export const goBase64 =
  (go: string): Check =>
  (value, path) => {
    if (typeof value !== "string") return mismatch(kindOf(value), path, go);
    const at = base64ErrorAt(value);
    return at === undefined ? undefined : `illegal base64 data at input byte ${at}`;
  };

/** Where Go's decoder stops, if it does; the whole text is only walked when something is wrong with it. */
function base64ErrorAt(text: string): number | undefined {
  if (text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  let place = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] ?? "";
    if (letter === "\n" || letter === "\r") continue;
    if (letter === "=") return paddingErrorAt(text, at, place % 4);
    if (!/[A-Za-z0-9+/]/.test(letter)) return at;
    place += 1;
  }
  return place % 4 === 0 ? undefined : text.length - (place % 4);
}

/** Padding may only complete a group of four, and end the text. */
function paddingErrorAt(text: string, at: number, place: number): number | undefined {
  if (place < 2) return at;
  const rest = [...text.slice(at + 1).matchAll(/[^\r\n]/g)].map((match) => at + 1 + match.index);
  if (place === 2) {
    const second = rest.shift();
    if (second === undefined) return text.length;
    if (text[second] !== "=") return second - 1;
  }
  return rest[0];
}

const durationUnits = new Set(["ns", "us", "µs", "μs", "ms", "s", "m", "h"]);

/** `keep_alive`: seconds as a number, or a Go duration. */
export const goKeepAlive: Check = (value) => {
  if (typeof value === "number") return undefined;
  if (typeof value === "string") return durationComplaint(value);
  const go =
    typeof value === "boolean" ? "bool" : Array.isArray(value) ? "[]interface {}" : "map[string]interface {}";
  return `Unsupported type: '${go}'`;
};

function durationComplaint(text: string): string | undefined {
  const quoted = goQuoted(text);
  const unsigned = text.replace(/^[+-]/, "");
  if (unsigned === "0") return undefined;
  const parts = [...unsigned.matchAll(/(\d+\.?\d*|\.\d+)([^\d.]*)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join("") !== unsigned) {
    return `time: invalid duration ${quoted}`;
  }
  for (const [, , unit = ""] of parts) {
    if (unit === "") return `time: missing unit in duration ${quoted}`;
    if (!durationUnits.has(unit)) return `time: unknown unit ${goQuoted(unit)} in duration ${quoted}`;
  }
  return overflows(parts) ? `time: invalid duration ${quoted}` : undefined;
}

/** A Go duration is a 64-bit count of nanoseconds. */
function overflows(parts: readonly RegExpMatchArray[]): boolean {
  const totalMs = parts.reduce((sum, [part]) => sum + (parseDuration(part.replace("μ", "µ")) ?? 0), 0);
  return totalMs * 1e6 >= 2 ** 63;
}

/** A text in quotes as Go's time package writes it: everything beyond ASCII as the bytes of its UTF-8. */
function goQuoted(text: string): string {
  const letters = Array.from(Buffer.from(text), (byte) => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    return byte >= 0x80 || byte < 0x20
      ? `\\x${byte.toString(16).padStart(2, "0")}`
      : String.fromCharCode(byte);
  });
  return `"${letters.join("")}"`;
}

const thinkLevels = '"high", "medium", "low", "max", true, or false';

/** `think`: a boolean or a level. */
export const goThink: Check = (value) => {
  if (typeof value === "boolean") return undefined;
  if (typeof value !== "string") return `think must be a boolean or string (${thinkLevels})`;
  if (["high", "medium", "low", "max"].includes(value)) return undefined;
  return `invalid think value: ${JSON.stringify(value)} (must be ${thinkLevels})`;
};

/** Anything goes. */
export const goAny: Check = () => undefined;
