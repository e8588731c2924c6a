import type { JsonObject } from "../../lib/json.ts";
import { misused, printPage, type PrintFlags } from "../daemon/print.ts";
import { object, objects, printable, texts } from "../read.ts";

/** What can be said to `chasqui search`. */
export interface SearchFlags extends PrintFlags {
  readonly max?: string;
}

/** `chasqui search QUERY`: what the web has, ranked, as a model would be given it. */
export async function search(flags: SearchFlags, query: string): Promise<void> {
  const { max } = flags;
  if (query.trim() === "") return misused("there is nothing to search for");
  if (max !== undefined && !/^[1-9]\d*$/.test(max)) return misused("--max: expected a whole number from 1");
  const body = { query, ...(max === undefined ? {} : { max_results: Number(max) }) };
  await printPage(flags, { path: "/api/search", body }, foundText);
}

function foundText(page: JsonObject): string {
  const results = objects(page["results"]);
  const redacted = texts(page["redacted"]);
  const notes = [
    ...(results.length === 0 ? ["nothing was found"] : []),
    ...(redacted.length === 0 ? [] : [`left out of the query: ${redacted.join(", ")}`]),
    ...objects(page["reasons"]).map(reasonText),
  ];
  return [...results.map(resultText), ...notes.map((note) => `${note}\n`)].join(
    results.length === 0 ? "" : "\n",
  );
}

function resultText(result: JsonObject, index: number): string {
  const number = `${index + 1}.`.padEnd(4);
  const published = printable(result["published"]).slice(0, "2026-01-31".length);
  const from = [printable(result["engine"]), published].filter((part) => part !== "").join(", ");
  const lines = [printable(result["title"]), printable(result["url"]), printable(result["snippet"]), from];
  return lines
    .filter((line) => line !== "")
    .map((line, at) => `${at === 0 ? number : " ".repeat(number.length)}${line}\n`)
    .join("");
}

function reasonText(reason: JsonObject): string {
  const { provider, message } = object(reason);
  return `${printable(provider)}: ${printable(message)}`;
}
