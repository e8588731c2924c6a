import { isObject, type JsonObject } from "../lib/json.ts";

/** Members of an answer; what is of another kind reads as nothing. */
export const num = (value: unknown): number => (typeof value === "number" ? value : 0);
export const text = (value: unknown): string => (typeof value === "string" ? value : "");
export const object = (value: unknown): JsonObject => (isObject(value) ? value : {});
export const objects = (value: unknown): JsonObject[] =>
  Array.isArray(value) ? value.filter((one) => isObject(one)) : [];

/** Every text of a list. */
export const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string").map(printable) : [];

/** What strangers wrote must not steer the terminal that it is shown in. */
export const printable = (value: unknown): string =>
  text(value).replaceAll(/[\p{Cc}\p{Bidi_Control}]+/gu, " ");
