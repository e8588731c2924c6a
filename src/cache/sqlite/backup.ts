import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import Database from "better-sqlite3";
import { checkFile, type Handle, sayingOf } from "./database.ts";
import type { BackupResult } from "./messages.ts";
import type { Tell } from "./slices.ts";

const pagesAtOnce = 1_000;

/** A whole copy, made while writes go on, checked before it takes its name. */
export async function runBackup(database: Handle, file: string, tell: Tell): Promise<BackupResult> {
  const beganMs = performance.now();
  const temporary = `${file}.part`;
  rmSync(temporary, { force: true });
  try {
    await copyInto(temporary, database, tell);
    renameSync(temporary, file);
  } catch (thrown) {
    rmSync(temporary, { force: true });
    throw thrown;
  }
  return { bytes: statSync(file).size, tookMs: Math.round(performance.now() - beganMs) };
}

async function copyInto(temporary: string, database: Handle, tell: Tell): Promise<void> {
  await database.backup(temporary, {
    progress({ totalPages, remainingPages }) {
      tell({ done: totalPages - remainingPages, total: totalPages });
      return pagesAtOnce;
    },
  });
  chmodSync(temporary, 0o600);
  sayingOf("the copy", () => settleCopy(temporary));
  const descriptor = openSync(temporary, "r+");
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/** A copy is one file: it needs no log beside it. Throws when it is damaged. */
function settleCopy(file: string): void {
  const copy = new Database(file);
  try {
    copy.pragma("journal_mode = DELETE");
    checkFile(copy);
  } finally {
    copy.close();
  }
}
