import type { JsonObject } from "../../lib/json.ts";
import { misused, printPage, type PrintFlags } from "../daemon/print.ts";
import { num, objects, printable, texts } from "../read.ts";
import { tableOf } from "../table.ts";

/** What can be said to `chasqui decisions`. */
export interface DecisionsFlags extends PrintFlags {
  readonly limit?: string;
}

/** As many as a screen shows. */
const usualLimit = "20";

/** `chasqui decisions`: what `auto` decided lately, the newest first. */
export async function decisions(flags: DecisionsFlags): Promise<void> {
  const { limit = usualLimit } = flags;
  if (!/^[1-9]\d*$/.test(limit)) return misused("--limit: expected a whole number from 1");
  const path = `/api/decisions?limit=${limit}`;
  await printPage(flags, { path, isForAdmins: true }, decisionsText);
}

function decisionsText(page: JsonObject): string {
  const rows = objects(page["decisions"]);
  if (rows.length === 0) return "nothing was decided yet\n";
  return tableOf(
    ["TIME", "TIER", "SURE", "MODEL", "UPSTREAM", "SEARCHED", "ESCALATED", "MISSING", "TOKENS", "WHY"],
    rows.map((row) => [
      printable(row["time"])
        .replace("T", " ")
        .replace(/\.\d+Z$/, "Z"),
      printable(row["tier"]),
      num(row["confidence"]).toFixed(2),
      row["model"] === undefined ? "nobody" : printable(row["model"]),
      printable(row["upstream"]),
      printable(row["searched"]),
      printable(row["escalated"]),
      texts(row["missing"]).join(", "),
      num(row["tokens"]),
      texts(row["reasons"])[0] ?? "",
    ]),
  );
}
