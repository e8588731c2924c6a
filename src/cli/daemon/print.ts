import type { Flags } from "../../config/load.ts";
import { isObject, type JsonObject, tryParse } from "../../lib/json.ts";
import { exitCodes } from "../exit-codes.ts";
import { loadOrExplain } from "../inspect.ts";
import { originOf } from "./address.ts";
import { type Asked, askDaemon } from "./ask.ts";

/** What can be said to a command that prints a page of the daemon. */
export interface PrintFlags extends Flags {
  readonly json?: boolean;
}

/** Prints a page of the running daemon: its own JSON with `--json`, else the text that is made of it. */
export async function printPage(
  flags: PrintFlags,
  asked: Asked,
  shown: (page: JsonObject) => string,
): Promise<void> {
  const loaded = loadOrExplain(flags);
  if (loaded === undefined) return;
  const origin = originOf(loaded);
  try {
    const body = await askDaemon(origin, asked);
    if (body === undefined) throw new Error(`no daemon answers at ${origin}: start one with chasqui serve`);
    process.stdout.write(flags.json === true ? `${body.trimEnd()}\n` : shown(pageFrom(body)));
  } catch (thrown) {
    failed(thrown);
  }
}

/** A page as an object. Throws an Error for the user when it is none. */
export function pageFrom(body: string): JsonObject {
  const page = tryParse(body);
  if (isObject(page)) return page;
  throw new Error(`the answer is not understood: ${body.slice(0, 200)}`);
}

/** Says that a command cannot do what was asked, since it was asked in a wrong way. */
export function misused(problem: string): void {
  fail(`${problem}\nTry: chasqui --help`, exitCodes.usage);
}

/** Says why a command could not be carried out. */
export function failed(thrown: unknown): void {
  fail(thrown instanceof Error ? thrown.message : String(thrown), exitCodes.failed);
}

/** Says what is wrong, and with which code the program ends. */
export function fail(problem: string, code: number): void {
  process.stderr.write(`error: ${problem}\n`);
  process.exitCode = code;
}
