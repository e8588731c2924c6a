import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { DeskError } from "./desk.ts";

const besides = ["", ".secret"];

/** Throws DeskError when a copy cannot be put there. */
export function checkFree(file: string): void {
  for (const ending of besides)
    if (existsSync(file + ending)) throw new DeskError(`${file + ending} is there already`);
  if (!existsSync(path.dirname(path.resolve(file))))
    throw new DeskError(`${path.dirname(file)} is no directory`);
}

/** Moves a copy and its secret, across file systems as well. */
export function moveCopy(from: string, to: string): void {
  for (const ending of besides) copyPrivately(from + ending, to + ending);
  removeCopy(from);
}

/** Takes a copy into the directory of copies, under a name of its own; its secret with it, if there is one. */
export function takeIn(file: string, dir: string, name: string): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const to = path.join(dir, name);
  copyPrivately(file, to);
  if (existsSync(`${file}.secret`)) copyPrivately(`${file}.secret`, `${to}.secret`);
  return to;
}

export function removeCopy(file: string): void {
  for (const ending of besides) rmSync(file + ending, { force: true });
}

function copyPrivately(from: string, to: string): void {
  copyFileSync(from, to);
  chmodSync(to, 0o600);
}
