import type { Loaded } from "../config/load.ts";
import { valueAt } from "../config/tree.ts";

/** Keys and sections that are read at the start only; `config.yaml` marks them with (restart). */
const startOnly: readonly string[] = [
  "server.listen",
  "server.header_limit",
  "server.header_timeout",
  "server.keep_alive_timeout",
  "server.connections_max",
  "money.enabled",
  "money.path",
  "cache.memory",
  "cache.redis",
  "cache.sqlite",
  "cache.cleanup",
  "cache.semantic",
  "routing.decisions",
  "search",
  "data_dir",
];

/** Those of them that are other ones now than at the start; undefined when there are none. */
export function needRestart(atStart: Loaded, next: Loaded): string[] | undefined {
  const changed = startOnly.filter((key) => written(atStart, key) !== written(next, key));
  return changed.length === 0 ? undefined : changed;
}

/** Where the files are kept is known even when nobody said it. */
const written = ({ config, dataDir }: Loaded, key: string): string | undefined =>
  key === "data_dir" ? dataDir : JSON.stringify(valueAt(config, key.split(".")));
