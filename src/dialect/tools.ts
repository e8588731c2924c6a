import type { Tool } from "../core/chat.ts";
import { field, isObject, stringifyLine, tryParse, type Json, type JsonObject } from "../lib/json.ts";
import { textOf } from "./values.ts";

/** Tools as Ollama and OpenAI write them: `{type: "function", function: {name, description, parameters}}`. */
export function functionTools(tools: Json | undefined): Tool[] {
  if (!Array.isArray(tools)) return [];
  return tools.filter(isObject).flatMap((tool) => {
    const described = field(tool, "function");
    return isObject(described) ? [toolOf(described, "parameters")] : [];
  });
}

/** One tool, its schema under the dialect's name for it. */
export function toolOf(described: JsonObject, schemaField: string): Tool {
  const description = textOf(field(described, "description"));
  const parameters = field(described, schemaField);
  return {
    name: textOf(field(described, "name")),
    description: description === "" ? undefined : description,
    parameters: isObject(parameters) ? parameters : undefined,
  };
}

const lineBreaks = /[\n\r\u0085\u2028\u2029]/;

/**
 * The arguments of a call as JSON text that stands on one line, digit for digit as the model wrote them where that is
 * possible; nothing at all counts as no arguments. Undefined when they are not a JSON object.
 */
export function argumentsText(written: string): string | undefined {
  if (written.trim() === "") return "{}";
  const value = tryParse(written);
  if (!isObject(value)) return undefined;
  return lineBreaks.test(written) ? stringifyLine(value) : written.trim();
}
