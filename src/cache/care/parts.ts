import type { Logger } from "../../lib/log.ts";
import type { MemoryTier } from "../memory.ts";
import type { RedisTier } from "../redis/tier.ts";
import type { CacheSecret } from "../secret.ts";
import type { BackupResult, JobProgress } from "../sqlite/messages.ts";
import type { SqliteTier } from "../sqlite/tier.ts";
import type { Backups } from "./backups.ts";

export interface CareParts {
  readonly memory: MemoryTier;
  readonly redis: RedisTier | undefined;
  readonly sqlite: SqliteTier | undefined;
  readonly secret: CacheSecret;
  readonly backups: Backups;
  readonly nowMs: () => number;
  readonly log: () => Logger;
}

/** Hears what is being done, and how far it is where that can be told. */
export type OnStep = (status: string, progress?: JobProgress) => void;

/** A copy that was made. */
export interface BackupReport extends BackupResult {
  readonly name: string;
  /** Absolute. */
  readonly file: string;
}
