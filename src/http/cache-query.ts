import type { EntryFilter } from "../cache/sqlite/messages.ts";
import { ProxyError } from "../core/error.ts";
import { parseDuration, type Clock } from "../lib/time.ts";

/** The parameters that say which entries are meant. */
export const filters = ["model", "scope", "key", "older_than"];

export function filterFrom(query: URLSearchParams, clock: Clock): EntryFilter {
  const olderThan = query.get("older_than");
  const ageMs = olderThan === null ? undefined : parseDuration(olderThan);
  if (olderThan !== null && ageMs === undefined)
    throw bad("older_than: expected a duration such as 30m or 7d");
  const key = query.get("key");
  return {
    model: query.get("model") ?? undefined,
    scope: query.get("scope") ?? undefined,
    keyPrefix: key === null ? undefined : hex(key, "key"),
    beforeMs: ageMs === undefined ? undefined : clock.epochMs() - ageMs,
  };
}

/** A misspelt filter must not remove everything. */
export function check(query: URLSearchParams, known: readonly string[]): void {
  for (const [name, value] of query) {
    if (!known.includes(name))
      throw bad(
        `${name}: unknown; ${known.length === 0 ? "there are none" : `there are ${known.join(", ")}`}`,
      );
    if (value === "") throw bad(`${name}: expected a value`);
  }
}

/** Whether a parameter is `true`. */
export function flag(query: URLSearchParams, name: string, byDefault: boolean): boolean {
  const said = query.get(name) ?? String(byDefault);
  if (said !== "true" && said !== "false") throw bad(`${name}: expected true or false`);
  return said === "true";
}

export function wholeFrom(query: URLSearchParams, name: string, { byDefault, most }: Whole): number {
  const number = Number(query.get(name) ?? byDefault);
  if (!Number.isInteger(number) || number < 1 || number > most)
    throw bad(`${name}: expected a whole number from 1 to ${most}`);
  return number;
}

interface Whole {
  readonly byDefault: number;
  readonly most: number;
}

export function hex(text: string, name: string): string {
  if (/^[0-9a-f]{0,32}$/i.test(text)) return text;
  throw bad(`${name}: expected up to 32 hexadecimal digits`);
}

export const bad = (text: string): ProxyError => new ProxyError("invalid_request", text);
