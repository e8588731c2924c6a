import { readFileSync, statSync } from "node:fs";
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from "yaml";
import { isObject, type Json } from "../lib/json.ts";
import type { Problem } from "./problem.ts";
import type { Setting } from "./tree.ts";

/** A configuration file larger than this is not one. */
const fileBytesMax = 1_048_576;

export interface FileSettings {
  readonly settings: readonly Setting[];
  readonly problems: readonly Problem[];
  /** Where in the file a key stands, e.g. `config.yaml:12:3`; the file itself when it does not say it. */
  whereIs(path: readonly PropertyKey[]): string;
}

/** Reads a YAML file, `${VAR}` replaced from the environment. Problems are collected, not thrown. */
export function readConfigFile(path: string, environment: NodeJS.ProcessEnv): FileSettings {
  let source: string;
  try {
    if (statSync(path).size > fileBytesMax) throw new Error("larger than 1 MiB");
    source = readFileSync(path, "utf8");
  } catch (thrown) {
    const text = `cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    return { settings: [], problems: [{ where: path, key: "", text }], whereIs: () => path };
  }
  return readConfigText(source, path, environment);
}

/** The same for a text; `name` is what the file is called in messages. */
export function readConfigText(source: string, name: string, environment: NodeJS.ProcessEnv): FileSettings {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, logLevel: "error" });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const whereIs = (path: readonly PropertyKey[]): string => {
    const offset = offsetOf(document, path);
    return offset === undefined ? name : at(offset);
  };
  const syntax = document.errors.map((error) => ({
    where: at(error.pos[0]),
    key: "",
    text: error.message.split("\n")[0]?.replace(/ at line \d+.*$/, "") ?? "not YAML",
  }));
  if (syntax.length > 0) return { settings: [], problems: syntax, whereIs };
  return { ...settingsOf(document, { name, environment, whereIs }), whereIs };
}

interface Reading {
  readonly name: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly whereIs: FileSettings["whereIs"];
}

function settingsOf(
  document: Document,
  { name, environment, whereIs }: Reading,
): Pick<FileSettings, "settings" | "problems"> {
  let content: Json;
  try {
    // toJS of a parsed document gives nothing but JSON values.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    content = (document.toJS({ maxAliasCount: 100 }) ?? {}) as Json;
  } catch (thrown) {
    return {
      settings: [],
      problems: [{ where: name, key: "", text: thrown instanceof Error ? thrown.message : "bad aliases" }],
    };
  }
  if (!isObject(content)) {
    return { settings: [], problems: [{ where: `${name}:1:1`, key: "", text: "expected keys and values" }] };
  }
  const problems: Problem[] = [];
  const settings = leaves(content, []).map(({ path, value }) => {
    const where = whereIs(path);
    const expand = (variable: string): string | undefined => {
      const found = environment[variable];
      if (found === undefined) {
        problems.push({
          where,
          key: path.join("."),
          text: `the environment variable ${variable} is not set`,
        });
      }
      return found;
    };
    return { path: path.join("."), value: expanded(value, expand), origin: where };
  });
  return { settings, problems };
}

/** Values by path; lists and empty objects count as values, a key with nothing behind it says nothing. */
function leaves(value: Json, path: readonly string[]): { path: readonly string[]; value: Json }[] {
  if (value === null) return [];
  if (!isObject(value) || (Object.keys(value).length === 0 && path.length > 0)) return [{ path, value }];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

/** Replaces `${VAR}` in every text; `$${VAR}` stands for a literal `${VAR}`. */
function expanded(value: Json, read: (variable: string) => string | undefined): Json {
  if (typeof value === "string") {
    return value.replace(/(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, escape: string, variable: string) =>
      escape === "" ? (read(variable) ?? "") : whole.slice(1),
    );
  }
  if (Array.isArray(value)) return value.map((item) => expanded(item, read));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, expanded(inner, read)]));
}

/** The offset of a key (or, in a list, of an item) in the source; of the nearest one above it when it is not there. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const step of path) {
    const next = stepInto(node, step);
    if (next === undefined) return offset;
    offset = next.offset ?? offset;
    node = next.node;
  }
  return offset;
}

function stepInto(
  node: unknown,
  step: PropertyKey,
): { node: unknown; offset: number | undefined } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step);
    return isScalar(pair?.key) ? { node: pair.value, offset: offsetAt(pair.key) } : undefined;
  }
  if (!isSeq(node) || typeof step !== "number") return undefined;
  const item: unknown = node.items[step];
  return { node: item, offset: offsetAt(item) };
}

const offsetAt = (node: unknown): number | undefined =>
  isMap(node) || isScalar(node) || isSeq(node) ? node.range?.[0] : undefined;
