import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CareError } from "./error.ts";
import { parseSecret, type CacheSecret, secretText } from "../secret.ts";

/** A copy that is kept. */
export interface Backup {
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
}

/** The copies of the cache in the data directory, each with the secret it was made with beside it. */
export interface Backups {
  /** Where they lie; an absolute path. */
  readonly dir: string;
  readonly list: () => Backup[];
  /** The path for a new copy. Throws CareError for a name that cannot be, or is taken. */
  readonly pathForNew: (name: string) => string;
  /** The path of a copy that there is. Throws CareError. */
  readonly pathOf: (name: string) => string;
  readonly keepSecret: (file: string, secret: CacheSecret) => void;
  /** When there is no copy after all. */
  readonly forgetSecret: (file: string) => void;
  /** The secret a copy was made with; undefined when it is not known. */
  readonly secretOf: (file: string) => Uint8Array | undefined;
}

const pattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const besides = /\.(?:secret|part|new)$/;

export function createBackups(dataDir: string): Backups {
  const dir = path.resolve(dataDir, "backups");
  const statOf = (name: string) => statSync(path.join(dir, name), { throwIfNoEntry: false });
  const check = (name: string): void => {
    if (!pattern.test(name) || besides.test(name))
      throw new CareError(
        "invalid",
        "name: expected up to 100 letters, digits, dots, dashes and underscores, and no ending .secret, .part or .new",
      );
  };
  return {
    dir,
    list() {
      return namesIn(dir)
        .filter((name) => pattern.test(name) && !besides.test(name))
        .flatMap((name) => {
          const stat = statOf(name);
          return stat?.isFile() === true ? [{ name, bytes: stat.size, createdMs: stat.mtimeMs }] : [];
        })
        .toSorted((one, other) => other.createdMs - one.createdMs);
    },
    pathForNew(name) {
      check(name);
      if (statOf(name) !== undefined)
        throw new CareError("invalid", `name: there is a copy of the name ${name} already`);
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      return path.join(dir, name);
    },
    pathOf(name) {
      check(name);
      if (statOf(name)?.isFile() === true) return path.join(dir, name);
      throw new CareError("invalid", `name: there is no copy of the name ${name}`);
    },
    keepSecret: (file, secret) => writeFileSync(`${file}.secret`, secretText(secret), { mode: 0o600 }),
    forgetSecret: (file) => rmSync(`${file}.secret`, { force: true }),
    secretOf(file) {
      const hasSecret = statSync(`${file}.secret`, { throwIfNoEntry: false }) !== undefined;
      return hasSecret ? parseSecret(readFileSync(`${file}.secret`, "utf8"))?.secret : undefined;
    },
  };
}

const namesIn = (dir: string): string[] =>
  statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(dir) : [];
