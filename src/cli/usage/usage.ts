import type { Flags } from "../../config/load.ts";
import type { JsonObject } from "../../lib/json.ts";
import { fail, failed, pageFrom } from "../daemon/print.ts";
import { exitCodes } from "../exit-codes.ts";
import { loadOrExplain } from "../inspect.ts";
import { num, object, objects, text } from "../read.ts";
import { tableOf } from "../table.ts";
import { askUsage } from "./ask.ts";

/** What can be said to `chasqui usage`. */
export interface UsageFlags extends Flags {
  readonly by?: string;
  readonly since?: string;
  readonly json?: boolean;
  readonly csv?: boolean;
}

/** `chasqui usage`: what was called and what it cost, from the daemon, or from its file when none runs. */
export async function usage(flags: UsageFlags): Promise<void> {
  if (flags.json === true && flags.csv === true)
    return fail("--json and --csv exclude each other", exitCodes.usage);
  const loaded = loadOrExplain(flags);
  if (loaded === undefined) return;
  try {
    const { place, body } = await askUsage(loaded, queryOf(flags));
    process.stdout.write(flags.csv === true || flags.json === true ? lineOf(body) : tableFrom(body, place));
  } catch (thrown) {
    failed(thrown);
  }
}

function queryOf({ by, since, csv }: UsageFlags): URLSearchParams {
  const query = new URLSearchParams({ by: by ?? "model", format: csv === true ? "csv" : "json" });
  if (since !== undefined) query.set("since", since);
  return query;
}

const lineOf = (body: string): string => (body.endsWith("\n") ? body : `${body}\n`);

function tableFrom(body: string, place: string): string {
  const page = pageFrom(body);
  const rows = objects(page["rows"]);
  const since = page["since"] === null ? "" : ` since ${text(page["since"])}`;
  if (rows.length === 0) return `${place}\nno calls${since}\n`;
  const by = text(page["by"]).toUpperCase();
  return `${place}\ncalls by ${text(page["by"])}${since}\n\n${rowsText(by, [...rows, { ...object(page["total"]), name: "total" }])}`;
}

const money = ["cost_usd", "avoided_usd", "baseline_usd", "saving_usd"] as const;

function rowsText(by: string, rows: readonly JsonObject[]): string {
  const widths = money.map((name) => Math.max(...rows.map((row) => text(row[name]).length)));
  const headings = ["COST USD", "AVOIDED USD", "BASELINE USD", "SAVING USD"];
  return tableOf(
    [by, "CALLS", "INPUT", "OUTPUT", ...headings.map((one, column) => one.padStart(widths[column] ?? 0))],
    rows.map((row) => [
      text(row["name"]),
      num(row["calls"]),
      num(row["input_tokens"]),
      num(row["output_tokens"]),
      ...money.map((name, column) =>
        text(row[name]).padStart(Math.max(widths[column] ?? 0, headings[column]?.length ?? 0)),
      ),
    ]),
  );
}
