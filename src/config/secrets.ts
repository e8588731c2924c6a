import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Problem, WhereSaid } from "./problem.ts";
import type { Config } from "./schema.ts";

/** Secrets, read from where the configuration says they are. */
export interface Secrets {
  readonly upstreamKeys: readonly (string | undefined)[];
  readonly redisPassword: string | undefined;
  /** Of the providers in `search`, in their order. */
  readonly searchKeys: readonly (string | undefined)[];
  readonly apiKeys: readonly {
    readonly name: string;
    readonly sha256: Uint8Array;
    readonly admin: boolean;
    readonly isLocalOnly: boolean;
  }[];
}

/** Reads the secrets; of Chasqui's own keys only the hashes are kept. */
export function readSecrets(
  config: Config,
  environment: NodeJS.ProcessEnv,
  where: WhereSaid,
): { secrets: Secrets; problems: Problem[] } {
  const problems: Problem[] = [];
  const fileText = (at: readonly PropertyKey[], name: string | undefined): string | undefined => {
    if (name === undefined) return undefined;
    try {
      const content = readFileSync(name, "utf8").trim();
      if (content !== "") return content;
      problems.push({ where: where(at), key: at.join("."), text: "the file is empty" });
    } catch {
      problems.push({ where: where(at), key: at.join("."), text: "the file cannot be read" });
    }
    return undefined;
  };
  const upstreamKeys = config.upstreams.map((one, index) => {
    const said = one.api_key ?? fileText(["upstreams", index, "api_key_file"], one.api_key_file);
    return said ?? (one.type === "openrouter" ? environment["OPENROUTER_API_KEY"] || undefined : undefined);
  });
  const apiKeys = config.api_keys.flatMap((one, index) => {
    if ([one.sha256, one.key, one.key_file].filter((way) => way !== undefined).length > 1) {
      const key = `api_keys.${index}`;
      problems.push({
        where: where(["api_keys", index]),
        key,
        text: "takes one of sha256, key and key_file",
      });
    }
    const key = one.key ?? fileText(["api_keys", index, "key_file"], one.key_file);
    const digest = key === undefined ? one.sha256 : createHash("sha256").update(key).digest("hex");
    if (digest !== undefined)
      return [
        {
          name: one.name,
          sha256: Buffer.from(digest, "hex"),
          admin: one.admin,
          isLocalOnly: one.local_only,
        },
      ];
    if (one.key_file === undefined) {
      problems.push({
        where: where(["api_keys", index]),
        key: `api_keys.${index}`,
        text: "needs sha256, key or key_file",
      });
    }
    return [];
  });
  const { password, password_file: passwordFile } = config.cache.redis;
  const redisPassword = password ?? fileText(["cache", "redis", "password_file"], passwordFile);
  const searchKeys = config.search.providers.map(
    (one, index) => one.api_key ?? fileText(["search", "providers", index, "api_key_file"], one.api_key_file),
  );
  return { secrets: { upstreamKeys, redisPassword, searchKeys, apiKeys }, problems };
}
