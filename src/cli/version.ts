import { readFileSync } from "node:fs";
import { isObject, tryParse } from "../lib/json.ts";

/** The version of this package. */
export function ownVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const manifest = tryParse(text);
  return isObject(manifest) && typeof manifest.version === "string" ? manifest.version : "unknown";
}
