import { setTimeout as sleep } from "node:timers/promises";
import type { Handle } from "./database.ts";
import type { JobProgress } from "./messages.ts";

export interface JobParts {
  readonly database: Handle;
  readonly bytesMax: number;
  /** Whether the last batch found no room. */
  readonly isFull: boolean;
}

export interface JobDone {
  readonly result: unknown;
  /** By how many entries the file grew. */
  readonly grown: number;
}

export type Tell = (progress: JobProgress) => void;

/** Rows that are dealt with at once. */
export const sliceRows = 100;

/** The pause after a slice, in which writes get their turn. */
export const turn = (): Promise<void> => sleep(20);

export function countOf(database: Handle): number {
  return Number(database.prepare("SELECT count(*) FROM entry").pluck().get());
}
