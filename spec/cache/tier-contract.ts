import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { type EntryNote, type Tier, TierError } from "../../src/cache/tier.ts";

/** A tier under test. */
export interface TierStage {
  readonly tier: Tier;
  /** Resolves when what was put can be got. */
  readonly settle: () => Promise<void>;
  readonly end: () => Promise<void>;
}

export const aKey = (): Buffer => randomBytes(16);

export const aNote = (more: Partial<EntryNote> = {}): EntryNote => ({
  scope: "local",
  model: "registry.ollama.ai/library/tiny:latest",
  createdMs: Date.now(),
  keepUntilMs: Date.now() + 3_600_000,
  savedMs: 1_500,
  ...more,
});

/** What every tier outside this thread does. */
export function describeTier(name: string, open: () => Promise<TierStage>): void {
  describe(`as a tier, ${name}`, () => {
    const open1: TierStage[] = [];
    const staged = async (): Promise<TierStage> => {
      const stage = await open();
      open1.push(stage);
      return stage;
    };
    afterEach(async () => {
      await Promise.all(open1.splice(0).map((stage) => stage.end()));
    });

    it("gives back what was put, byte for byte", async () => {
      const { tier, settle } = await staged();
      const entries = [0, 1, 256, 3_000, 1_048_576].map((size) => ({
        key: aKey(),
        bytes: randomBytes(size),
      }));
      const all = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
      entries.push({ key: Buffer.alloc(16, 0), bytes: all }, { key: Buffer.alloc(16, 255), bytes: all });
      for (const { key, bytes } of entries) tier.put(key, bytes, aNote());
      await settle();

      for (const { key, bytes } of entries) {
        expect(Buffer.compare(Buffer.from((await tier.get(key)) ?? "none"), bytes)).toBe(0);
      }
    });

    it("has nothing under other keys, nor under removed ones", async () => {
      const { tier, settle } = await staged();
      const key = aKey();
      tier.put(key, Buffer.from("x"), aNote());
      await settle();
      tier.remove(key);
      await settle();

      expect(await tier.get(aKey())).toBeUndefined();
      expect(await tier.get(key)).toBeUndefined();
    });

    it("keeps the last of what was put under one key", async () => {
      const { tier, settle } = await staged();
      const key = aKey();
      for (const text of ["first", "second"]) tier.put(key, Buffer.from(text), aNote());
      await settle();

      expect(Buffer.from((await tier.get(key)) ?? "").toString()).toBe("second");
    });

    it("answers many lookups at once, each with its own entry", async () => {
      const { tier, settle } = await staged();
      const keys = Array.from({ length: 200 }, aKey);
      for (const key of keys) tier.put(key, key, aNote());
      await settle();

      const got = await Promise.all(keys.map((key) => tier.get(key)));

      expect(got.map((bytes) => Buffer.from(bytes ?? "").toString("hex"))).toEqual(
        keys.map((key) => key.toString("hex")),
      );
    });

    it("fails once it is closed, and takes nothing any more without a word", async () => {
      const { tier } = await staged();
      await tier.close();

      tier.put(aKey(), Buffer.from("x"), aNote());
      tier.remove(aKey());

      await expect(tier.get(aKey())).rejects.toBeInstanceOf(TierError);
      expect(tier.usable()).toBe(false);
      await tier.close();
    });
  });
}
