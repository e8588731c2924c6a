import { globPattern } from "../../lib/glob.ts";
import { namesOf } from "../names.ts";
import type { EntryFilter, PurgeResult } from "../sqlite/messages.ts";
import { type Stored, unpackStored } from "../stored.ts";
import { TierError, type TierName } from "../tier.ts";
import type { CareParts, OnStep } from "./parts.ts";

/** What went, or would go, from each tier. */
export type PurgeReport = Readonly<Partial<Record<TierName, PurgeResult>>>;

type Purge = (filter: EntryFilter, dryRun: boolean, onStep: OnStep) => Promise<PurgeReport>;

/** Memory is gone through once more at the end, for what was promoted meanwhile. */
export function createPurge({ memory, redis, sqlite, secret }: CareParts): Purge {
  return async (filter, dryRun, onStep) => {
    const inMemory = (): PurgeResult => memory.purge((key, stored) => isMeant(filter, key, stored), dryRun);
    const isForgotten = !dryRun && isEmpty(filter);
    if (isForgotten) secret.nextEpoch();
    const failures = createFailures();
    onStep("purging");
    const first = inMemory();
    const onDisk = await failures.of(
      "sqlite",
      sqlite?.job({ kind: "purge", filter, dryRun }, (progress) => onStep("purging", progress)),
    );
    const isMeantThere = (key: Buffer, bytes: Uint8Array): boolean => {
      const stored = unpackStored(bytes, { secret: secret.secret, key });
      return typeof stored !== "string" && isMeant(filter, key, stored);
    };
    const shared = await failures.of("redis", redis?.purge(isMeantThere, dryRun));
    if (!isForgotten) failures.raise();
    return {
      memory: dryRun ? first : sum(first, inMemory()),
      ...(shared === undefined ? {} : { redis: shared }),
      ...(onDisk === undefined ? {} : { sqlite: onDisk }),
    };
  };
}

/** A tier that cannot be reached does not keep the next one from being purged. */
function createFailures() {
  const failed: string[] = [];
  return {
    async of(tier: TierName, work: Promise<PurgeResult> | undefined): Promise<PurgeResult | undefined> {
      try {
        return await work;
      } catch (thrown) {
        if (!(thrown instanceof TierError)) throw thrown;
        failed.push(`${tier}: ${thrown.message}`);
        return undefined;
      }
    },
    raise(): void {
      if (failed.length > 0) throw new TierError(`not every tier could be reached: ${failed.join("; ")}`);
    },
  };
}

const sum = (one: PurgeResult, other: PurgeResult): PurgeResult => ({
  entries: one.entries + other.entries,
  bytes: one.bytes + other.bytes,
});

const isEmpty = (filter: EntryFilter): boolean => Object.values(filter).every((value) => value === undefined);

function isMeant({ model, scope, keyPrefix, beforeMs }: EntryFilter, key: Buffer, stored: Stored): boolean {
  return (
    (model === undefined || namesOf(stored.model).some((name) => globPattern(model).test(name))) &&
    (scope === undefined || stored.scope === scope) &&
    (keyPrefix === undefined || key.toString("hex").startsWith(keyPrefix.toLowerCase())) &&
    (beforeMs === undefined || stored.createdMs < beforeMs)
  );
}
