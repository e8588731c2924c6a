import { isObject, type Json, type JsonObject } from "../lib/json.ts";

/** Fields of an object that have a value but are not among the known ones, each under its path. */
export function unknownFields(object: JsonObject, known: ReadonlySet<string>, path = ""): string[] {
  return Object.entries(object)
    .filter(([name, value]) => isSaid(value) && !known.has(name.toLowerCase()))
    .map(([name]) => path + name);
}

/** The same for the objects of a list, each field once. */
export function unknownInList(list: Json | undefined, known: ReadonlySet<string>, path: string): string[] {
  if (!Array.isArray(list)) return [];
  return [...new Set(list.filter(isObject).flatMap((one) => unknownFields(one, known, path)))];
}

/** `null` and empty lists say nothing. */
const isSaid = (value: Json): boolean => value !== null && !(Array.isArray(value) && value.length === 0);
