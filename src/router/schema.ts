import { isObject, type Json, type JsonObject } from "../lib/json.ts";

/** Deeper, or more values, are taken as they are: a check must not cost more than the answer. */
const depthMax = 32;
const valuesMax = 20_000;

interface Walk {
  readonly root: JsonObject;
  left: number;
}

/**
 * Whether a value is of a JSON schema, as far as the words that structured answers use: type, enum, const, properties,
 * required, additionalProperties false, items, prefixItems, minItems, maxItems, anyOf, oneOf, allOf, and references
 * within the schema. Other words let everything pass, so that no good answer is called broken.
 */
export function isOfSchema(value: Json, schema: JsonObject): boolean {
  return fits(value, schema, { walk: { root: schema, left: valuesMax }, depth: 0 });
}

interface Place {
  readonly walk: Walk;
  readonly depth: number;
}

function fits(value: Json, schema: Json | undefined, { walk, depth }: Place): boolean {
  if (schema === false) return false;
  if (!isObject(schema) || depth > depthMax || walk.left <= 0) return true;
  walk.left -= 1;
  const inside = { walk, depth: depth + 1 };
  return rules.every((isKept) => isKept(value, schema, inside));
}

type Rule = (value: Json, schema: JsonObject, place: Place) => boolean;

const rules: readonly Rule[] = [
  (value, { $ref: ref }, place) =>
    typeof ref !== "string" || fits(value, referred(place.walk.root, ref), place),
  (value, schema) => isOfType(value, schema["type"]),
  isListed,
  isOfChoices,
  (value, schema, place) => !isObject(value) || isObjectOf(value, schema, place),
  (value, schema, place) => !Array.isArray(value) || isListOf(value, schema, place),
];

function referred(root: JsonObject, ref: string): Json | undefined {
  if (!ref.startsWith("#")) return undefined;
  let found: Json | undefined = root;
  for (const part of ref.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    found = isObject(found) ? own(found, key) : undefined;
  }
  return found;
}

const own = (object: JsonObject, key: string): Json | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined;

function isOfType(value: Json, type: Json | undefined): boolean {
  if (Array.isArray(type)) return type.some((one) => isOfType(value, one));
  if (typeof type !== "string") return true;
  const own = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  if (type === "integer") return Number.isInteger(value);
  return own === type || !known.has(type);
}

/** Types of another name are nobody's, and not held against an answer. */
const known = new Set(["object", "array", "null", "string", "number", "boolean"]);

function isListed(value: Json, schema: JsonObject): boolean {
  const { enum: listed, const: only } = schema;
  if (Array.isArray(listed) && !listed.some((one) => isSame(one, value))) return false;
  return only === undefined || isSame(only, value);
}

const isSame = (one: Json, other: Json): boolean =>
  one === other || (typeof one === "object" && JSON.stringify(one) === JSON.stringify(other));

function isOfChoices(value: Json, { anyOf, oneOf, allOf }: JsonObject, place: Place): boolean {
  const one = (schema: Json): boolean => fits(value, schema, place);
  if (Array.isArray(anyOf) && !anyOf.some(one)) return false;
  if (Array.isArray(oneOf) && !oneOf.some(one)) return false;
  return !Array.isArray(allOf) || allOf.every(one);
}

function isObjectOf(value: JsonObject, schema: JsonObject, place: Place): boolean {
  const { properties, required, additionalProperties: others } = schema;
  const told = isObject(properties) ? properties : {};
  const lacks = (name: Json): boolean => typeof name === "string" && !Object.hasOwn(value, name);
  if (Array.isArray(required) && required.some(lacks)) return false;
  return Object.entries(value).every(([name, one]) => {
    if (Object.hasOwn(told, name)) return fits(one, told[name], place);
    if (others === false) return "patternProperties" in schema;
    return fits(one, others, place);
  });
}

function isListOf(value: Json[], schema: JsonObject, place: Place): boolean {
  const { items, prefixItems, minItems, maxItems } = schema;
  if (typeof minItems === "number" && value.length < minItems) return false;
  if (typeof maxItems === "number" && value.length > maxItems) return false;
  const first = Array.isArray(prefixItems) ? prefixItems : [];
  return value.every((one, index) => fits(one, index < first.length ? first[index] : items, place));
}
