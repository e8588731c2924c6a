import type { ImportResult } from "../sqlite/messages.ts";
import type { SqliteTier } from "../sqlite/tier.ts";
import { TierError } from "../tier.ts";
import { CareError } from "./error.ts";
import type { BackupReport, CareParts, OnStep } from "./parts.ts";

export interface RestoreReport extends ImportResult {
  /** The copy of what was there before. */
  readonly before: string;
}

export interface RestoreParts extends CareParts {
  readonly disk: () => SqliteTier;
  readonly copyTo: (name: string, onStep: OnStep) => Promise<BackupReport>;
}

type Restore = (name: string, safetyName: string, onStep: OnStep) => Promise<RestoreReport>;

/**
 * Takes a copy over entry by entry, each under the secret and a new epoch of this daemon. Nothing is touched before the
 * copy was found whole and what is there was copied itself.
 */
export function createRestore(parts: RestoreParts): Restore {
  const { disk, copyTo, backups, memory, secret } = parts;
  return async (name, safetyName, onStep) => {
    const file = backups.pathOf(name);
    const from = backups.secretOf(file) ?? secret.secret;
    onStep("checking the copy");
    await disk().job({ kind: "inspect", path: file }).catch(refuse);
    onStep("copying what is there");
    const { name: before } = await copyTo(safetyName, (_, progress) =>
      onStep("copying what is there", progress),
    );
    secret.nextEpoch();
    memory.purge(() => true, false);
    await disk().job({ kind: "purge", filter: {}, dryRun: false }, (progress) =>
      onStep("removing what is there", progress),
    );
    const result = await disk().job(
      {
        kind: "import",
        path: file,
        from: new Uint8Array(from),
        secret: new Uint8Array(secret.secret),
        epoch: secret.epoch(),
        nowMs: parts.nowMs(),
      },
      (progress) => onStep("restoring", progress),
    );
    return { ...result, before };
  };
}

/** A copy that is not what it should be is for the one who named it to mend. */
function refuse(thrown: unknown): never {
  if (!(thrown instanceof TierError)) throw thrown;
  throw new CareError("invalid", `name: it cannot be restored: ${thrown.message}`, { cause: thrown });
}
