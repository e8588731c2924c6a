import { isObject, type Json, type JsonObject } from "../lib/json.ts";

/** A value that one source gives for one key. */
export interface Setting {
  readonly path: string;
  readonly value: Json;
  /** Where it was said, for people. */
  readonly origin: string;
}

/** Puts settings into one tree, later ones over earlier ones, and keeps where each came from. */
export function assemble(settings: readonly Setting[]): {
  tree: JsonObject;
  origins: ReadonlyMap<string, string>;
} {
  const tree: JsonObject = Object.create(null);
  const origins = new Map<string, string>();
  for (const { path, value, origin } of settings) {
    place(tree, path.split("."), value);
    origins.set(path, origin);
  }
  return { tree, origins };
}

function place(tree: JsonObject, path: readonly string[], value: Json): void {
  const [key = "", ...rest] = path;
  if (rest.length === 0) {
    tree[key] = value;
    return;
  }
  const branch = tree[key];
  const next: JsonObject = isObject(branch) ? branch : Object.create(null);
  tree[key] = next;
  place(next, rest, value);
}

/**
 * Where the value at `path` came from: its own origin, or that of the nearest key above it. Undefined for a default.
 */
export function originOf(origins: ReadonlyMap<string, string>, path: string): string | undefined {
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const origin = origins.get(at);
    if (origin !== undefined) return origin;
  }
  return undefined;
}

/** The value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}
