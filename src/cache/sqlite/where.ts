import { globPattern } from "../../lib/glob.ts";
import { namesOf } from "../names.ts";
import type { Handle } from "./database.ts";
import type { EntryFilter } from "./messages.ts";

interface Where {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The filter as SQL, for the table `entry`. */
export function whereOf(database: Handle, { model, scope, keyPrefix, beforeMs }: EntryFilter): Where {
  const parts: string[] = ["1"];
  const values: unknown[] = [];
  if (model !== undefined) parts.push(`model IN (${modelIds(database, model).join(",")})`);
  if (scope !== undefined) {
    parts.push("scope = (SELECT id FROM scope WHERE name = ?)");
    values.push(scope);
  }
  if (keyPrefix !== undefined) {
    parts.push("substr(hex(key), 1, ?) = ?");
    values.push(keyPrefix.length, keyPrefix.toUpperCase());
  }
  if (beforeMs !== undefined) {
    parts.push("created < ?");
    values.push(beforeMs);
  }
  return { text: parts.join(" AND "), values };
}

function modelIds(database: Handle, glob: string): number[] {
  const pattern = globPattern(glob);
  const models = database.prepare<[], { id: number; name: string }>("SELECT id, name FROM model").all();
  return models.filter(({ name }) => namesOf(name).some((one) => pattern.test(one))).map(({ id }) => id);
}
