import type { Json } from "../lib/json.ts";

/** A string field; anything else counts as empty. */
export function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

/** A string or a list of them, as a list; other items are left out. */
export function stringsOf(value: Json | undefined): string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** A whole number that is not negative, e.g. a count of tokens; anything else is 0. */
export function countOf(value: Json | undefined): number {
  return typeof value === "number" && value > 0 ? Math.floor(value) : 0;
}

/** A limit on tokens: a whole number from 0; undefined for no limit, which Ollama spells as a negative one. */
export function limitOf(value: Json | undefined): number | undefined {
  return typeof value === "number" && value >= 0 ? Math.floor(value) : undefined;
}
