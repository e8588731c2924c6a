import type { Clock } from "../lib/time.ts";
import type { CacheCounts } from "./counts.ts";
import { isSameFingerprint } from "./key.ts";
import type { MemoryTier } from "./memory.ts";
import type { Place } from "./policy.ts";
import { type Stored, unpackStored } from "./stored.ts";
import { type Tier, TierError } from "./tier.ts";
import type { Looked } from "./walk.ts";

export interface LooksParts {
  readonly secret: Uint8Array;
  readonly memory: MemoryTier;
  readonly counts: CacheCounts;
  readonly clock: Clock;
}

/** One look into one tier. What is found is what was asked for, checked byte by byte. */
export interface Looks {
  readonly lookInMemory: (place: Place) => Stored | undefined;
  /** What fails the check is removed there. Never rejects. */
  readonly lookIn: (tier: Tier, place: Place) => Promise<Looked | undefined>;
}

export function createLooks({ secret, memory, counts, clock }: LooksParts): Looks {
  return {
    lookInMemory({ key, fingerprint }) {
      const beganMs = clock.monotonicMs();
      const stored = memory.get(key);
      const isRight = stored !== undefined && isSameFingerprint(stored.fingerprint, fingerprint);
      if (stored !== undefined && !isRight) counts.rejected("memory", "fingerprint");
      counts.looked("memory", isRight, clock.monotonicMs() - beganMs);
      return isRight ? stored : undefined;
    },
    async lookIn(tier, { key, fingerprint }) {
      const beganMs = clock.monotonicMs();
      const bytes = await tier.get(key).catch((thrown: unknown) => {
        counts.rejected(tier.name, thrown instanceof TierError ? "unanswered" : "failed");
        return undefined;
      });
      counts.looked(tier.name, bytes !== undefined, clock.monotonicMs() - beganMs);
      if (bytes === undefined) return undefined;
      const stored = unpackStored(bytes, { secret, key });
      const fault = typeof stored === "string" ? stored : undefined;
      if (typeof stored !== "string" && isSameFingerprint(stored.fingerprint, fingerprint))
        return { tier, stored, bytes };
      counts.rejected(tier.name, fault ?? "fingerprint");
      tier.remove(key);
      return undefined;
    },
  };
}
