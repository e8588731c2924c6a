import { stringify } from "yaml";
import { isObject, type Json } from "../lib/json.ts";
import { formatHostPort } from "../lib/address.ts";
import { formatSize } from "../lib/size.ts";
import { formatDuration } from "../lib/time.ts";
import type { Loaded } from "./load.ts";
import { leafPaths, secretKeys, unitOf } from "./schema.ts";
import { originOf, valueAt } from "./tree.ts";

/** One key of the effective configuration. */
export interface ShownSetting {
  readonly key: string;
  /** As one would write it; secrets are masked. */
  readonly value: Json;
  readonly origin: string;
}

/** The effective configuration, every key with where its value came from. Holds no secret. */
export function effectiveSettings({ config, origins, dataDir }: Loaded): ShownSetting[] {
  return leafPaths().map((key) => {
    const value = key === "data_dir" ? dataDir : valueAt(config, key.split("."));
    return { key, value: written(key, value), origin: originOf(origins, key) ?? "default" };
  });
}

/** The same as YAML with the origins as comments. */
export function formatSettings(settings: readonly ShownSetting[]): string {
  const lines: string[] = [];
  let open: readonly string[] = [];
  for (const { key, value, origin } of settings) {
    const sections = key.split(".");
    const name = sections.pop() ?? "";
    const same = sections.findIndex((section, depth) => section !== open[depth]);
    for (const [depth, section] of sections.entries())
      if (same >= 0 && depth >= same) lines.push(`${"  ".repeat(depth)}${section}:`);
    open = sections;
    const indent = "  ".repeat(sections.length);
    const text = stringify({ [name]: value }, { lineWidth: 0 }).trimEnd();
    lines.push(`${indent}${text.replaceAll("\n", `\n${indent}`)}  # ${origin}`);
  }
  return `${lines.join("\n")}\n`;
}

function written(key: string, value: unknown): Json {
  if (typeof value === "number") return writtenNumber(key, value);
  return isHostPort(value) ? formatHostPort(value) : masked(value);
}

function writtenNumber(key: string, value: number): Json {
  const unit = unitOf(key);
  if (unit === "duration") return formatDuration(value);
  return unit === "size" ? formatSize(value) : value;
}

function isHostPort(value: unknown): value is { host: string; port: number } {
  return typeof value === "object" && value !== null && "host" in value && "port" in value;
}

function masked(value: unknown): Json {
  // The configuration holds nothing that JSON does not.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const plain = value as Json | undefined;
  if (Array.isArray(plain)) return plain.map(masked);
  if (!isObject(plain)) return plain ?? null;
  return Object.fromEntries(
    Object.entries(plain)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, secretKeys.has(key) ? "********" : masked(inner)]),
  );
}
