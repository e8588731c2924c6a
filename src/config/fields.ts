import { z } from "zod";
import { parseSize } from "../lib/size.ts";
import { parseDuration } from "../lib/time.ts";

/** What a bad value is told, beside what it was. */
export const expected = (what: string) => ({ error: `expected ${what}` });

/** A text that `read` understands, or a complaint. The default is given as a text too, as one would write it. */
export function parsed<Value>(what: string, read: (text: string) => Value | undefined) {
  return z.union([z.string(), z.number()], expected(what)).transform((value, context): Value => {
    const result = read(String(value));
    if (result !== undefined) return result;
    context.addIssue({ code: "custom", message: `expected ${what}` });
    return z.NEVER;
  });
}

export type Unit = "duration" | "size";

/** In what a number of the configuration is written. */
const units = new WeakMap<z.core.$ZodType, Unit>();

function inUnit<Schema extends z.ZodType>(unit: Unit, schema: Schema): Schema {
  units.set(schema, unit);
  return schema;
}

const positive = (text: string): number | undefined => {
  const ms = parseDuration(text);
  return ms === undefined || ms < 1 ? undefined : ms;
};
/** A time without which the daemon could not work. */
export const wait = (fallback: string) =>
  inUnit("duration", parsed("a duration of at least 1ms, such as 30s or 5m", positive)).prefault(fallback);
const anyDuration = () => inUnit("duration", parsed("a duration such as 30s, 5m or 0", parseDuration));
export const duration = (fallback: string) => anyDuration().prefault(fallback);
/** A duration that may be left out, and then means nothing by itself. */
export const optionalDuration = () => anyDuration().optional();
export const size = (fallback: string) =>
  inUnit("size", parsed("a size such as 100MiB", parseSize)).prefault(fallback);
/** Variables hold texts, also those of numbers and of true and false. */
const numberFrom = (value: unknown): unknown =>
  typeof value === "string" && /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value;
export const booleanFrom = (value: unknown): unknown =>
  value === "true" ? true : value === "false" ? false : value;

export function whole(min: number) {
  const what = expected(`a whole number from ${min}`);
  return z.preprocess(numberFrom, z.int(what).min(min, what));
}
export const count = (fallback: number, min = 0) => whole(min).default(fallback);
export const share = (fallback: number) => {
  const what = expected("a share from 0 to 1");
  return z.preprocess(numberFrom, z.number(what).min(0, what).max(1, what)).default(fallback);
};
export function between(min: number, max: number) {
  const what = expected(`a whole number from ${min} to ${max}`);
  return z.preprocess(numberFrom, z.int(what).min(min, what).max(max, what));
}
export const text = (what: string) => z.string(expected(what)).min(1, expected(what));
export const list = <Item extends z.ZodType>(item: Item) => z.array(item, expected("a list")).default([]);

/** What an item of keys and values is written like. */
const examples = new WeakMap<z.core.$ZodType, string>();
/** A list of keys and values; `example` is an item as one would write it. */
export function listOfSections<Item extends z.ZodObject>(item: Item, example: string) {
  examples.set(item, example);
  return z.array(item, expected(`a list, e.g. [${example}]`)).default([]);
}
export const exampleOfItem = (item: z.core.$ZodType): string | undefined => examples.get(item);

/** true or false, also as a text. */
export const yesNo = (fallback: boolean) =>
  z.preprocess(booleanFrom, z.boolean(expected("true or false"))).default(fallback);

/** The unit of a schema's number, if it has one. */
export const unitOfSchema = (schema: z.core.$ZodType): Unit | undefined => units.get(schema);
