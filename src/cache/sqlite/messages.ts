import type { EntryFault } from "../entry.ts";
import type { EntryNote } from "../tier.ts";

/** Which entries are meant; what is left out does not narrow. */
export interface EntryFilter {
  /** A model's key or name, in which `*` stands for any text. */
  readonly model?: string | undefined;
  readonly scope?: string | undefined;
  /** The first digits of a key, in hexadecimal. */
  readonly keyPrefix?: string | undefined;
  /** Made before this time, in milliseconds since 1970. */
  readonly beforeMs?: number | undefined;
}

/** An entry as a list shows it. */
export interface EntryRow extends EntryNote {
  /** Hexadecimal. */
  readonly key: string;
  readonly lastHitMs: number;
  readonly hits: number;
  readonly bytes: number;
}

/** What a cleanup did. */
export interface SweepResult {
  readonly expired: number;
  /** Removed although they were fresh, because the file was full. */
  readonly evicted: number;
  readonly vacuumedPages: number;
  readonly walBytes: number;
  readonly usedBytes: number;
  readonly tookMs: number;
}

export interface PurgeResult {
  readonly entries: number;
  readonly bytes: number;
}

/** What both workers are told at their start. */
export interface WorkerSettings {
  readonly role: "writer" | "reader";
  readonly path: string;
  readonly bytesMax: number;
  readonly diskFreeBytesMin: number;
}

export interface PutRow {
  readonly key: Uint8Array;
  readonly bytes: Uint8Array;
  readonly note: EntryNote;
}

/** A job of the writer that is answered by its number. */
export type Job =
  | { readonly kind: "sweep"; readonly nowMs: number }
  | { readonly kind: "purge"; readonly filter: EntryFilter; readonly dryRun: boolean }
  | { readonly kind: "backup"; readonly path: string }
  | { readonly kind: "list"; readonly filter: EntryFilter; readonly after: string; readonly limit: number }
  | { readonly kind: "census" }
  | { readonly kind: "verify"; readonly secret: Uint8Array; readonly dryRun: boolean }
  | { readonly kind: "inspect"; readonly path: string }
  | {
      readonly kind: "import";
      readonly path: string;
      /** The secret the copy was made with. */
      readonly from: Uint8Array;
      readonly secret: Uint8Array;
      readonly epoch: number;
      readonly nowMs: number;
    };

/** What each kind of job is answered with. */
export interface JobResults {
  readonly sweep: SweepResult;
  readonly purge: PurgeResult;
  readonly backup: BackupResult;
  readonly list: EntryRow[];
  readonly census: CensusRow[];
  readonly verify: VerifyResult;
  readonly inspect: { readonly entries: number };
  readonly import: ImportResult;
}

/** How far a job is. */
export interface JobProgress {
  /** Entries, or pages of the file. */
  readonly done: number;
  readonly total: number;
}

export interface BackupResult {
  readonly bytes: number;
  readonly tookMs: number;
}

/** Entries of one model in one scope. */
export interface CensusRow {
  readonly model: string;
  readonly scope: string;
  readonly entries: number;
}

export interface VerifyResult {
  /** That were looked at. */
  readonly entries: number;
  /** By what is wrong with them; removed unless it was a dry run. */
  readonly damaged: Readonly<Partial<Record<EntryFault, number>>>;
  readonly tookMs: number;
}

export interface ImportResult {
  readonly entries: number;
  /** Damaged, or sealed by an unknown secret. */
  readonly refused: number;
  readonly expired: number;
  /** False when the file was full before all of it was there. */
  readonly isWhole: boolean;
  readonly tookMs: number;
}

export type ToWorker =
  | { readonly type: "get"; readonly ids: number[]; readonly keys: Uint8Array[]; readonly nowMs: number }
  | {
      readonly type: "write";
      readonly puts: PutRow[];
      readonly removes: Uint8Array[];
      readonly touches: Uint8Array[];
      readonly nowMs: number;
    }
  | { readonly type: "job"; readonly id: number; readonly job: Job }
  /** Finish, close the file, and end. A thread is never ended from outside: that could end the process with it. */
  | { readonly type: "end" };

export type FromWorker =
  | { readonly type: "ready"; readonly entries: number; readonly usedBytes: number }
  | {
      readonly type: "got";
      readonly ids: number[];
      readonly found: (Uint8Array | undefined)[];
      /** Keys whose last hit is so old that it is to be noted. */
      readonly touches: Uint8Array[];
    }
  | { readonly type: "wrote"; readonly operations: number; readonly bytes: number; readonly state: FileState }
  | { readonly type: "progress"; readonly id: number; readonly progress: JobProgress }
  | { readonly type: "done"; readonly id: number; readonly result: unknown }
  | { readonly type: "failed"; readonly id: number; readonly error: string }
  /** The file is not what it should be; the worker does no more. */
  | { readonly type: "corrupt"; readonly error: string };

export interface FileState {
  readonly entries: number;
  readonly usedBytes: number;
  /** Why nothing was written, if so. */
  readonly full: string | undefined;
}
