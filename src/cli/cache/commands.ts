import { existsSync } from "node:fs";
import path from "node:path";
import type { Flags } from "../../config/load.ts";
import type { CachePages } from "../../http/cache-pages.ts";
import type { JsonObject } from "../../lib/json.ts";
import { failed, misused } from "../daemon/print.ts";
import { loadOrExplain } from "../inspect.ts";
import { num, object, objects, text } from "../read.ts";
import { checkFree, moveCopy, removeCopy, takeIn } from "./copies.ts";
import { type Desk, DeskError, openDesk } from "./desk.ts";
import { endText, entriesText, statsText } from "./shown.ts";

/** What can be said to `chasqui cache`. */
export interface CacheFlags extends Flags {
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly all?: boolean;
  readonly model?: string;
  readonly scope?: string;
  readonly key?: string;
  readonly olderThan?: string;
  readonly limit?: string;
}

type Job = "purge" | "verify" | "backup" | "restore";

/** `chasqui cache`, by what is said after it. */
export const cacheCommands = {
  stats: (flags: CacheFlags) =>
    atDesk(flags, async (desk) => {
      const stats = await lastOf(desk, "stats", {});
      print(flags, stats, () => statsText(stats, desk.place, desk.isDaemon));
    }),
  async ls(flags: CacheFlags) {
    const most = Number(flags.limit ?? 100);
    if (!Number.isInteger(most) || most < 1) return misused("--limit: expected a whole number from 1");
    await atDesk(flags, async (desk) => {
      const entries = await entriesFrom(desk, flags, most);
      print(flags, { entries }, () => (entries.length === 0 ? "nothing is stored\n" : entriesText(entries)));
    });
  },
  verify: (flags: CacheFlags) =>
    atDesk(flags, (desk) => work(desk, flags, { job: "verify", query: { dry_run: flags.dryRun } })),
  async purge(flags: CacheFlags) {
    const isAll = Object.values(filterOf(flags)).every((value) => value === undefined);
    if (isAll && flags.all !== true)
      return misused("say what is to go: --model, --scope, --key, --older-than, or --all");
    if (!isAll && flags.all === true) return misused("--all goes with no other filter");
    const query = { ...filterOf(flags), dry_run: flags.dryRun };
    await atDesk(flags, (desk) => work(desk, flags, { job: "purge", query }));
  },
  backup: (flags: CacheFlags, file = "") =>
    atDesk(flags, async (desk) => {
      if (file !== "") checkFree(file);
      await work(desk, flags, {
        job: "backup",
        query: {},
        ending: (end) => (file === "" ? end : movedTo(file, end)),
      });
    }),
  restore: (flags: CacheFlags, said: string) => atDesk(flags, (desk) => restore(desk, flags, said), true),
};

export type CacheCommand = keyof typeof cacheCommands;

async function atDesk(flags: CacheFlags, act: (desk: Desk) => Promise<void>, makes = false): Promise<void> {
  const loaded = loadOrExplain(flags);
  if (loaded === undefined) return;
  let desk: Desk | undefined;
  try {
    desk = await openDesk(loaded, makes);
    await act(desk);
  } catch (thrown) {
    failed(thrown);
  } finally {
    await desk?.close();
  }
}

const filterOf = ({ model, scope, key, olderThan }: CacheFlags) => ({
  model,
  scope,
  key,
  older_than: olderThan,
});

type Query = Readonly<Record<string, string | boolean | undefined>>;

function queryOf(said: Query): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(said)) if (value !== undefined) query.set(name, String(value));
  return query;
}

async function lastOf(desk: Desk, page: keyof CachePages, query: Query): Promise<JsonObject> {
  let last: JsonObject = {};
  for await (const line of desk.ask(page, queryOf(query))) last = line;
  return last;
}

const pageMax = 1_000;

async function entriesFrom(desk: Desk, flags: CacheFlags, most: number): Promise<JsonObject[]> {
  const entries: JsonObject[] = [];
  let after: string | undefined;
  do {
    const limit = String(Math.min(pageMax, most - entries.length));
    const { entries: some, next } = await lastOf(desk, "list", { ...filterOf(flags), limit, after });
    entries.push(...objects(some));
    after = typeof next === "string" ? next : undefined;
  } while (after !== undefined && entries.length < most);
  return entries;
}

interface Work {
  readonly job: Job;
  readonly query: Query;
  /** What is done with the end before it is told. */
  readonly ending?: (end: JsonObject) => JsonObject;
}

async function work(
  desk: Desk,
  flags: CacheFlags,
  { job, query, ending = (end) => end }: Work,
): Promise<void> {
  const stream = job === "purge" ? { stream: true } : {};
  let last: JsonObject = {};
  try {
    for await (const line of desk.ask(job, queryOf({ ...query, ...stream }))) {
      last = line;
      showProgress(line);
    }
  } finally {
    clearProgress();
  }
  const { status, ...end } = last;
  if (status !== "success") throw new DeskError("the answer broke off: whether it was done is not known");
  const told = ending(end);
  print(flags, told, () => endText(job, told));
}

function movedTo(file: string, end: JsonObject): JsonObject {
  const made = text(end["file"]);
  if (!existsSync(made))
    throw new DeskError(`the copy is made, but not where this command can see it: ${made}`);
  moveCopy(made, file);
  return { ...end, file: path.resolve(file) };
}

/** `said` is the name of a copy, or a file of one, which is taken in for as long as it takes. */
async function restore(desk: Desk, flags: CacheFlags, said: string): Promise<void> {
  const { dir, copies } = object((await lastOf(desk, "stats", {}))["backups"]);
  const isName = objects(copies).some(({ name }) => name === said);
  if (isName) return work(desk, flags, { job: "restore", query: { name: said } });
  if (!existsSync(said)) throw new DeskError(`there is no copy and no file of the name ${said}`);
  const name = `taken-in-${process.pid}.db`;
  const taken = takeIn(said, text(dir), name);
  try {
    await work(desk, flags, { job: "restore", query: { name } });
  } finally {
    removeCopy(taken);
  }
}

function print({ json }: CacheFlags, value: JsonObject, shown: () => string): void {
  process.stdout.write(json === true ? `${JSON.stringify(value)}\n` : shown());
}

function showProgress({ status, completed, total }: JsonObject): void {
  if (!process.stderr.isTTY || status === "success") return;
  const share =
    num(total) > 0
      ? ` ${Math.floor((num(completed) / num(total)) * 100)} % of ${num(total).toLocaleString("en-US")}`
      : "";
  process.stderr.write(`\r\u001b[K${text(status)}${share}`);
}

const clearProgress = (): void => void (process.stderr.isTTY && process.stderr.write("\r\u001b[K"));
