import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

/** What keys are made with, and since when entries count. */
export interface CacheSecret {
  /** 32 bytes. */
  readonly secret: Uint8Array;
  readonly epoch: () => number;
  /** Begins a new epoch: no entry from before is found again. */
  readonly nextEpoch: () => void;
  /** Why nothing could be kept, if so: a new secret is made at each start then, and old entries are not found. */
  readonly problem: string | undefined;
}

const secretBytes = 32;
const pattern = /^([0-9a-f]{64}) (\d{1,9})$/;

/** Reads or makes the secret in the data directory, readable by its owner alone. */
export function openCacheSecret(dataDir: string): CacheSecret {
  const file = path.join(dataDir, "cache.secret");
  let problem: string | undefined;
  let secret: Buffer = randomBytes(secretBytes);
  let epoch = 1;

  const keep = (): void => {
    try {
      mkdirSync(dataDir, { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.new`, secretText({ secret, epoch: () => epoch }), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    } catch (thrown) {
      problem = thrown instanceof Error ? thrown.message : String(thrown);
    }
  };

  const known = readKnown(file);
  if (known === undefined) keep();
  else ({ secret, epoch } = known);
  return {
    secret,
    epoch: () => epoch,
    nextEpoch() {
      epoch += 1;
      keep();
    },
    get problem() {
      return problem;
    },
  };
}

/** As it is kept in a file. */
export const secretText = ({ secret, epoch }: Pick<CacheSecret, "secret" | "epoch">): string =>
  `${Buffer.from(secret).toString("hex")} ${epoch()}\n`;

/** Undefined when the text is none that {@link secretText} writes. */
export function parseSecret(text: string): { secret: Buffer; epoch: number } | undefined {
  const [, hex, epoch] = pattern.exec(text.trim()) ?? [];
  return hex === undefined ? undefined : { secret: Buffer.from(hex, "hex"), epoch: Number(epoch) };
}

/** Undefined when there is none yet, or nothing that could be one: then a new one takes its place. */
function readKnown(file: string): { secret: Buffer; epoch: number } | undefined {
  try {
    return parseSecret(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
