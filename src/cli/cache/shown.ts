import type { JsonObject } from "../../lib/json.ts";
import { num, object, objects, text } from "../read.ts";
import { tableOf } from "../table.ts";
import { agoText, bytesText } from "./amounts.ts";

const percent = (rate: unknown): string => `${(num(rate) * 100).toFixed(1)} %`;
const ago = (iso: unknown): string => agoText(Date.now() - Date.parse(text(iso)));

/** The part of a model's key that people say. */
const modelText = (key: unknown): string => text(key).replace(/^registry\.ollama\.ai\/(?:library\/)?/, "");

/** What the cache holds and how it does. */
export function statsText(stats: JsonObject, place: string, isDaemon: boolean): string {
  const { dir, copies } = object(stats["backups"]);
  const saved = object(stats["saved"]);
  const counted = isDaemon
    ? `requests ${num(stats["requests"]).toLocaleString("en-US")}, hits ${percent(stats["overall_hit_rate"])}, ` +
      `of what may be cached ${percent(stats["eligible_hit_rate"])}; ` +
      `saved ${num(saved["output_tokens"]).toLocaleString("en-US")} tokens and ${agoText(num(saved["seconds"]) * 1_000)}\n`
    : "";
  const stored = objects(stats["stored"]);
  return [
    isDaemon ? `the daemon at ${place}\n${counted}` : `no daemon runs: the files in ${place}\n`,
    tiersText(object(stats["tiers"])),
    stored.length === 0
      ? "nothing is on disk\n"
      : tableOf(
          ["MODEL", "SCOPE", "ENTRIES"],
          stored.map((row) => [modelText(row["model"]), text(row["scope"]), num(row["entries"])]),
        ),
    `copies in ${text(dir)}: ${objects(copies).length}\n${copiesText(objects(copies))}`,
    stats["busy"] === null ? "" : `${text(stats["busy"])} is under way\n`,
  ]
    .filter((part) => part !== "")
    .join("\n");
}

const tiersText = (tiers: JsonObject): string =>
  tableOf(
    ["TIER", "STATE", "ENTRIES", "SIZE", "LOOKUPS", "HITS", "P50 MS", "P99 MS", "DROPPED"],
    Object.entries(tiers).map(([name, tier]) => {
      const { state, entries, bytes, lookups, hits, latency_ms, dropped_writes } = object(tier);
      const { p50, p99 } = object(latency_ms);
      return [
        name,
        text(state),
        entries === undefined ? "?" : num(entries).toLocaleString("en-US"),
        bytes === undefined ? "?" : bytesText(num(bytes)),
        num(lookups),
        num(hits),
        num(p50),
        num(p99),
        num(dropped_writes),
      ];
    }),
  );

const copiesText = (copies: readonly JsonObject[]): string =>
  copies
    .map(
      (copy) => `  ${text(copy["name"])}  ${bytesText(num(copy["bytes"]))}  ${ago(copy["created_at"])} ago\n`,
    )
    .join("");

/** Entries as a table. */
export const entriesText = (entries: readonly JsonObject[]): string =>
  tableOf(
    ["KEY", "MODEL", "SCOPE", "SIZE", "HITS", "AGE", "LAST HIT"],
    entries.map((row) => [
      text(row["key"]).slice(0, 12),
      modelText(row["model"]),
      text(row["scope"]),
      bytesText(num(row["bytes"])),
      num(row["hits"]),
      ago(row["created_at"]),
      num(row["hits"]) === 0 ? "never" : ago(row["last_hit_at"]),
    ]),
  );

/** The end of a job, in a sentence. */
export function endText(job: "purge" | "verify" | "backup" | "restore", end: JsonObject): string {
  const entries = `${num(end["entries"]).toLocaleString("en-US")} ${num(end["entries"]) === 1 ? "entry" : "entries"}`;
  const isDry = end["dry_run"] === true;
  const sentences = {
    purge: () =>
      `${isDry ? "would remove" : "removed"} ${entries}, ${bytesText(num(end["bytes"]))}\n${purgedText(end)}`,
    verify: () => `looked at ${entries}: ${damagedText(object(end["damaged"]), isDry)}\n`,
    backup: () => `copied ${bytesText(num(end["bytes"]))} to ${text(end["file"])}\n`,
    restore: () =>
      `restored ${entries}; ${num(end["expired"])} had expired, ${num(end["refused"])} could not be read; ` +
      `what was there before is the copy ${text(end["before"])}\n${end["whole"] === true ? "" : "The file was full before all of it was there.\n"}`,
  };
  return sentences[job]();
}

const purgedText = (end: JsonObject): string =>
  Object.entries(object(end["tiers"]))
    .map(([tier, part]) => `  ${tier}: ${num(object(part)["entries"]).toLocaleString("en-US")}\n`)
    .join("");

function damagedText(damaged: JsonObject, isDry: boolean): string {
  const kinds = Object.entries(damaged).map(([kind, count]) => `${num(count)} ${kind}`);
  return kinds.length === 0 ? "all are good" : `${isDry ? "found" : "removed"} ${kinds.join(", ")}`;
}
