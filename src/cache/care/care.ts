import type { CensusRow, EntryFilter, EntryRow, VerifyResult } from "../sqlite/messages.ts";
import type { SqliteTier } from "../sqlite/tier.ts";
import { TierError } from "../tier.ts";
import type { Backup } from "./backups.ts";
import { CareError } from "./error.ts";
import type { BackupReport, CareParts, OnStep } from "./parts.ts";
import { createPurge, type PurgeReport } from "./purge.ts";
import { createRestore, type RestoreReport } from "./restore.ts";

/** What is shown of the file. */
export interface CareState {
  /** Undefined while the disk does not answer. */
  readonly census: CensusRow[] | undefined;
  readonly backups: { readonly dir: string; readonly copies: Backup[] };
  /** The job that is under way. */
  readonly busy: string | undefined;
}

/**
 * What administrators do with the cache. Everything rejects with TierError when a tier does not answer, and with CareError
 * for a name that cannot be and while another job is under way; a job goes on when nobody listens any more.
 */
export interface Care {
  /** Entries on disk in the order of their keys, from the one after `after`; none without a disk. */
  readonly list: (filter: EntryFilter, after: string, limit: number) => Promise<EntryRow[]>;
  readonly state: () => Promise<CareState>;
  /**
   * Removes what the filter means, from every tier; with `dryRun` nothing goes. Without any filter a new epoch begins as
   * well, so that nothing is found again wherever it still lies.
   */
  readonly purge: (filter: EntryFilter, dryRun: boolean, onStep: OnStep) => Promise<PurgeReport>;
  /** Looks at every entry on disk; what is damaged goes, unless it is a dry run. */
  readonly verify: (dryRun: boolean, onStep: OnStep) => Promise<VerifyResult>;
  /** Makes a copy of what is on disk while the daemon goes on. */
  readonly backup: (name: string, onStep: OnStep) => Promise<BackupReport>;
  /** Puts a copy in the place of all that is stored. */
  readonly restore: (name: string, safetyName: string, onStep: OnStep) => Promise<RestoreReport>;
}

export function createCare(parts: CareParts): Care {
  const { sqlite, secret, backups } = parts;
  const alone = createAlone(parts);
  const disk = (): SqliteTier => {
    if (sqlite !== undefined) return sqlite;
    throw new CareError("invalid", "nothing is kept on disk: cache.sqlite.enabled is false");
  };
  const copyTo = async (name: string, onStep: OnStep): Promise<BackupReport> => {
    const file = backups.pathForNew(name);
    backups.keepSecret(file, secret);
    try {
      const made = await disk().job({ kind: "backup", path: file }, (progress) =>
        onStep("copying", progress),
      );
      return { name, file, ...made };
    } catch (thrown) {
      backups.forgetSecret(file);
      throw thrown;
    }
  };
  const restore = createRestore({ ...parts, disk, copyTo });
  const purge = createPurge(parts);
  return {
    list: async (filter, after, limit) =>
      sqlite === undefined ? [] : sqlite.job({ kind: "list", filter, after, limit }),
    state: async () => ({
      census: await censusOf(sqlite),
      backups: { dir: backups.dir, copies: backups.list() },
      busy: alone.what,
    }),
    purge: (filter, dryRun, onStep) =>
      dryRun ? purge(filter, dryRun, onStep) : alone.run("a purge", () => purge(filter, dryRun, onStep)),
    verify: (dryRun, onStep) =>
      alone.run("a verification", () => {
        const file = disk();
        onStep("checking the file");
        return file.job({ kind: "verify", secret: new Uint8Array(secret.secret), dryRun }, (progress) =>
          onStep("verifying", progress),
        );
      }),
    backup: (name, onStep) => alone.run("a backup", () => copyTo(name, onStep)),
    restore: (name, safetyName, onStep) => alone.run("a restore", () => restore(name, safetyName, onStep)),
  };
}

async function censusOf(sqlite: SqliteTier | undefined): Promise<CensusRow[] | undefined> {
  if (sqlite === undefined) return [];
  try {
    return await sqlite.job({ kind: "census" });
  } catch (thrown) {
    if (thrown instanceof TierError) return undefined;
    throw thrown;
  }
}

/** One job after another: two would undo each other. */
function createAlone({ log }: CareParts) {
  let what: string | undefined;
  return {
    get what() {
      return what;
    },
    async run<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
      if (what !== undefined) throw new CareError("busy", `${what} is under way: try again when it is done`);
      what = name;
      try {
        const result = await work();
        log().info(`${name} of the cache is done`, { result });
        return result;
      } catch (thrown) {
        const error = fromDisk(thrown);
        log().warn(`${name} of the cache failed`, { error: error instanceof Error ? error.message : error });
        throw error;
      } finally {
        what = undefined;
      }
    },
  };
}

/** What the file system refuses is told as it says it: no room, no right. */
function fromDisk(thrown: unknown): unknown {
  const isRefused = thrown instanceof Error && "syscall" in thrown;
  return isRefused ? new TierError(thrown.message, { cause: thrown }) : thrown;
}
