import type { JsonObject } from "../../lib/json.ts";
import { num, object, objects, printable, texts } from "../read.ts";
import { tableOf } from "../table.ts";

/** What `POST /api/analyze` says, for a reader. */
export function analysisText(page: JsonObject): string {
  const route = object(page["route"]);
  const candidates = objects(page["candidates"]);
  const rows: [string, string][] = [
    ["complexity", `${printable(page["complexity"])}${sharesText(object(page["probabilities"]))}`],
    ["needs search", `${yesNo(page["needs_search"])} (${num(page["freshness"]).toFixed(2)})`],
    ["task", `${printable(page["task"])}, in ${printable(page["language"])}, ${num(page["tokens"])} tokens`],
    ["tier", `${printable(route["tier"])}, sure to ${num(route["confidence"]).toFixed(2)}`],
    ...linesOf("reasons", texts(route["reasons"])),
    ["route", routeText(route)],
    ...linesOf("instead", others(candidates)),
    ...linesOf("missing", texts(route["missing"])),
    ...linesOf("private", privateText(route)),
  ];
  const told = rows.map(([name, value]) => `${name.padEnd(nameWidth)}${value}\n`).join("");
  return told + refusedText(candidates);
}

const nameWidth = 14;

const yesNo = (value: unknown): string => (value === true ? "yes" : "no");

/** How likely each tier is. */
function sharesText(shares: JsonObject): string {
  const parts = Object.entries(shares).map(([tier, share]) => `${tier} ${num(share).toFixed(2)}`);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

/** The name stands before the first of them. */
const linesOf = (name: string, lines: readonly string[]): [string, string][] =>
  lines.map((line, index) => [index === 0 ? name : "", line]);

function routeText(route: JsonObject): string {
  if (route["model"] === undefined) return "nobody may answer";
  const parts = [`${printable(route["model"])} at ${printable(route["upstream"])}`];
  if (route["search"] === true) parts.push("with web results");
  if (route["verify"] === true) parts.push("checked first");
  if (route["escalate_to"] !== undefined) parts.push(`else ${printable(route["escalate_to"])}`);
  if (route["locked"] === true) parts.push("as before, for a tool's result");
  return parts.join(", ");
}

const othersMax = 3;

/** Those who come after the first choice. */
function others(candidates: readonly JsonObject[]): string[] {
  const after = candidates.filter((one) => one["refused"] === undefined).slice(1);
  const names = after.slice(0, othersMax).map(whoText);
  return after.length > othersMax ? [...names, `and ${after.length - othersMax} more`] : names;
}

const whoText = (one: JsonObject): string => `${printable(one["model"])} at ${printable(one["upstream"])}`;

function privateText(route: JsonObject): string[] {
  if (route["private"] !== true) return [];
  const kinds = texts(route["private_kinds"]);
  return [kinds.length === 0 ? "its conversation is" : kinds.join(", ")];
}

function refusedText(candidates: readonly JsonObject[]): string {
  const refused = candidates.filter((one) => one["refused"] !== undefined);
  if (refused.length === 0) return "";
  const rows = refused.map((one) => [
    printable(one["model"]),
    printable(one["upstream"]),
    printable(one["max_cost_usd"]),
    printable(one["refused"]),
  ]);
  return `\n${tableOf(["REFUSED", "UPSTREAM", "MOST USD", "WHY"], rows)}`;
}
