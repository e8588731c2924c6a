import type { Tool, ToolChoice } from "../../../core/chat.ts";
import { field, isObject, type Json, type JsonObject } from "../../../lib/json.ts";
import { unknownFields } from "../../fields.ts";
import { toolOf } from "../../tools.ts";
import { textOf } from "../../values.ts";

const knownInTool = new Set(["type", "name", "description", "parameters"]);
const knownInNamespace = new Set(["type", "name", "tools"]);

/** What a client calls a function: its name and, for one of a group, the group's. */
export interface FunctionName {
  readonly name: string;
  readonly namespace: string | undefined;
}

/** A tool under the one name that models see, and what the client calls it. */
interface NamedTool extends FunctionName {
  readonly tool: Tool;
}

/** What a request says of tools. */
export interface Toolbox {
  readonly tools: readonly Tool[];
  readonly choice: ToolChoice | undefined;
  /** Whatever a model elsewhere cannot be given, by its path. */
  readonly dropped: readonly string[];
}

/** The tools of a request and which of them the model is to call. */
export function decodeTools(wire: JsonObject): Toolbox {
  const dropped = new Set<string>();
  const named = namedTools(field(wire, "tools"), (path) => dropped.add(path));
  const wanted = field(wire, "tool_choice");
  const { choice, allowed } = choiceOf(wanted, named);
  if (wanted !== undefined && choice === undefined) dropped.add("tool_choice");
  const tools = named.filter(({ name }) => allowed === undefined || allowed.has(name));
  return { tools: tools.map(({ tool }) => tool), choice, dropped: [...dropped] };
}

/** A function's name in the flat list that every model understands. */
export function flatName({ name, namespace }: FunctionName): string {
  if (namespace === undefined || namespace === "") return name;
  return namespace.endsWith("__") ? namespace + name : `${namespace}__${name}`;
}

/** What the client of a request calls the tools that it gave, by their flat names. */
export function clientNames(request: JsonObject): ReadonlyMap<string, FunctionName> {
  return new Map(namedTools(field(request, "tools"), () => {}).map((one) => [one.tool.name, one]));
}

function namedTools(tools: Json | undefined, drop: (path: string) => void): NamedTool[] {
  if (!Array.isArray(tools)) return [];
  return tools.filter(isObject).flatMap((tool) => {
    const inner = field(tool, "tools");
    if (field(tool, "type") !== "namespace" || !Array.isArray(inner))
      return functionOf(tool, undefined, drop);
    unknownFields(tool, knownInNamespace, "tools[].").forEach(drop);
    const namespace = textOf(field(tool, "name"));
    return inner.filter(isObject).flatMap((one) => functionOf(one, namespace, drop));
  });
}

/** Tools that OpenAI runs itself, or whose input is no JSON, exist nowhere else. */
function functionOf(
  tool: JsonObject,
  namespace: string | undefined,
  drop: (path: string) => void,
): NamedTool[] {
  const type = textOf(field(tool, "type"));
  if (type !== "function") {
    drop(`tools[].${type}`);
    return [];
  }
  unknownFields(tool, knownInTool, "tools[].").forEach(drop);
  const { name, description, parameters } = toolOf(tool, "parameters");
  return [{ name, namespace, tool: { name: flatName({ name, namespace }), description, parameters } }];
}

interface Choice {
  readonly choice: ToolChoice | undefined;
  /** The client's names of the tools it narrows the choice to; undefined for all. */
  readonly allowed?: ReadonlySet<string>;
}

function choiceOf(wanted: Json | undefined, named: readonly NamedTool[]): Choice {
  if (!isObject(wanted)) return { choice: modeOf(wanted) };
  const type = field(wanted, "type");
  if (type === "function") {
    const name = textOf(field(wanted, "name"));
    return { choice: { name: named.find((one) => one.name === name)?.tool.name ?? name } };
  }
  const allowed = field(wanted, "tools");
  if (type !== "allowed_tools" || !Array.isArray(allowed)) return { choice: undefined };
  const names = allowed.filter(isObject).map((one) => textOf(field(one, "name")));
  return { choice: modeOf(field(wanted, "mode")) ?? "auto", allowed: new Set(names) };
}

const modeOf = (mode: Json | undefined): ToolChoice | undefined =>
  mode === "auto" || mode === "none" || mode === "required" ? mode : undefined;
